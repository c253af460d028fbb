import { isPlainObject } from '../../base/json.js';
import { definitionName, type JsonSchema } from '../../declare/schema/dto-schema.js';

/** A step from a list to each of its elements. */
export const EACH = Symbol('each');

/** The names that lead to a part of the execution's input. */
export type InputKeys = readonly (string | typeof EACH)[];

/** A value of which nothing is known, but perhaps that it is a part of the execution's input. */
class Unknown {
  constructor(readonly from?: InputKeys) {}
}

export const UNKNOWN = new Unknown();

/** Returns a part of the execution's input. */
export const inputPart = (keys: InputKeys): Shape => new Unknown(keys);

export const isUnknown = (shape: unknown): shape is Unknown => shape instanceof Unknown;

/** A key of an object's shape: the object may have more fields than are listed, which are those of another value. */
const OPEN = Symbol('open');

type TypeName = 'string' | 'number' | 'boolean';

/** A value of which only the type is known. */
export class Typed {
  constructor(readonly type: TypeName) {}
}

/** An array of unknown length. All its elements have one shape. */
export class ListOf {
  /** @param isSequence true for what a JSONata path over a list makes: of one element, it is that element */
  constructor(
    readonly item: Shape,
    readonly isSequence = false,
  ) {}
}

/** One of several values, where ways meet. None of them is unknown, a list, or one of several itself. */
export class OneOf {
  constructor(readonly shapes: readonly Shape[]) {}
}

/** The most values that are told apart where ways meet. Of more, only what they have in common is known. */
const MOST_SHAPES = 8;

/** The fields of an object. Without OPEN, it has no others. */
export interface ObjectShape {
  readonly [key: string]: Shape;
  readonly [OPEN]?: Unknown;
}

/**
 * The knowledge of a value before an execution runs. A plain JSON value stands for itself. An object or an array may
 * have parts of which less is known.
 */
export type Shape =
  | Unknown
  | Typed
  | ListOf
  | OneOf
  | ObjectShape
  | readonly Shape[]
  | string
  | number
  | boolean
  | null;

export const TEXT = new Typed('string');
export const NUMBER = new Typed('number');
export const BOOLEAN = new Typed('boolean');

/** Returns the shape of a JSON value in a definition. A text with `${…}` is only known when it is deployed. */
export const literal = (value: unknown): Shape =>
  typeof value === 'string' && value.includes('${') ? TEXT : (value as Shape);

export const isObjectShape = (shape: unknown): shape is ObjectShape => isPlainObject(shape);

/** Returns the value of which an object has all fields that are not listed; undefined if it has no others. */
export const othersOf = (fields: ObjectShape): Shape | undefined => fields[OPEN];

const withOthers = (fields: ObjectShape, others: Shape = UNKNOWN): ObjectShape => ({
  ...fields,
  [OPEN]: isUnknown(others) ? others : UNKNOWN,
});

/** Returns what is known of a value that has one of two shapes. */
export function merge(a: Shape, b: Shape): Shape {
  if (a === b) return a;
  const shapes = [...shapesOf(a), ...shapesOf(b)];
  if (shapes.some((each) => isUnknown(each) || itemOf(each) !== undefined || isOpen(each)))
    return common(a, b);
  const apart = new Map<string, Shape>();
  for (const each of shapes) {
    // Objects with the same fields are one object, and a value is one of its type.
    const key = isObjectShape(each) ? JSON.stringify(Object.keys(each).toSorted()) : textOf(each);
    apart.set(key, common(apart.get(key) ?? each, each));
  }
  const typed = [...apart.values()].filter((each) => each instanceof Typed);
  const left = [...apart.values()].filter(
    (each) => each instanceof Typed || !typed.some((all) => all.type === typeOf(each)),
  );
  const [only = UNKNOWN, ...others] = left;
  if (others.length === 0) return only;
  return left.length > MOST_SHAPES ? left.reduce(common) : new OneOf(left);
}

/** Returns the values that a value may be. */
export const shapesOf = (shape: Shape): readonly Shape[] => (shape instanceof OneOf ? shape.shapes : [shape]);

const isOpen = (shape: Shape): boolean => isObjectShape(shape) && shape[OPEN] !== undefined;

/** Returns what two shapes have in common. */
export function common(a: Shape, b: Shape): Shape {
  if (a === b) return a;
  if (a instanceof OneOf || b instanceof OneOf) return [...shapesOf(a), ...shapesOf(b)].reduce(common);
  if (Array.isArray(a) && Array.isArray(b) && a.length === b.length)
    return a.map((each: Shape, index) => merge(each, (b as readonly Shape[])[index] ?? UNKNOWN));
  const [ofA, ofB] = [itemOf(a), itemOf(b)];
  if (ofA !== undefined && ofB !== undefined)
    return new ListOf(merge(ofA, ofB), isSequence(a) || isSequence(b));
  if (isObjectShape(a) && isObjectShape(b)) return mergeFields(a, b);
  if (isUnknown(a) && isUnknown(b) && sameKeys(a, b)) return a;
  const type = typeOf(a);
  return type !== undefined && type === typeOf(b) ? new Typed(type) : UNKNOWN;
}

/** Returns a text that differs for shapes that differ. */
export const textOf = (shape: unknown): string =>
  JSON.stringify(shape, (_key, value: unknown) => {
    if (!isObjectShape(value)) return value;
    const others = othersOf(value);
    return others ? { open: Object.entries(value), others } : value;
  });

