import { instanceToPlain, TransformationType } from 'class-transformer';
import type { DtoProperty, Written } from '../../declare/dto-property.js';
import { shapeOf, typeOf, type Groups } from '../../declare/dto-shape.js';

/**
 * What goes out of an instance: what its class has a rule for or exposes, under the names of `@Expose`, through the
 * `@Transform`s on the way out.
 */
export function plainOf(instance: object, groups: Groups): object {
  const { properties, byName, exposed } = shapeOf(typeOf(instance), groups);
  if (properties.length === 0) return toPlain(instance, groups) as object;
  const own = Object.keys(instance).flatMap((name) => byName.get(name) ?? []);
  const ruled = [...own, ...properties.filter((each) => each.exposed && !own.includes(each))];
  return Object.fromEntries([
    ...ruled.flatMap((each) => (each.written ? [entryOf(instance, each.written, groups, each)] : [])),
    ...exposed.map((each) => entryOf(instance, each, groups)),
  ]);
}

function entryOf(
  instance: object,
  { name, key, transforms }: Written,
  groups: Groups,
  property?: DtoProperty,
): [string, unknown] {
  const raw: unknown = Reflect.get(instance, name);
  const about = {
    key: name,
    obj: instance,
    type: TransformationType.CLASS_TO_PLAIN,
    options: optionsOf(groups),
  };
  const value = transforms.reduce(
    (before, transform) => transform({ ...about, value: before }),
    typeof raw === 'function' ? (raw.call(instance) as unknown) : raw,
  );
  return [key, property?.nested ? partsOf(value, property, groups) : toPlain(value, groups)];
}

function partsOf(value: unknown, property: DtoProperty, groups: Groups): unknown {
  if (Array.isArray(value)) return value.map((each) => partsOf(each, property, groups));
  if (value instanceof Set) return [...value].map((each) => partsOf(each, property, groups));
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([key, each]) => [key, partsOf(each, property, groups)]));
  if (typeof value !== 'object' || value === null) return value;
  const kind = property.discriminator;
  const named = kind?.subTypes.find((each) => each.value === typeOf(value));
  return { ...plainOf(value, groups), ...(kind && named && { [kind.property]: named.name }) };
}

const optionsOf = (groups: Groups): { groups?: string[] } =>
  groups.length > 0 ? { groups: [...groups] } : {};

/** Of what no rule describes, as class-transformer has it. */
const toPlain = (value: unknown, groups: Groups): unknown =>
  typeof value === 'object' && value !== null ? instanceToPlain(value, optionsOf(groups)) : value;
