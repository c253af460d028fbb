import { types } from 'node:util';
import { hasRules, typeOf } from '../../../declare/dto/dto-shape.js';

/**
 * Describes what is wrong with an instance that JSON would write as `{}` because its data is private, behind getters,
 * or in native code. Called for objects without fields to write. Returns undefined if nothing is wrong: for a plain
 * object, a Map, and an instance of a class with rules, whose fields may all be unset.
 */
export function emptyInstanceFault(value: object): string | undefined {
  if (isPlain(value) || types.isMap(value)) return undefined;
  const type = typeOf(value);
  if (hasRules(type)) return undefined;
  const name = typeof type.name === 'string' && type.name !== '' ? type.name : 'a class';
  return `is an instance of ${name} without fields of its own, of which JSON would be {}; ${wayFor(value, name)}`;
}

/**
 * Returns true for an object without a class: its prototype is null or `Object.prototype`, even that of another `vm`
 * context.
 */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/**
 * Returns advice for the error message, about what to return instead of the object: for a response, a request or a
 * blob, its content; for any other class, its data.
 */
function wayFor(value: object, name: string): string {
  const reader = ['json', 'text'].find((each) => typeof Reflect.get(value, each) === 'function');
  return reader === undefined
    ? 'return its data in a plain object, or give its class a toJSON'
    : `return its content, as in \`await ${name.charAt(0).toLowerCase()}${name.slice(1)}.${reader}()\``;
}
