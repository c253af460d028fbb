import { TransformationType } from 'class-transformer/cjs/enums/index.js';
import { classTransformer } from '../../../declare/dto/class-transformer.js';
import type { DtoProperty, Written } from '../../../declare/dto/dto-property.js';
import { shapeOf, typeOf, type Groups } from '../../../declare/dto/dto-shape.js';

/**
 * Makes the plain object that an output shows of an instance: the properties that its class has a rule for or exposes,
 * under the names of `@Expose`, changed by the `@Transform`s for outputs.
 */
export function plainOf(instance: object, groups: Groups): object {
  const { properties, byName, exposed } = shapeOf(typeOf(instance), groups);
  if (properties.length === 0) return toPlain(instance, groups) as object;
  const plain: Record<string, unknown> = {};
  const write = (written: Written | undefined, nested?: DtoProperty): void => {
    if (written) plain[written.key] = valueOf(instance, written, groups, nested);
  };
  for (const name of Object.keys(instance)) {
    const property = byName.get(name);
    if (property) write(property.written, property);
  }
  for (const each of properties)
    if (each.exposed && !Object.hasOwn(instance, each.name)) write(each.written, each);
  for (const each of exposed) write(each);
  return plain;
}

function valueOf(
  instance: object,
  { name, transforms }: Written,
  groups: Groups,
  property?: DtoProperty,
): unknown {
  const raw: unknown = Reflect.get(instance, name);
  let value: unknown = typeof raw === 'function' ? (raw.call(instance) as unknown) : raw;
  for (const transform of transforms) {
    const options = optionsOf(groups);
    value = transform({ value, key: name, obj: instance, type: TransformationType.CLASS_TO_PLAIN, options });
  }
  return property?.nested ? partsOf(value, property, groups) : toPlain(value, groups);
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

/** Leaves a value that no rule describes to class-transformer. */
const toPlain = (value: unknown, groups: Groups): unknown =>
  typeof value === 'object' && value !== null
    ? classTransformer().instanceToPlain(value, optionsOf(groups))
    : value;
