import type { TransformFnParams } from 'class-transformer';
import { TransformationType } from 'class-transformer/cjs/enums/index.js';
import { defaultMetadataStorage } from 'class-transformer/cjs/storage.js';
import type { ValidationArguments } from 'class-validator';
import { getMetadataStorage, IS_OPTIONAL, ValidationTypes } from './class-validator.js';
import type { Constructor } from '../class.js';
import { COLLECTION, isObject, kindOf, type Kind } from './kinds.js';
import { hasPropertyType, readPropertyType } from '../metadata.js';

/** The collection that holds the values of a property; `one` where the property holds a single value. */
export type Container = 'one' | 'array' | 'set' | 'map';

export interface Discriminator {
  readonly property: string;
  /** True where the discriminator stays on the instance (`keepDiscriminatorProperty`). */
  readonly kept: boolean;
  readonly subTypes: readonly { readonly name: string; readonly value: Constructor<object> }[];
}

/** The name, the key and the transforms of a field or an accessor that is part of an output. */
export interface Written {
  readonly name: string;
  readonly key: string;
  readonly transforms: readonly Transform[];
}

type Transform = (params: TransformFnParams) => unknown;
type Message = string | ((about: ValidationArguments) => string) | undefined;
type Condition = (object: object, value: unknown) => boolean;

/** A rule of class-validator, with the constraint that checks it. */
export interface DtoRule {
  /** The rule's name in violations. */
  readonly name: string;
  readonly each: boolean;
  /** The arguments of the rule's decorator, such as the least and the most. */
  readonly constraints: unknown[];
  readonly message: Message;
  /** Returns the rule's verdict on a value that class-validator can't judge; undefined for all others. */
  readonly decide?: (value: unknown) => boolean | undefined;
  /** Returns true where the rule is to be checked (`validateIf`); undefined: the rule is always checked. */
  readonly applies: Condition | undefined;
  /** The constraint class. `instance` comes from the container of the task whose input is validated. */
  readonly constraint: {
    readonly instance: {
      validate(value: unknown, about: ValidationArguments): unknown;
      defaultMessage?(about: ValidationArguments): string;
    };
  };
}

/** A property of a DTO that has a rule. */
export interface DtoProperty {
  readonly name: string;
  /** The property's key in JSON, which `@Expose({ name })` sets. @default the property's name */
  readonly key: string;
  /**
   * True where an input may set the property: not with `@Exclude`, an `@Expose` for other groups, or without a setter.
   */
  readonly readable: boolean;
  /** True with `@Expose`: the property's `@Transform`s then run for an absent key, too. */
  readonly exposed: boolean;
  /**
   * Present with `@ValidateNested`: the property's values are validated by their own class. `message` is for values of
   * no class.
   */
  readonly nested?: { readonly message: Message };
  /** The property's type as the compiler emitted it; undefined where none was emitted. */
  readonly declaredType: unknown;
  /** True where the compiler wrote a type for the property, if only `Object`. tsx and esbuild write none. */
  readonly emitted: boolean;
  /** The kind that the property's values must be of; undefined where nothing is known, as for a union. */
  readonly declared: Kind | undefined;
  /** The collection that holds the property's values, each of the class that `@Type` names. */
  readonly container: Container;
  /** True for an array of arrays, which `@IsArray({ each: true })` declares: `@Type` names the class of the innermost. */
  readonly grid: boolean;
  /** True where the property has `@Type`. */
  readonly typed: boolean;
  /** The property's `@Transform`s that apply to an input. */
  readonly transforms: readonly Transform[];
  readonly discriminator?: Discriminator;
  /** Returns the class that `@Type` names for the property in this object; undefined where it names none. */
  readonly typeIn: (holder: object) => Constructor<object> | undefined;
  /**
   * The conditions of `@IsOptional` and `@ValidateIf`. The property's rules are checked only where all of them hold.
   */
  readonly conditions: readonly Condition[];
  /** True where the property has no condition other than `@IsOptional`. */
  readonly onlyOptional: boolean;
  readonly rules: readonly DtoRule[];
  /** The property's form in an output; undefined where `@Exclude` or `@Expose` keeps it out. */
  readonly written: Written | undefined;
  /** True with `@Allow`: the property may hold anything. */
  readonly open: boolean;
  /** True where the property may be absent even without a condition: with `@Allow`, or where its type is not known. */
  readonly mayBeAbsent: boolean;
}

/** class-validator's record of one decorator. */
export type RuleMetadata = ReturnType<
  ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']
>[number];

const { PLAIN_TO_CLASS, CLASS_TO_PLAIN } = TransformationType;

/**
 * Reads the declarations of one property.
 * @param metadata all records of class-validator for the property, at least one
 */
