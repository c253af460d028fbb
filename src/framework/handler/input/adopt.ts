import type { Constructor } from '../../declare/definition.js';
import { shapeOf, type DtoProperty } from '../../declare/dto-shape.js';

type Groups = readonly string[];

/**
 * Makes a plain object into an instance of a class, and the plain objects in it into instances of what the class
 * nests, so that rules and `@Expose` see them. No constructor and no `@Transform` runs. Instances stay as they are.
 */
export function adopt(value: unknown, type: Constructor<object>, groups: Groups): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const owner = value instanceof type ? (value.constructor as Constructor<object>) : type;
  const nested = shapeOf(owner, groups).properties.filter((each) => each.nested);
  const changes = nested
    .map((property) => [property.name, adoptNested(value, property, groups)] as const)
    .filter(([name, made]) => made !== Reflect.get(value, name));
  if (value instanceof type && changes.length === 0) return value;
  const prototype: object = value instanceof type ? Object.getPrototypeOf(value) : (type.prototype as object);
  const fields = Object.entries(value).filter(([key]) => key !== '__proto__');
  return Object.assign(
    Object.create(prototype) as object,
    Object.fromEntries(fields),
    Object.fromEntries(changes),
  );
}

function adoptNested(holder: object, property: DtoProperty, groups: Groups): unknown {
  const value: unknown = Reflect.get(holder, property.name);
  const one = (each: unknown): unknown => {
    const type = classFor(each, holder, property);
    return type ? adopt(each, type, groups) : each;
  };
  if (Array.isArray(value)) return sameOr(value, value.map(one));
  if (value instanceof Set) return new Set([...value].map(one));
  if (value instanceof Map) return new Map([...value].map(([key, each]) => [key, one(each)]));
  return one(value);
}

const sameOr = (before: readonly unknown[], after: unknown[]): readonly unknown[] =>
  after.every((each, index) => each === before[index]) ? before : after;

function classFor(value: unknown, holder: object, { discriminator, typeIn }: DtoProperty) {
  if (!discriminator || typeof value !== 'object' || value === null) return typeIn(holder);
  const { property, subTypes } = discriminator;
  const byInstance = subTypes.find((each) => value.constructor === each.value);
  return (byInstance ?? subTypes.find(({ name }) => name === Reflect.get(value, property)))?.value;
}
