import { isObject, type Json, type JsonObject } from '../values/json.js';
import { MOCK_SHAPES, type Shape } from './mock-shapes.js';

/**
 * Returns what is wrong with a mocked answer of a service, in the words that were recorded from the live service.
 * Returns undefined if nothing is, or if the answer of this resource isn't known.
 * @param resource the type and the action of a resource, such as `events:putEvents`
 * @param isStrict false if members may be missing
 */
export function faultOfMock(resource: string, result: Json, isStrict: boolean): string | undefined {
  const shape = MOCK_SHAPES.get(resource);
  return shape ? faultOf('', shape, result, isStrict) : undefined;
}

function faultOf(field: string, shape: Shape, value: Json, isStrict: boolean): string | undefined {
  const fault = `Field '${field}'`;
  switch (shape.kind) {
    case 'string':
      if (typeof value !== 'string') return `${fault} must be a string`;
      if (value.length < (shape.min ?? 0)) return `${fault} is smaller than the minimum length`;
      return shape.values && !shape.values.includes(value) ? `${fault} is not an expected value` : undefined;
    case 'number':
      if (typeof value !== 'number') return `${fault} must be a number`;
      if (value < (shape.min ?? -Infinity)) return `${fault} is less than the minimum value`;
      return value > (shape.max ?? Infinity) ? `${fault} exceeds the maximum value` : undefined;
    case 'list':
      if (!Array.isArray(value)) return `${fault} must be an array`;
      return first(value.map((each) => () => faultOf(field, shape.of, each, isStrict)));
    default:
      return isObject(value) ? faultOfMembers(shape, value, isStrict) : `${fault} must be an object`;
  }
}

function faultOfMembers(
  { members, required = [] }: Extract<Shape, { kind: 'object' }>,
  value: JsonObject,
  isStrict: boolean,
): string | undefined {
  const missing = isStrict ? required.find((name) => !Object.hasOwn(value, name)) : undefined;
  if (missing !== undefined) return `Required field '${missing}' is missing`;
  return first(
    Object.entries(members).map(([name, shape]) => () => {
      const member = Object.hasOwn(value, name) ? value[name] : undefined;
      return member === undefined || member === null ? undefined : faultOf(name, shape, member, isStrict);
    }),
  );
}

function first(checks: readonly (() => string | undefined)[]): string | undefined {
  for (const check of checks) {
    const fault = check();
    if (fault !== undefined) return fault;
  }
  return undefined;
}
