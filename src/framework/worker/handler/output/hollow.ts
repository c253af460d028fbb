import { types } from 'node:util';
import { hasRules, typeOf } from '../../../declare/dto/dto-shape.js';

/**
 * Describes an object of which no field is written: JSON would be `{}`, while the data of an instance is private, behind
 * accessors, or in native code. Returns undefined for a plain object, a Map, and an instance of a class with rules, whose
 * fields may all be unset.
 */
export function hollowFault(value: object): string | undefined {
  if (isPlain(value) || types.isMap(value)) return undefined;
  const type = typeOf(value);
  if (hasRules(type)) return undefined;
  const name = typeof type.name === 'string' && type.name !== '' ? type.name : 'a class';
  return `is an instance of ${name} without fields of its own, of which JSON would be {}; ${wayFor(value, name)}`;
}

/** Returns true for an object without a class, of whichever realm: its prototype is null or the root of its realm. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Proposes what to return of a response, a request or a blob, and otherwise what any class can do. */
function wayFor(value: object, name: string): string {
  const reader = ['json', 'text'].find((each) => typeof Reflect.get(value, each) === 'function');
  return reader === undefined
    ? 'return its data in a plain object, or give its class a toJSON'
    : `return its content, as in \`await ${name.charAt(0).toLowerCase()}${name.slice(1)}.${reader}()\``;
}
