import type { TransformFnParams } from 'class-transformer';
import { TransformationType } from 'class-transformer/cjs/enums/index.js';
import { defaultMetadataStorage } from 'class-transformer/cjs/storage.js';
import type { ValidationArguments } from 'class-validator';
import { getMetadataStorage, IS_OPTIONAL, ValidationTypes } from './class-validator.js';
import type { Constructor } from '../class.js';
import { COLLECTION, kindOf, type Kind } from './kinds.js';
import { readPropertyType } from '../metadata.js';

/** What holds the values of a property with `@Type`. */
export type Container = 'one' | 'array' | 'set' | 'map';

export interface Discriminator {
  readonly property: string;
  /** Whether the property stays on the instance; class-transformer deletes it unless told so. */
  readonly kept: boolean;
  readonly subTypes: readonly { readonly name: string; readonly value: Constructor<object> }[];
}

/** A field or an accessor on its way out. */
export interface Written {
  readonly name: string;
  readonly key: string;
  readonly transforms: readonly Transform[];
}

type Transform = (params: TransformFnParams) => unknown;
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
  /** What the compiler wrote for its type; undefined where it writes none. */
  readonly declaredType: unknown;
  /** What its values are held to; undefined where nothing is known, as of a union. */
  readonly declared: Kind | undefined;
  /** How it holds what `@Type` names. */
  readonly container: Container;
  /** Whether it carries `@Type`. */
  readonly typed: boolean;
  /** Its `@Transform`s on the way in. */
  readonly transforms: readonly Transform[];
  readonly discriminator?: Discriminator;
  /** The class that `@Type` names for the value inside this object; undefined where there is none. */
  readonly typeIn: (holder: object) => Constructor<object> | undefined;
  /** All must hold, or no rule is asked (`@IsOptional`, `@ValidateIf`). */
  readonly conditions: readonly Condition[];
  /** Whether all that may keep its rules from being asked is `@IsOptional`. */
  readonly onlyOptional: boolean;
  readonly rules: readonly Rule[];
  /** How it goes into an output; undefined where `@Exclude` or `@Expose` keep it out. */
  readonly written: Written | undefined;
  /** Whether it may be absent without a condition that says so: after `@Allow`, or where nothing is known of it. */
  readonly mayBeAbsent: boolean;
}

/** What class-validator keeps of one decorator. */
export type RuleMetadata = ReturnType<
  ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']
>[number];

const { PLAIN_TO_CLASS, CLASS_TO_PLAIN } = TransformationType;

/** @param metadata all that class-validator knows of the property, at least one. */
export function readProperty(
  owner: Constructor<object>,
  name: string,
  metadata: readonly RuleMetadata[],
  groups: readonly string[],
): DtoProperty {
  const expose = defaultMetadataStorage.findExposeMetadata(owner, name);
  const type = defaultMetadataStorage.findTypeMetadata(owner, name);
  const nested = metadata.find((each) => each.type === ValidationTypes.NESTED_VALIDATION);
  const discriminator = type?.options?.discriminator;
  const typeIn = (holder: object): Constructor<object> | undefined =>
    asClass(type?.typeFunction?.({ newObject: {}, object: holder, property: name }));
  const declaredType = readPropertyType(owner, name) ?? type?.reflectedType;
  const each = metadata.some((rule) => rule.each);
  const declared = kindOf(declaredType) ?? (each ? COLLECTION : undefined);
  return {
    name,
    key: expose?.options?.name ?? name,
    readable: isExposed(owner, name, groups, PLAIN_TO_CLASS) && isSettable(owner, name),
    exposed: expose !== undefined,
    ...(nested && { nested: { message: nested.message } }),
    declaredType,
    declared,
    container: containerOf(declaredType, each),
    typed: type !== undefined,
    transforms: transformsOf(owner, name, groups, PLAIN_TO_CLASS),
    written: writtenOf(owner, name, groups),
    ...(discriminator && {
      discriminator: { ...discriminator, kept: type.options.keepDiscriminatorProperty === true },
    }),
    typeIn,
    conditions: metadata
      .filter((rule) => rule.type === ValidationTypes.CONDITIONAL_VALIDATION)
      .map(({ constraints }) => constraints[0] as Condition),
    onlyOptional: metadata.every(
      (rule) => rule.type !== ValidationTypes.CONDITIONAL_VALIDATION || rule.name === IS_OPTIONAL,
    ),
    rules: metadata.flatMap(readRules),
    mayBeAbsent:
      (!declared && type === undefined) || metadata.some((rule) => rule.type === ValidationTypes.WHITELIST),
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

/** Fields and accessors that have no rule and go into an output all the same. */
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

function writtenOf(owner: Constructor<object>, name: string, groups: readonly string[]): Written | undefined {
  if (!isExposed(owner, name, groups, CLASS_TO_PLAIN)) return undefined;
  const key = defaultMetadataStorage.findExposeMetadata(owner, name)?.options?.name ?? name;
  return { name, key, transforms: transformsOf(owner, name, groups, CLASS_TO_PLAIN) };
}

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

/** As class-transformer decides it. */
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

/** From the property's own type, where that says it, else from `each: true`. */
function containerOf(declared: unknown, each: boolean): Container {
  if (declared === Set) return 'set';
  if (declared === Map) return 'map';
  if (declared === Array) return 'array';
  return each && !kindOf(declared) ? 'array' : 'one';
}

function asClass(value: unknown): Constructor<object> | undefined {
  return typeof value === 'function' ? (value as Constructor<object>) : undefined;
}
