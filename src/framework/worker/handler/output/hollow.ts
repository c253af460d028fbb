import { types } from 'node:util';
import { hasRules, typeOf } from '../../../declare/dto/dto-shape.js';

/**
 * Describes an instance of which JSON would only be `{}`, because its data is private, behind accessors, or in native
 * code. Called for objects that have no field to write. Returns undefined for a plain object, a Map, and an instance of
 * a class with rules, whose fields may all be unset.
 */
export function hollowFault(value: object): string | undefined {
  if (isPlain(value) || types.isMap(value)) return undefined;
  const type = typeOf(value);
  if (hasRules(type)) return undefined;
  const name = typeof type.name === 'string' && type.name !== '' ? type.name : 'a class';
  return `is an instance of ${name} without fields of its own, of which JSON would be {}; ${wayFor(value, name)}`;
}

/**
 * Returns true for an object that has no class. Its prototype is null, or the Object.prototype of any realm (`vm`
 * context).
 */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/**
 * Returns the advice what to return instead: the content of a response, a request or a blob; for any other class, its
 * data.
 */
function wayFor(value: object, name: string): string {
  const reader = ['json', 'text'].find((each) => typeof Reflect.get(value, each) === 'function');
  return reader === undefined
    ? 'return its data in a plain object, or give its class a toJSON'
    : `return its content, as in \`await ${name.charAt(0).toLowerCase()}${name.slice(1)}.${reader}()\``;
}