export function readProperty(
  owner: Constructor<object>,
  name: string,
  metadata: readonly RuleMetadata[],
  groups: readonly string[],
): DtoProperty {
  const expose = defaultMetadataStorage.findExposeMetadata(owner, name);
  const type = defaultMetadataStorage.findTypeMetadata(owner, name);
  const declaredType = readPropertyType(owner, name) ?? type?.reflectedType;
  const each = metadata.some((rule) => rule.each);
  const declared = kindOf(declaredType) ?? (each ? COLLECTION : undefined);
  const rules = metadata.flatMap(readRules);
  const open = metadata.some((rule) => rule.type === ValidationTypes.WHITELIST);
  return {
    name,
    key: expose?.options?.name ?? name,
    readable: isExposed(owner, name, groups, PLAIN_TO_CLASS) && isSettable(owner, name),
    exposed: expose !== undefined,
    declaredType,
    emitted: hasPropertyType(owner, name),
    declared,
    container: containerOf(declaredType, each),
    grid: containerOf(declaredType, each) === 'array' && rules.some(isArrayOfEach),
    ...typeParts(type, name),
    ...nestedPart(metadata),
    ...conditionParts(metadata),
    transforms: transformsOf(owner, name, groups, PLAIN_TO_CLASS),
    written: writtenOf(owner, name, groups),
    rules,
    open,
    mayBeAbsent: (!declared && type === undefined) || open,
  };
}

/** Reads the parts that `@Type` declares. */
function typeParts(
  type: ReturnType<typeof defaultMetadataStorage.findTypeMetadata>,
  property: string,
): Pick<DtoProperty, 'typed' | 'typeIn' | 'discriminator'> {
  const discriminator = type?.options?.discriminator;
  return {
    typed: type !== undefined,
    typeIn: (object) => asClass(type?.typeFunction?.({ newObject: {}, object, property })),
    ...(discriminator && {
      discriminator: { ...discriminator, kept: type.options.keepDiscriminatorProperty === true },
    }),
  };
}

/** Reads the part that `@ValidateNested` declares. */
function nestedPart(metadata: readonly RuleMetadata[]): Pick<DtoProperty, 'nested'> {
  const nested = metadata.find((each) => each.type === ValidationTypes.NESTED_VALIDATION);
  return nested ? { nested: { message: nested.message } } : {};
}

/** Reads the parts that `@IsOptional` and `@ValidateIf` declare. */
function conditionParts(metadata: readonly RuleMetadata[]): Pick<DtoProperty, 'conditions' | 'onlyOptional'> {
  const found = metadata.filter((rule) => rule.type === ValidationTypes.CONDITIONAL_VALIDATION);
  return {
    conditions: found.map(({ constraints }) => constraints[0] as Condition),
    onlyOptional: found.every(({ name }) => name === IS_OPTIONAL),
  };
}

/** Returns the rules of one decorator: several where the constraint class is registered under several names. */
function readRules({ constraintCls, type, ...metadata }: RuleMetadata): DtoRule[] {
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
      ...decimalPlacesPart(constraint.name, metadata.constraints),
    }));
}

/**
 * Counts the decimal places of `@IsNumber({ maxDecimalPlaces })` for numbers that JavaScript writes with an exponent,
 * such as 1e-7: class-validator throws at them, or counts the digits of the exponent.
 */
function decimalPlacesPart(name: string, constraints: unknown): Pick<DtoRule, 'decide'> {
  const [options] = Array.isArray(constraints) ? (constraints as unknown[]) : [];
  const most = isObject(options) ? options['maxDecimalPlaces'] : undefined;
  if (name !== 'isNumber' || typeof most !== 'number') return {};
  return {
    decide: (value) => {
      if (typeof value !== 'number' || !String(value).includes('e-')) return undefined;
      const [digits = '', exponent = ''] = value.toExponential().split('e');
      const [, decimals = ''] = digits.split('.');
      return decimals.length - Number(exponent) <= most;
    },
  };
}

/** Returns the fields and accessors without a rule that `@Expose` puts into an output. */
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

/**
 * Returns true where `@Exclude` and `@Expose` let a property through in this direction, as class-transformer decides.
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

/** Returns false for a method and for a getter without a setter. */
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

const isArrayOfEach = ({ name, each }: DtoRule): boolean => name === 'isArray' && each;

/** Takes the property's own type where that is a collection, else looks for `each: true`. */
function containerOf(declared: unknown, each: boolean): Container {
  if (declared === Set) return 'set';
  if (declared === Map) return 'map';
  if (declared === Array) return 'array';
  return each && !kindOf(declared) ? 'array' : 'one';
}

function asClass(value: unknown): Constructor<object> | undefined {
  return typeof value === 'function' ? (value as Constructor<object>) : undefined;
}
