import { isObject, setOwn, type Json, type JsonObject } from '../values/json.js';

/**
 * Returns a copy of `target` with `value` at the given path. Objects that are missing on the way are created, but in a
 * list only an existing index can be set. AWS page "Specifying state output using ResultPath".
 * @returns undefined if `target` has another type of value on the path
 */
export function putResult(target: Json, steps: readonly (string | number)[], value: Json): Json | undefined {
  const [step, ...rest] = steps;
  if (step === undefined) return value;
  if (typeof step === 'number') return putAtIndex(target, step, rest, value);
  if (!isObject(target)) return undefined;
  const inner = putResult(Object.hasOwn(target, step) ? (target[step] ?? {}) : {}, rest, value);
  if (inner === undefined) return undefined;
  const copy: JsonObject = { ...target };
  setOwn(copy, step, inner);
  return copy;
}

function putAtIndex(
  target: Json,
  index: number,
  rest: readonly (string | number)[],
  value: Json,
): Json | undefined {
  if (!Array.isArray(target) || index < 0 || index >= target.length) return undefined;
  const inner = putResult(target[index] ?? {}, rest, value);
  return inner === undefined ? undefined : target.with(index, inner);
}
