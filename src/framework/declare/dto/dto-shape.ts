import { getMetadataStorage } from 'class-validator';
import type { Constructor } from '../class.js';
import { readProperty, type DtoProperty, type RuleMetadata } from './dto-property.js';
import { exposedBeside, type Written } from './exposed-fields.js';

/**
 * The declarations of class-validator and class-transformer on a class. Only properties with a validation rule are
 * listed in `properties`.
 */
export interface DtoShape {
  readonly type: Constructor<object>;
  readonly properties: readonly DtoProperty[];
  readonly byKey: ReadonlyMap<string, DtoProperty>;
  readonly byName: ReadonlyMap<string, DtoProperty>;
  /** Fields and accessors that have `@Expose` but no rule. They are part of an output, never of an input. */
  readonly exposed: readonly Written[];
}

/**
 * The groups of class-validator and class-transformer that are in effect: declarations for other groups don't apply.
 */
export type Groups = readonly string[];

const NO_GROUPS: Groups = [];
const shapes = new WeakMap<Groups, WeakMap<Constructor<object>, DtoShape>>();

/**
 * Returns the declarations on a class that apply in these groups. The result is cached by the class and by the array
 * object of the groups.
 */
export function shapeOf(type: Constructor<object>, groups: Groups = NO_GROUPS): DtoShape {
  const id = groups.length === 0 ? NO_GROUPS : groups;
  let known = shapes.get(id);
  if (!known) shapes.set(id, (known = new WeakMap()));
  let shape = known.get(type);
  if (!shape) known.set(type, (shape = readShape(type, groups)));
  return shape;
}

function readShape(type: Constructor<object>, groups: Groups): DtoShape {
  const byName = new Map<string, RuleMetadata[]>();
  for (const each of metadataOf(type, groups)) {
    byName.set(each.propertyName, [...(byName.get(each.propertyName) ?? []), each]);
  }
  const properties = [...byName].map(([name, own]) => readProperty(type, name, own, groups));
  return {
    type,
    properties,
    byKey: new Map(properties.map((each) => [each.key, each])),
    byName: new Map(properties.map((each) => [each.name, each])),
    exposed: exposedBeside(type, [...byName.keys()], groups),
  };
}

const metadataOf = (type: Constructor, groups: Groups): RuleMetadata[] =>
  getMetadataStorage().getTargetValidationMetadatas(type, '', false, false, [...groups]);

/**
 * Returns the class of an instance, found by its prototype. The instance's own property `constructor` isn't used, since
 * it may come from the input.
 */
export const typeOf = (instance: object): Constructor<object> =>
  ((Object.getPrototypeOf(instance) as object | null)?.constructor ?? Object) as Constructor<object>;

/** Returns true if a class has a rule, its own or an inherited one, that applies in these groups. */
export const hasRules = (type: Constructor<object>, groups: Groups = NO_GROUPS): boolean =>
  shapeOf(type, groups).properties.length > 0;

/**
 * Returns the class of one value of a property; undefined if none is declared. The class is named by the value's
 * discriminator field (`@Type` with `discriminator`) or else by `@Type`. A value whose field names no subtype is of the
 * class in `@Type`, if that is a subtype itself.
 */
export function classOf(
  value: object,
  holder: object,
  { discriminator, typeIn }: DtoProperty,
): Constructor<object> | undefined {
  if (!discriminator) return typeIn(holder);
  const { property, subTypes } = discriminator;
  const named = Object.hasOwn(value, property) ? Reflect.get(value, property) : undefined;
  const subType =
    subTypes.find((each) => value.constructor === each.value) ??
    subTypes.find(({ name }) => name === named) ??
    subTypes.find((each) => each.value === typeIn(holder));
  return subType?.value;
}

/**
 * Returns true if a value, which is neither undefined nor null, has its property's declared type. Returns true for any
 * value if that type isn't known.
 */
export function isDeclared(value: unknown, property: DtoProperty): boolean {
  if (!property.declared || property.declared.holds(value)) return true;
  // The class that @Type names is accepted too, even if it doesn't extend the declared one.
  return property.container === 'one' && typesOf(property).some((type) => value instanceof type);
}

/**
 * Yields the declarations on a class and on all classes nested in it, each class once. Classes that a `@Type` function
 * chooses by the input are left out, since they aren't known here.
 */
export function* nestedShapes(
  type: Constructor<object>,
  groups: Groups,
  seen = new Set<Constructor<object>>(),
): Generator<DtoShape> {
  if (seen.has(type)) return;
  seen.add(type);
  const shape = shapeOf(type, groups);
  yield shape;
  const nested = shape.properties.filter((each) => each.nested).flatMap(typesOf);
  for (const each of nested) yield* nestedShapes(each, groups, seen);
}

/** Returns the class that `@Type` names; undefined if it depends on the object that contains the value. */
export function fixedType({ typeIn }: Pick<DtoProperty, 'typeIn'>): Constructor<object> | undefined {
  let asked = false;
  const holder = new Proxy({}, { get: () => void (asked = true), has: () => (asked = true) });
  try {
    const type = typeIn(holder);
    return asked ? undefined : type;
  } catch {
    return undefined;
  }
}

/**
 * Returns the classes that a property's values can have. Classes that a `@Type` function chooses by the input are left
 * out, since they aren't known here.
 */
export const typesOf = (property: DtoProperty): Constructor<object>[] =>
  property.discriminator
    ? property.discriminator.subTypes.map(({ value }) => value)
    : [fixedType(property) ?? []].flat();

/**
 * Returns the classes of custom validation rules (`@Validate`, `@ValidatorConstraint`) that are used in a class and in
 * all classes nested in it.
 */
export function ruleClasses(type: Constructor<object>, groups: Groups): Constructor[] {
  return [...nestedShapes(type, groups)].flatMap((each) => ownRuleClasses(each, groups));
}

/**
 * Returns the classes of custom validation rules that lack the decorator `@ValidatorConstraint`. class-validator
 * silently ignores these.
 */
export function unusedRuleClasses(shape: DtoShape, groups: Groups): Constructor[] {
  const storage = getMetadataStorage();
  return ownRuleClasses(shape, groups).filter(
    (each) => storage.getTargetValidatorConstraints(each).length === 0,
  );
}

const ownRuleClasses = ({ type }: DtoShape, groups: Groups): Constructor[] =>
  metadataOf(type, groups).flatMap(({ constraintCls }) => (constraintCls as Constructor | undefined) ?? []);
