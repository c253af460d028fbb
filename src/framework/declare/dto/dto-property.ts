import { defaultMetadataStorage } from 'class-transformer/cjs/storage.js';
import { getMetadataStorage, IS_OPTIONAL, type ValidationArguments, ValidationTypes } from 'class-validator';
import type { Constructor } from '../class.js';
import { COLLECTION, isObject, kindOf, type Kind } from './kinds.js';
import { isRead, readTransforms, writtenOf, type Transform, type Written } from './exposed-fields.js';
import { hasPropertyType, readPropertyType } from '../metadata.js';

/** The kind of collection that is the value of a property; `one` if the value is no collection. */
export type Container = 'one' | 'array' | 'set' | 'map';

export interface Discriminator {
  readonly property: string;
  /**
   * True if the field that names the class of a value is kept on the instance (option `keepDiscriminatorProperty` of
   * `@Type`).
   */
  readonly kept: boolean;
  readonly subTypes: readonly { readonly name: string; readonly value: Constructor<object> }[];
}

type Message = string | ((about: ValidationArguments) => string) | undefined;
type Condition = (object: object, value: unknown) => boolean;

/** A validation rule of class-validator on a property. */
export interface DtoRule {
  /** The rule's name, as violations show it. */
  readonly name: string;
  readonly each: boolean;
  /** The arguments of the rule's decorator, such as a minimum and a maximum. */
  readonly constraints: unknown[];
  readonly message: Message;
  /**
   * Decides about values for which class-validator itself gives a wrong result or throws: returns true if the rule
   * accepts the value. Returns undefined for all other values.
   */
  readonly decide?: (value: unknown) => boolean | undefined;
  /** Returns true if the rule is to be checked (`validateIf`). If this is undefined, the rule is always checked. */
  readonly applies: Condition | undefined;
  /**
   * The object of class-validator that checks values by this rule. Its `instance` comes from the dependency container
   * of the task whose input is validated.
   */
  readonly constraint: {
    readonly instance: {
      validate(value: unknown, about: ValidationArguments): unknown;
      defaultMessage?(about: ValidationArguments): string;
    };
  };
}

/** A property of a DTO that has a validation rule, and what decorators and the compiler declare about it. */
export interface DtoProperty {
  readonly name: string;
  /** The property's key in JSON, which `@Expose({ name })` can set. @default the property's name */
  readonly key: string;
  /**
   * True if an input may set the property. False if it has `@Exclude`, an `@Expose` for groups that don't apply, or no
   * setter.
   */
  readonly readable: boolean;
  /**
   * True if the property has `@Expose`. class-transformer then runs its `@Transform`s even if the JSON lacks its key.
   */
  readonly exposed: boolean;
  /**
   * Present if the property has `@ValidateNested`: its values are validated by the rules of their own class. `message`
   * is for a value that isn't an object.
   */
  readonly nested?: { readonly message: Message };
  /** The property's type, as the compiler emitted it; undefined if it emitted none. */
  readonly declaredType: unknown;
  /** True if the compiler emitted a type for the property, even if only `Object`. tsx and esbuild emit none. */
  readonly emitted: boolean;
  /**
   * The JSON or JavaScript type that the property's values must have; undefined if it isn't known, as for a union type.
   */
  readonly declared: Kind | undefined;
  /** The collection in which the property has its values. Each value is of the class that `@Type` names. */
  readonly container: Container;
  /**
   * True for an array of arrays, which `@IsArray({ each: true })` declares. `@Type` then names the class of the values
   * in the inner arrays.
   */
  readonly grid: boolean;
  /** True if the property has `@Type`. */
  readonly typed: boolean;
  /** The property's `@Transform`s that apply to an input. */
  readonly transforms: readonly Transform[];
  readonly discriminator?: Discriminator;
  /** Returns the class that `@Type` names for the property of this object; undefined if it names none. */
  readonly typeIn: (holder: object) => Constructor<object> | undefined;
  /**
   * The conditions of `@IsOptional` and `@ValidateIf`. The property's rules are checked only if all of these conditions
   * are true.
   */
  readonly conditions: readonly Condition[];
  /** True if the property's only condition, if any, is `@IsOptional`. */
  readonly onlyOptional: boolean;
  readonly rules: readonly DtoRule[];
  /**
   * The JSON key and transforms with which the property is written to an output; undefined if `@Exclude` or `@Expose`
   * leaves it out.
   */
  readonly written: Written | undefined;
  /** True if the property has `@Allow`: it may contain anything. */
  readonly open: boolean;
  /**
   * True if an input may lack the property even without `@IsOptional`: the property has `@Allow`, or its type isn't
   * known.
   */
  readonly mayBeAbsent: boolean;
}

