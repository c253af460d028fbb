import { isObject, setOwn, type Json, type JsonObject } from '../values/json.js';

/**
 * Returns `target` with `value` put at a path, and all else unchanged. Objects that are missing on the way are made; a
 * list takes a value only at an index that it has. AWS page "Specifying state output using ResultPath".
 * @returns undefined where the path cannot be in `target`
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