function mergeFields(a: ObjectShape, b: ObjectShape): ObjectShape {
  const [ofA, ofB] = [a[OPEN], b[OPEN]];
  const isAlike = ofA !== undefined && ofB !== undefined && sameKeys(ofA, ofB);
  const keys = Object.keys({ ...a, ...b });
  const shared = keys.filter((key) => isAlike || (Object.hasOwn(a, key) && Object.hasOwn(b, key)));
  const merged = Object.fromEntries(
    shared.map((key) => [key, merge(part(a, key) ?? UNKNOWN, part(b, key) ?? UNKNOWN)]),
  );
  const isSame = shared.length === keys.length && !ofA && !ofB;
  return isSame ? merged : withOthers(merged, isAlike ? ofA : UNKNOWN);
}

const sameKeys = (a: Unknown, b: Unknown): boolean =>
  a.from?.length === b.from?.length && (a.from ?? []).every((key, at) => key === b.from?.[at]);

export const isSequence = (shape: Shape): boolean => shape instanceof ListOf && shape.isSequence;

const at = (fields: ObjectShape, key: string): Shape => fields[key] ?? null;

/** Returns the shape of each element of an array; undefined for anything else. */
export function itemOf(shape: Shape): Shape | undefined {
  if (shape instanceof ListOf) return shape.item;
  if (!Array.isArray(shape)) return undefined;
  const [first, ...others] = shape as readonly Shape[];
  return others.reduce(merge, first ?? UNKNOWN);
}

function typeOf(shape: Shape): TypeName | undefined {
  if (shape instanceof Typed) return shape.type;
  const type = typeof shape;
  return type === 'string' || type === 'number' || type === 'boolean' ? type : undefined;
}

/** Returns the shape of one field or element; undefined if the value never has it. */
export function part(shape: Shape, key: string | number): Shape | undefined {
  if (isUnknown(shape))
    return shape.from && typeof key === 'string' ? inputPart([...shape.from, key]) : UNKNOWN;
  if (shape instanceof OneOf) {
    const found = shape.shapes.map((each) => part(each, key));
    if (found.every((each) => each === undefined)) return undefined;
    return either(found.map((each) => (each === undefined ? UNKNOWN : each)));
  }
  if (typeof key === 'number') return element(shape, key);
  if (isSequence(shape)) return UNKNOWN;
  if (!isObjectShape(shape)) return undefined;
  if (Object.hasOwn(shape, key)) return at(shape, key);
  return shape[OPEN] && part(shape[OPEN], key);
}

function element(shape: Shape, index: number): Shape | undefined {
  if (shape instanceof ListOf) return shape.item;
  return Array.isArray(shape) ? (shape as readonly Shape[])[index] : undefined;
}

/** A name that leads to nothing, and the value or the names among which it is looked for. */
export class Missing {
  constructor(
    readonly name: string,
    readonly within: Shape,
    readonly kind: 'field' | 'variable' | 'function' = 'field',
  ) {}
}

/** Returns an object's shape with one part, at the end of these keys, replaced. */
export function replaced(shape: Shape, keys: readonly string[], value: Shape): Shape {
  const [key, ...rest] = keys;
  if (key === undefined) return value;
  if (shape instanceof OneOf) return either(shape.shapes.map((each) => replaced(each, keys, value)));
  const own = part(shape, key);
  const inner = replaced(own ?? {}, rest, value);
  return isObjectShape(shape) ? { ...shape, [key]: inner } : withOthers({ [key]: inner }, shape);
}

/** Returns what is known of a value that has one of some shapes. No value has one of none. */
const either = ([first = UNKNOWN, ...others]: readonly Shape[]): Shape => others.reduce(merge, first);

/** The deepest nesting that is read from a schema. A class may contain itself. */
const MOST_DEPTH = 8;

/** Returns what is known of all values that match a schema. */
export function shapeOfSchema(schema: JsonSchema): Shape {
  const definitions = isPlainObject(schema['$defs']) ? schema['$defs'] : {};
  return new SchemaReader(definitions).read(schema, 0);
}

class SchemaReader {
  constructor(private readonly definitions: Readonly<Record<string, unknown>>) {}

  read(schema: unknown, depth: number): Shape {
    if (!isPlainObject(schema) || depth > MOST_DEPTH) return UNKNOWN;
    const { $ref, allOf, anyOf, type, items } = schema;
    if ('const' in schema) return schema['const'] as Shape;
    if (Array.isArray(schema['enum'])) return either(schema['enum'] as Shape[]);
    if (typeof $ref === 'string') return this.read(this.definitions[definitionName($ref)], depth + 1);
    if (Array.isArray(anyOf)) return either(anyOf.map((each) => this.read(each, depth + 1)));
    if (Array.isArray(allOf))
      return allOf.map((each) => this.read(each, depth + 1)).find((each) => !isUnknown(each)) ?? UNKNOWN;
    if (type === 'array') return new ListOf(this.read(items, depth + 1));
    if (type === 'object') return this.#fields(schema, depth);
    if (type === 'integer') return NUMBER;
    return type === 'string' || type === 'number' || type === 'boolean' ? new Typed(type) : UNKNOWN;
  }

  #fields({ properties, required, additionalProperties }: JsonSchema, depth: number): Shape {
    const needed: readonly unknown[] = Array.isArray(required) ? required : [];
    const fields = Object.fromEntries(
      Object.entries(isPlainObject(properties) ? properties : {}).map(([key, value]): [string, Shape] => [
        key,
        needed.includes(key) ? this.read(value, depth + 1) : UNKNOWN,
      ]),
    );
    return additionalProperties === false ? fields : withOthers(fields);
  }
}