/** The metadata that class-validator keeps for one decorator. */
export type RuleMetadata = ReturnType<
  ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']
>[number];

/**
 * Reads what is declared about one property. @param metadata everything that class-validator has recorded for the
 * property, at least one entry
 */
export function readProperty(
  owner: Constructor<object>,
  name: string,
  metadata: readonly RuleMetadata[],
  groups: readonly string[],
): DtoProperty {
  const expose = defaultMetadataStorage.findExposeMetadata(owner, name);
  const type = defaultMetadataStorage.findTypeMetadata(owner, name);
  const discriminator = type?.options?.discriminator;
  const nested = metadata.find((rule) => rule.type === ValidationTypes.NESTED_VALIDATION);
  const conditions = metadata.filter((rule) => rule.type === ValidationTypes.CONDITIONAL_VALIDATION);
  const declaredType = readPropertyType(owner, name) ?? type?.reflectedType;
  const each = metadata.some((rule) => rule.each);
  const declared = kindOf(declaredType) ?? (each ? COLLECTION : undefined);
  const container = containerOf(declaredType, each);
  const rules = metadata.flatMap(readRules);
  const open = metadata.some((rule) => rule.type === ValidationTypes.WHITELIST);
  return {
    name,
    key: expose?.options?.name ?? name,
    readable: isRead(owner, name, groups),
    exposed: expose !== undefined,
    declaredType,
    emitted: hasPropertyType(owner, name),
    declared,
    container,
    grid: container === 'array' && rules.some((rule) => rule.name === 'isArray' && rule.each),
    typed: type !== undefined,
    typeIn: (object) => asClass(type?.typeFunction?.({ newObject: {}, object, property: name })),
    ...(discriminator && {
      discriminator: { ...discriminator, kept: type.options.keepDiscriminatorProperty === true },
    }),
    ...(nested && { nested: { message: nested.message } }),
    conditions: conditions.map(({ constraints }) => constraints[0] as Condition),
    onlyOptional: conditions.every((rule) => rule.name === IS_OPTIONAL),
    transforms: readTransforms(owner, name, groups),
    written: writtenOf(owner, name, groups),
    rules,
    open,
    mayBeAbsent: (!declared && type === undefined) || open,
  };
}

/** Returns the rules of one decorator. There are several if the constraint class is registered under several names. */
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
      ...enumPart(constraint.name, metadata.constraints),
    }));
}

/**
 * For `@IsNumber({ maxDecimalPlaces })`, counts the decimal places of numbers that JavaScript writes with an exponent,
 * such as 1e-7. class-validator throws for such a number, or counts the digits of its exponent.
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

/** For `@IsEnum`: class-validator also takes the name of a member whose value is a number. */
function enumPart(name: string, constraints: unknown): Pick<DtoRule, 'decide'> {
  const [members] = Array.isArray(constraints) ? (constraints as unknown[]) : [];
  if (name !== 'isEnum' || typeof members !== 'object' || members === null) return {};
  const values = enumValues(members);
  return { decide: (value) => values.includes(value) };
}

/**
 * Returns the values of an enum's members. Of a number the compiler also writes its name, under the number as the key:
 * `{ A: 1, 1: 'A' }`.
 */
export const enumValues = (members: object): unknown[] =>
  Object.entries(members)
    .filter(
      ([key, value]) => !(typeof value === 'string' && Object.is(Reflect.get(members, value), Number(key))),
    )
    .map(([, value]: [string, unknown]) => value);

/** Returns the collection that the property's type names. If it names none, `each: true` on a rule means an array. */
function containerOf(declared: unknown, each: boolean): Container {
  if (declared === Set) return 'set';
  if (declared === Map) return 'map';
  if (declared === Array) return 'array';
  return each && !kindOf(declared) ? 'array' : 'one';
}

function asClass(value: unknown): Constructor<object> | undefined {
  return typeof value === 'function' ? (value as Constructor<object>) : undefined;
}
