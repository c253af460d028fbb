import { Type } from 'class-transformer';
import { Allow, IsBoolean, IsDate, IsNumber, IsOptional, IsString, ValidateNested } from 'class-validator';
import * as fc from 'fast-check';
import type { Constructor } from '../../../../src/framework/declare/class.js';
import { byKind, Circle, dtoOf, Square } from './field.js';

/** A declared type, its decorators, and the JSON that it is meant to take. */
interface Declared {
  readonly type: unknown;
  readonly decorators: readonly PropertyDecorator[];
  readonly holds: (value: unknown) => boolean;
  /** JSON that is accepted. */
  readonly json: fc.Arbitrary<unknown>;
}

const each = { each: true };
const isText = (value: unknown): boolean => typeof value === 'string';
const isNumber = (value: unknown): boolean => typeof value === 'number' && Math.abs(value) < Infinity;
const isDate = (value: unknown): boolean => value instanceof Date && value.getTime() === value.getTime();
const isCircleOrSquare = (value: unknown): boolean =>
  (value instanceof Circle && isNumber(value.radius)) || (value instanceof Square && isNumber(value.side));
const all = (values: Iterable<unknown>, holds: (value: unknown) => boolean): boolean =>
  [...values].every(holds);

const texts = fc.string({ maxLength: 4 });
const numbers = fc.double({ noNaN: true, noDefaultInfinity: true });
const numeric = fc.oneof(
  numbers,
  numbers.map((each) => JSON.stringify(each)),
);
const dates = fc.oneof(
  fc
    .date({ noInvalidDate: true, min: new Date(0), max: new Date('9999-01-01') })
    .map((each) => each.toISOString()),
  fc.integer(),
);
const shapes = fc.oneof(
  numbers.map((radius) => ({ kind: 'circle', radius })),
  numbers.map((side) => ({ kind: 'square', side })),
);
const lists = <T>(part: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(part, { maxLength: 3 });
const maps = <T>(part: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> =>
  fc.dictionary(fc.constantFrom('a', 'b c', 'constructor', 'toString'), part, { maxKeys: 3 });
/** No rule at all: the key may be absent, but a value must be of the declared type. */
const ALLOW = Allow();

/** A rule that names the kind, or one that accepts every value. */
const ruled = (
  type: unknown,
  rule: PropertyDecorator,
  holds: Declared['holds'],
  json: fc.Arbitrary<unknown>,
) =>
  fc.constantFrom(rule, ALLOW).map((decorator): Declared => ({ type, decorators: [decorator], holds, json }));

const typed = (made: fc.Arbitrary<Declared>, ...more: PropertyDecorator[]): fc.Arbitrary<Declared> =>
  made.map((each) => ({ ...each, decorators: [...each.decorators, ...more] }));

const scalars = [
  ruled(String, IsString(), isText, texts),
  typed(
    ruled(String, IsString(), isText, texts),
    Type(() => String),
  ),
  ruled(Number, IsNumber(), isNumber, numbers),
  typed(
    ruled(Number, IsNumber(), isNumber, numeric),
    Type(() => Number),
  ),
  ruled(Boolean, IsBoolean(), (value) => typeof value === 'boolean', fc.boolean()),
  typed(
    ruled(Date, IsDate(), isDate, dates),
    Type(() => Date),
  ),
];
const collections = [
  fc.constant<Declared>({
    type: Array,
    decorators: [ALLOW],
    holds: Array.isArray,
    json: lists(fc.jsonValue()),
  }),
  fc.constant<Declared>({
    type: Array,
    decorators: [IsString(each)],
    holds: (value) => Array.isArray(value) && all(value, isText),
    json: lists(texts),
  }),
  typed(
    ruled(Array, IsNumber({}, each), (value) => Array.isArray(value) && all(value, isNumber), lists(numeric)),
    Type(() => Number),
  ),
  typed(
    ruled(Set, IsDate(each), (value) => value instanceof Set && all(value, isDate), lists(dates)),
    Type(() => Date),
  ),
  typed(
    ruled(Map, IsString(each), (value) => value instanceof Map && all(value.values(), isText), maps(texts)),
    Type(() => String),
  ),
];

function nestedIn(inner: {
  dto: Constructor<object>;
  holds: Declared['holds'];
  json: fc.Arbitrary<unknown>;
}) {
  const { dto, holds, json } = inner;
  const type = Type(() => dto);
  return fc.constantFrom<Declared>(
    { type: dto, decorators: [ValidateNested(), type], holds, json },
    {
      type: Array,
      decorators: [ValidateNested(each), type],
      holds: (value) => Array.isArray(value) && all(value, holds),
      json: lists(json),
    },
    {
      type: Set,
      decorators: [ValidateNested(each), type],
      holds: (value) => value instanceof Set && all(value, holds),
      json: lists(json),
    },
    {
      type: Map,
      decorators: [ValidateNested(each), type],
      holds: (value) => value instanceof Map && all(value.values(), holds),
      json: maps(json),
    },
  );
}

const unions = fc.constantFrom<Declared>(
  { type: Object, decorators: [ValidateNested(), byKind(Object)], holds: isCircleOrSquare, json: shapes },
  {
    type: Array,
    decorators: [ValidateNested(each), byKind(Object)],
    holds: (value) => Array.isArray(value) && all(value, isCircleOrSquare),
    json: lists(shapes),
  },
);

const NAMES = ['a', 'b', 'c'] as const;

/** Makes a class of one to three fields, some optional, some with nested classes. */
function dtos(depth: number): fc.Arbitrary<{
  dto: Constructor<object>;
  holds: Declared['holds'];
  json: fc.Arbitrary<unknown>;
}> {
  const plain = [...scalars, ...collections, unions];
  const fields: fc.Arbitrary<Declared> =
    depth === 0 ? fc.oneof(...plain) : fc.oneof(...plain, dtos(depth - 1).chain(nestedIn));
  return fc
    .array(fc.tuple(fields, fc.boolean()), { minLength: 1, maxLength: 3 })
    .map((list) => list.map(([field, optional], index) => ({ name: NAMES[index] ?? '', field, optional })))
    .map((list) => {
      const dto = dtoOf(
        Object.fromEntries(
          list.map(({ name, field, optional }) => [
            name,
            [field.type, ...(optional ? [IsOptional()] : []), ...field.decorators],
          ]),
        ),
      );
      return {
        dto,
        json: fc.record(Object.fromEntries(list.map(({ name, field }) => [name, field.json]))),
        holds: (value) =>
          value instanceof dto &&
          list.every((each) => {
            const x: unknown = Reflect.get(value, each.name);
            if (x === undefined) return each.optional || each.field.decorators.includes(ALLOW);
            return x === null ? each.optional : each.field.holds(x);
          }),
      };
    });
}

/** Makes a class, JSON that it accepts, and JSON that is nearly right, with parts replaced by any value. */
export const cases = dtos(2).chain(({ dto, holds, json }) =>
  fc.record({
    dto: fc.constant(dto),
    holds: fc.constant(holds),
    right: json,
    wrong: fc.oneof(
      fc.tuple(json, fc.infiniteStream(fc.tuple(fc.nat(5), fc.jsonValue({ maxDepth: 2 })))).map(damaged),
      fc.jsonValue(),
    ),
  }),
);

function damaged([value, chances]: [unknown, Iterator<[number, unknown]>]): unknown {
  const { value: next } = chances.next() as { value: [number, unknown] };
  if (next[0] === 0) return next[1];
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((part: unknown) => damaged([part, chances]));
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, damaged([part, chances])]));
}
