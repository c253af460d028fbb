import type { TransformFnParams } from 'class-transformer';
import { TransformationType } from 'class-transformer/cjs/enums/index.js';
import { defaultMetadataStorage } from 'class-transformer/cjs/storage.js';
import type { Constructor } from '../class.js';
import { getMetadataStorage } from 'class-validator';

const { PLAIN_TO_CLASS, CLASS_TO_PLAIN } = TransformationType;

/** A field or accessor that is part of an output: its name, its JSON key, and the functions of its `@Transform`s. */
export interface Written {
  readonly name: string;
  readonly key: string;
  readonly transforms: readonly Transform[];
}

/** The function of a `@Transform`. */
export type Transform = (params: TransformFnParams) => unknown;

/** Returns the fields and accessors that are part of an output because of `@Expose`, although they have no rule. */
export function exposedBeside(
  owner: Constructor<object>,
  ruled: readonly string[],
  groups: readonly string[],
): Written[] {
  return defaultMetadataStorage
    .getExposedProperties(owner, CLASS_TO_PLAIN)
    .filter((name) => !ruled.includes(name))
    .flatMap((name) => writtenOf(owner, name, groups) ?? []);
}

/**
 * Returns the names of the fields that only `@Type`, `@Transform` or `@Expose` declares, or that only a new instance
 * shows: no rule in any group says what they hold, and no `@Exclude` or group leaves them out on purpose.
 */
export function fieldsWithoutRule(
  owner: Constructor<object>,
  instance: object,
  groups: readonly string[],
  direction: 'input' | 'output',
): string[] {
  const way = direction === 'input' ? PLAIN_TO_CLASS : CLASS_TO_PLAIN;
  const ruled = new Set(
    getMetadataStorage()
      .getTargetValidationMetadatas(owner, '', false, false, [])
      .map(({ propertyName }) => propertyName),
  );
  const exposed = defaultMetadataStorage.getExposedProperties(owner, way);
  const transformed = namesIn('_transformMetadatas', owner).filter(
    (name) => defaultMetadataStorage.findTransformMetadatas(owner, name, way).length > 0,
  );
  const own = Object.keys(instance).filter((name) => typeof Reflect.get(instance, name) !== 'function');
  const shown = new Set([...own, ...namesIn('_typeMetadatas', owner), ...transformed, ...exposed]);
  return [...shown].filter(
    (name) =>
      !ruled.has(name) &&
      (direction === 'input'
        ? isRead(owner, name, groups)
        : isExposed(owner, name, groups, way) && !exposed.includes(name)),
  );
}

/** Returns the names of the properties of a class for which class-transformer keeps metadata of one kind. */
function namesIn(kind: '_typeMetadatas' | '_transformMetadatas', owner: Constructor<object>): string[] {
  const byClass = Reflect.get(defaultMetadataStorage, kind) as ReadonlyMap<
    unknown,
    ReadonlyMap<string, unknown>
  >;
  const names: string[] = [];
  for (let each: unknown = owner; typeof each === 'function'; each = Object.getPrototypeOf(each))
    names.push(...(byClass.get(each)?.keys() ?? []));
  return names;
}

/** Returns how a field is written to an output; undefined if `@Exclude` or `@Expose` leaves it out. */
export function writtenOf(
  owner: Constructor<object>,
  name: string,
  groups: readonly string[],
): Written | undefined {
  if (!isExposed(owner, name, groups, CLASS_TO_PLAIN)) return undefined;
  const key = defaultMetadataStorage.findExposeMetadata(owner, name)?.options?.name ?? name;
  return { name, key, transforms: transformsOf(owner, name, groups, CLASS_TO_PLAIN) };
}

/** Returns true if an input may set a field: it has a setter or is no accessor, and `@Exclude` and `@Expose` let it in. */
export const isRead = (owner: Constructor<object>, name: string, groups: readonly string[]): boolean =>
  isExposed(owner, name, groups, PLAIN_TO_CLASS) && isSettable(owner, name);

/** Returns the functions of the `@Transform`s that apply to an input. */
export const readTransforms = (
  owner: Constructor<object>,
  name: string,
  groups: readonly string[],
): Transform[] => transformsOf(owner, name, groups, PLAIN_TO_CLASS);

function transformsOf(
  owner: Constructor<object>,
  name: string,
  groups: readonly string[],
  direction: TransformationType,
): Transform[] {
  return defaultMetadataStorage
    .findTransformMetadatas(owner, name, direction)
    .filter(({ options }) => appliesIn(groups, options?.groups))
    .map(({ transformFn }) => transformFn);
}

/**
 * Returns true if `@Exclude` and `@Expose` don't leave a property out when an input is read or, in the other direction,
 * an output is written. class-transformer decides in the same way.
 */
function isExposed(
  owner: Constructor<object>,
  name: string,
  groups: readonly string[],
  direction: TransformationType,
): boolean {
  if (defaultMetadataStorage.getExcludedProperties(owner, direction).includes(name)) return false;
  const exposed = defaultMetadataStorage.getExposedProperties(owner, direction).includes(name);
  if (!exposed && defaultMetadataStorage.getStrategy(owner) === 'excludeAll') return false;
  return appliesIn(groups, defaultMetadataStorage.findExposeMetadata(owner, name)?.options?.groups);
}

const appliesIn = (groups: readonly string[], wanted: readonly string[] = []): boolean =>
  wanted.length === 0 || wanted.some((group) => groups.includes(group));

/** Returns false for a method, and for a getter that has no setter. */
function isSettable(owner: Constructor<object>, name: string): boolean {
  for (
    let each: unknown = owner.prototype;
    typeof each === 'object' && each;
    each = Object.getPrototypeOf(each)
  ) {
    const found = Object.getOwnPropertyDescriptor(each, name);
    if (found)
      return found.set !== undefined || (found.get === undefined && typeof found.value !== 'function');
  }
  return true;
}
