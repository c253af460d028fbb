import { shapeOf, type DtoProperty } from '../../declare/dto-shape.js';
import type { Constructor } from '../../declare/definition.js';

/**
 * Puts the parts that no class describes onto the instances, as they came: class-transformer, left to copy them,
 * loses keys such as `toString` and fails on `constructor`.
 */
export function restoreRaw(instance: unknown, selected: unknown, groups: readonly string[]): void {
  if (typeof instance !== 'object' || instance === null || typeof selected !== 'object' || selected === null)
    return;
  const shape = shapeOf(instance.constructor as Constructor<object>, groups);
  for (const property of shape.properties) restoreProperty(instance, selected, property, groups);
}

function restoreProperty(
  instance: object,
  selected: object,
  property: DtoProperty,
  groups: readonly string[],
): void {
  const value: unknown = Reflect.get(selected, property.key);
  if (typeof value !== 'object' || value === null) return;
  if (!property.nested) {
    if (!property.typed && !property.transformed) Reflect.set(instance, property.name, value);
    return;
  }
  const made: unknown = Reflect.get(instance, property.name);
  if (property.container === 'map') {
    if (made instanceof Map)
      for (const [key, each] of Object.entries(value)) restoreRaw(made.get(key), each, groups);
  } else if (Array.isArray(value)) {
    const items = made instanceof Set || Array.isArray(made) ? [...made] : [];
    for (const [index, each] of value.entries()) restoreRaw(items[index], each, groups);
  } else restoreRaw(made, value, groups);
}
