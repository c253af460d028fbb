import { TransformationType, type TransformFnParams } from 'class-transformer';
import { defaultMetadataStorage } from 'class-transformer/cjs/storage.js';
import { getMetadataStorage, ValidationTypes, type ValidationArguments } from 'class-validator';
import type { Constructor } from './definition.js';

/** What a property with `@Type` must hold; `any` where the declaration leaves it open. */
export type Container = 'one' | 'array' | 'set' | 'map' | 'any';

export interface Discriminator {
  readonly property: string;
  /** Whether the property stays on the instance; class-transformer deletes it unless told so. */
  readonly kept: boolean;
  readonly subTypes: readonly { readonly name: string; readonly value: Constructor<object> }[];
}

type Message = string | ((about: ValidationArguments) => string) | undefined;
type Condition = (object: object, value: unknown) => boolean;

/** One rule of class-validator, with the constraint that decides it. */
export interface Rule {
  /** As violations name it. */
  readonly name: string;
  readonly each: boolean;
  /** Its arguments, such as the least and the most. */
  readonly constraints: unknown[];
  readonly message: Message;
  /** Whether it is asked at all. */
  readonly applies: Condition | undefined;
  /** `instance` comes from the container of the task that is being validated. */
  readonly constraint: {
    readonly instance: {
      validate(value: unknown, about: ValidationArguments): unknown;
      defaultMessage?(about: ValidationArguments): string;
    };
  };
}

/** One property of a DTO that has a rule. */
export interface DtoProperty {
  readonly name: string;
  /** Its key in JSON: another than its name after `@Expose({ name })`. */
  readonly key: string;
  /** Whether an input may set it: not after `@Exclude`, nor with an `@Expose` for other groups, nor without a setter. */
  readonly readable: boolean;
  /** After `@Expose`, its `@Transform`s run for an absent key too. */
  readonly exposed: boolean;
  /** Validated by the rules of its own class: what `@ValidateNested` says of a value that has none. */
  readonly nested?: { readonly message: Message };
  readonly container: Container;
  /** Whether it carries `@Type`. */
  readonly typed: boolean;
  /** Its `@Transform`s on the way in. */
  readonly transforms: readonly ((params: TransformFnParams) => unknown)[];
  readonly discriminator?: Discriminator;
  /** The class that `@Type` names for the value inside this object; undefined where there is none. */
  readonly typeIn: (holder: object) => Constructor<object> | undefined;
  /** All must hold, or no rule is asked (`@IsOptional`, `@ValidateIf`). */
  readonly conditions: readonly Condition[];
  readonly rules: readonly Rule[];
}

/** What class-validator keeps of one decorator. */
export type RuleMetadata = ReturnType<
  ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']
>[number];

const { PLAIN_TO_CLASS } = TransformationType;

/** @param metadata all that class-validator knows of the property, at least one. */
export function readProperty(
  owner: Constructor<object>,
  name: string,
  metadata: readonly RuleMetadata[],
  groups: readonly string[],
): DtoProperty {
  const expose = defaultMetadataStorage.findExposeMetadata(owner, name);
  const type = defaultMetadataStorage.findTypeMetadata(owner, name);
  const nested = metadata.filter((each) => each.type === ValidationTypes.NESTED_VALIDATION);
  const discriminator = type?.options?.discriminator;
  return {
    name,
    key: expose?.options?.name ?? name,
    readable: isExposed(owner, name, groups) && isSettable(owner, name),
    exposed: expose !== undefined,
    ...(nested[0] && { nested: { message: nested[0].message } }),
    typed: type !== undefined,
    container: containerOf(
      type?.reflectedType,
      nested.some((each) => each.each),
    ),
    transforms: transformsOf(owner, name, groups),
    ...(discriminator && {
      discriminator: { ...discriminator, kept: type.options.keepDiscriminatorProperty === true },
    }),
    typeIn: (holder) => asClass(type?.typeFunction?.({ newObject: {}, object: holder, property: name })),
    conditions: metadata
      .filter((each) => each.type === ValidationTypes.CONDITIONAL_VALIDATION)
      .map(({ constraints }) => constraints[0] as Condition),
    rules: metadata.flatMap(readRules),
  };
}

/** A class of rules may be registered under several names; each is a rule of its own. */
function readRules({ constraintCls, type, ...metadata }: RuleMetadata): Rule[] {
  if (constraintCls === undefined) return [];
  return getMetadataStorage()
    .getTargetValidatorConstraints(constraintCls)
    .map((constraint) => ({
      name: constraint.name || type,
      each: metadata.each,
      constraints: metadata.constraints as unknown[],
      message: metadata.message || undefined,
      applies: metadata.validateIf,
      constraint,
    }));
}

function transformsOf(owner: Constructor<object>, name: string, groups: readonly string[]) {
  return defaultMetadataStorage
    .findTransformMetadatas(owner, name, PLAIN_TO_CLASS)
    .filter(({ options }) => appliesIn(groups, options?.groups))
    .map(({ transformFn }) => transformFn);
}

/** As class-transformer decides it. */
function isExposed(owner: Constructor<object>, name: string, groups: readonly string[]): boolean {
  if (defaultMetadataStorage.getExcludedProperties(owner, PLAIN_TO_CLASS).includes(name)) return false;
  const exposed = defaultMetadataStorage.getExposedProperties(owner, PLAIN_TO_CLASS).includes(name);
  if (!exposed && defaultMetadataStorage.getStrategy(owner) === 'excludeAll') return false;
  return appliesIn(groups, defaultMetadataStorage.findExposeMetadata(owner, name)?.options?.groups);
}

const appliesIn = (groups: readonly string[], wanted: readonly string[] = []): boolean =>
  wanted.length === 0 || wanted.some((group) => groups.includes(group));

/** A method or a lone getter is nothing that an input may replace. */
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

/** From the property's own type, where the compiler wrote it, else from `each: true`. */
function containerOf(reflected: unknown, each: boolean): Container {
  if (reflected === Set) return 'set';
  if (reflected === Map) return 'map';
  if (reflected === Array || each) return 'array';
  return reflected === Object ? 'any' : 'one';
}

function asClass(value: unknown): Constructor<object> | undefined {
  return typeof value === 'function' ? (value as Constructor<object>) : undefined;
}
