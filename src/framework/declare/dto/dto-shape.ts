import { getMetadataStorage } from './class-validator.js';
import type { Constructor } from '../class.js';
import {
  exposedBeside,
  readProperty,
  type DtoProperty,
  type RuleMetadata,
  type Written,
} from './dto-property.js';

/** What a class declares through class-validator and class-transformer: only what has a rule counts. */
export interface DtoShape {
  readonly type: Constructor<object>;
  readonly properties: readonly DtoProperty[];
  readonly byKey: ReadonlyMap<string, DtoProperty>;
  readonly byName: ReadonlyMap<string, DtoProperty>;
  /** What goes into an output beside the properties, for `@Expose`. */
  readonly exposed: readonly Written[];
}

/** The groups of class-validator and class-transformer that apply. */
export type Groups = readonly string[];

const NO_GROUPS: Groups = [];
const shapes = new WeakMap<Groups, WeakMap<Constructor<object>, DtoShape>>();

/** The shape of a class under these groups. Read once for an array of groups. */
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

/** The class of an instance. Not its property `constructor`, which may be data. */
export const typeOf = (instance: object): Constructor<object> =>
  ((Object.getPrototypeOf(instance) as object | null)?.constructor ?? Object) as Constructor<object>;

/** Whether a class has a rule, its own or inherited, under these groups. */
export const hasRules = (type: Constructor<object>, groups: Groups = NO_GROUPS): boolean =>
  shapeOf(type, groups).properties.length > 0;

/** The class of one value of a property; undefined where no class is known for it. */
export function classOf(
  value: object,
  holder: object,
  { discriminator, typeIn }: DtoProperty,
  groups: Groups,
): Constructor<object> | undefined {
  if (!discriminator) return typeIn(holder);
  const { property, subTypes } = discriminator;
  const named = Object.hasOwn(value, property) ? Reflect.get(value, property) : undefined;
  const subType =
    subTypes.find((each) => value.constructor === each.value) ?? subTypes.find(({ name }) => name === named);
  if (subType) return subType.value;
  const base = typeIn(holder);
  return base && hasRules(base, groups) ? base : undefined;
}

/** Whether a value, neither undefined nor null, is of the type that its property declares, as far as that is known. */
export function isDeclared(value: unknown, property: DtoProperty): boolean {
  if (!property.declared || property.declared.holds(value)) return true;
  // What @Type names need only look like the declared class.
  return property.container === 'one' && typesOf(property).some((type) => value instanceof type);
}

/** The shapes of a class and of all that it nests, each once, as far as can be known without an input. */
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

/** The classes that a property's values can be of, as far as can be known without an input. */
export function typesOf({ discriminator, typeIn }: DtoProperty): Constructor<object>[] {
  if (discriminator) return discriminator.subTypes.map(({ value }) => value);
  try {
    return [typeIn({}) ?? []].flat();
  } catch {
    return [];
  }
}

/** The classes of the rules (`@Validate`, `@ValidatorConstraint`) of a class and of all that it nests. */
export function ruleClasses(type: Constructor<object>, groups: Groups): Constructor[] {
  return [...nestedShapes(type, groups)].flatMap((each) => ownRuleClasses(each, groups));
}

/** Those of one class that class-validator skips without a word: no `@ValidatorConstraint` names them. */
export function unusedRuleClasses(shape: DtoShape, groups: Groups): Constructor[] {
  const storage = getMetadataStorage();
  return ownRuleClasses(shape, groups).filter(
    (each) => storage.getTargetValidatorConstraints(each).length === 0,
  );
}

const ownRuleClasses = ({ type }: DtoShape, groups: Groups): Constructor[] =>
  metadataOf(type, groups).flatMap(({ constraintCls }) => (constraintCls as Constructor | undefined) ?? []);
