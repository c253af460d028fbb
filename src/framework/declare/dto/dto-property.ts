import type { TransformFnParams } from 'class-transformer';
import { TransformationType } from 'class-transformer/cjs/enums/index.js';
import { defaultMetadataStorage } from 'class-transformer/cjs/storage.js';
import type { ValidationArguments } from 'class-validator';
import { getMetadataStorage, IS_OPTIONAL, ValidationTypes } from './class-validator.js';
import type { Constructor } from '../class.js';
import { COLLECTION, isObject, kindOf, type Kind } from './kinds.js';
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

/** A field or accessor that is part of an output: its name, its JSON key, and the functions of its `@Transform`s. */
export interface Written {
  readonly name: string;
  readonly key: string;
  readonly transforms: readonly Transform[];
}

type Transform = (params: TransformFnParams) => unknown;
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

const { PLAIN_TO_CLASS, CLASS_TO_PLAIN } = TransformationType;

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

/** Returns the parts of a property that `@Type` declares. */
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

/** Returns the part of a property that `@ValidateNested` declares. */
function nestedPart(metadata: readonly RuleMetadata[]): Pick<DtoProperty, 'nested'> {
  const nested = metadata.find((each) => each.type === ValidationTypes.NESTED_VALIDATION);
  return nested ? { nested: { message: nested.message } } : {};
}

/** Returns the parts of a property that `@IsOptional` and `@ValidateIf` declare. */
function conditionParts(metadata: readonly RuleMetadata[]): Pick<DtoProperty, 'conditions' | 'onlyOptional'> {
  const found = metadata.filter((rule) => rule.type === ValidationTypes.CONDITIONAL_VALIDATION);
  return {
    conditions: found.map(({ constraints }) => constraints[0] as Condition),
    onlyOptional: found.every(({ name }) => name === IS_OPTIONAL),
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
      isExposed(owner, name, groups, way) &&
      (direction === 'input' ? isSettable(owner, name) : !exposed.includes(name)),
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

const isArrayOfEach = ({ name, each }: DtoRule): boolean => name === 'isArray' && each;

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
