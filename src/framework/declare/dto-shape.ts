import { defaultMetadataStorage } from 'class-transformer/cjs/storage.js';
import { TransformationType } from 'class-transformer';
import { getMetadataStorage, ValidationTypes } from 'class-validator';
import type { Constructor } from './definition.js';

/** What a nested property must hold; `any` where the declaration leaves it open. */
export type Container = 'object' | 'array' | 'set' | 'map' | 'any';

export interface Discriminator {
  readonly property: string;
  /** Whether the property stays on the instance; class-transformer deletes it unless told so. */
  readonly kept: boolean;
  readonly subTypes: readonly { readonly name: string; readonly value: Constructor<object> }[];
}

/** One property of a DTO that has a rule. */
export interface DtoProperty {
  readonly name: string;
  /** Its key in JSON: another than its name after `@Expose({ name })`. */
  readonly key: string;
  /** Whether an input may set it: not after `@Exclude`, nor with an `@Expose` for other groups. */
  readonly readable: boolean;
  /** Validated by the rules of its own class (`@ValidateNested`). */
  readonly nested: boolean;
  readonly container: Container;
  /** Whether it carries `@Type`. */
  readonly typed: boolean;
  /** Read by a `@Transform`. */
  readonly transformed: boolean;
  readonly discriminator?: Discriminator;
  /** The class that `@Type` names for the value inside this object; undefined where there is none. */
  readonly typeIn: (holder: object) => Constructor<object> | undefined;
}

/** What a class declares through class-validator and class-transformer: only what has a rule counts. */
export interface DtoShape {
  readonly type: Constructor<object>;
  readonly properties: readonly DtoProperty[];
  readonly byKey: ReadonlyMap<string, DtoProperty>;
  readonly byName: ReadonlyMap<string, DtoProperty>;
}

const shapes = new WeakMap<Constructor<object>, Map<string, DtoShape>>();

/** The shape of a class under these groups. Read once. */
export function shapeOf(type: Constructor<object>, groups: readonly string[] = []): DtoShape {
  const byGroups = shapes.get(type) ?? new Map<string, DtoShape>();
  shapes.set(type, byGroups);
  const id = JSON.stringify(groups);
  const shape = byGroups.get(id) ?? readShape(type, groups);
  byGroups.set(id, shape);
  return shape;
}

/** Whether a class has a rule, its own or inherited, under these groups. */
export function hasRules(type: Constructor, groups: readonly string[] = []): boolean {
  return rulesOf(type, groups).length > 0;
}

/** The classes of the rules (`@Validate`, `@ValidatorConstraint`) of a class and of all that it nests. */
export function ruleClasses(
  type: Constructor<object>,
  groups: readonly string[] = [],
  seen = new Set<Constructor>(),
): Constructor[] {
  if (seen.has(type)) return [];
  seen.add(type);
  const own = rulesOf(type, groups).map(({ constraintCls }) => constraintCls as Constructor | undefined);
  const nested = shapeOf(type, groups).properties.flatMap((each) => nestedTypes(each));
  return [
    ...own.filter((each) => each !== undefined),
    ...nested.flatMap((each) => ruleClasses(each, groups, seen)),
  ];
}

/** The classes that a property's objects can be of, as far as can be known without an input. */
export function nestedTypes({ discriminator, typeIn }: DtoProperty): Constructor<object>[] {
  if (discriminator) return discriminator.subTypes.map(({ value }) => value);
  try {
    return [typeIn({}) ?? []].flat();
  } catch {
    return [];
  }
}

type Rule = ReturnType<typeof rulesOf>[number];

function rulesOf(type: Constructor, groups: readonly string[]) {
  return getMetadataStorage().getTargetValidationMetadatas(type, '', false, false, [...groups]);
}

function readShape(type: Constructor<object>, groups: readonly string[]): DtoShape {
  const rules = new Map<string, Rule[]>();
  for (const rule of rulesOf(type, groups)) {
    rules.set(rule.propertyName, [...(rules.get(rule.propertyName) ?? []), rule]);
  }
  const properties = [...rules].map(([name, own]) => readProperty(type, name, own, groups));
  return {
    type,
    properties,
    byKey: new Map(properties.map((each) => [each.key, each])),
    byName: new Map(properties.map((each) => [each.name, each])),
  };
}

function readProperty(
  owner: Constructor<object>,
  name: string,
  rules: readonly Rule[],
  groups: readonly string[],
): DtoProperty {
  const expose = defaultMetadataStorage.findExposeMetadata(owner, name);
  const type = defaultMetadataStorage.findTypeMetadata(owner, name);
  const nested = rules.filter((rule) => rule.type === ValidationTypes.NESTED_VALIDATION);
  const discriminator = type?.options?.discriminator;
  return {
    name,
    key: expose?.options?.name ?? name,
    readable: isReadable(owner, name, groups),
    nested: nested.length > 0,
    typed: type !== undefined,
    container: containerOf(
      type?.reflectedType,
      nested.some((rule) => rule.each),
    ),
    transformed:
      defaultMetadataStorage.findTransformMetadatas(owner, name, TransformationType.PLAIN_TO_CLASS).length >
      0,
    ...(discriminator && {
      discriminator: { ...discriminator, kept: type.options.keepDiscriminatorProperty === true },
    }),
    typeIn: (holder) => asClass(type?.typeFunction?.({ newObject: {}, object: holder, property: name })),
  };
}

/** As class-transformer decides it; what it never sees must be decided here. */
function isReadable(owner: Constructor<object>, name: string, groups: readonly string[]): boolean {
  const { PLAIN_TO_CLASS } = TransformationType;
  if (defaultMetadataStorage.getExcludedProperties(owner, PLAIN_TO_CLASS).includes(name)) return false;
  const exposed = defaultMetadataStorage.getExposedProperties(owner, PLAIN_TO_CLASS).includes(name);
  if (!exposed && defaultMetadataStorage.getStrategy(owner) === 'excludeAll') return false;
  const wanted = defaultMetadataStorage.findExposeMetadata(owner, name)?.options?.groups ?? [];
  return wanted.length === 0 || wanted.some((group) => groups.includes(group));
}

/** From the property's own type, where the compiler wrote it, else from `each: true`. */
function containerOf(reflected: unknown, each: boolean): Container {
  if (reflected === Set) return 'set';
  if (reflected === Map) return 'map';
  if (reflected === Array || each) return 'array';
  return reflected === Object ? 'any' : 'object';
}

function asClass(value: unknown): Constructor<object> | undefined {
  return typeof value === 'function' ? (value as Constructor<object>) : undefined;
}
