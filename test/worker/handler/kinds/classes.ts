import { Type } from 'class-transformer';
import { Allow, IsBoolean, IsDate, IsNumber, IsOptional, IsString, ValidateNested } from 'class-validator';
import * as fc from 'fast-check';
import type { Constructor } from '../../../../src/framework/declare/class.js';
import { byKind, dtoOf } from './field.js';

/** A declared type, its decorators, and the JSON that it is meant to take. */
interface Declared {
  readonly type: unknown;
  readonly decorators: readonly PropertyDecorator[];
  /** JSON that is accepted. */
  readonly json: fc.Arbitrary<unknown>;
}

const each = { each: true };
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
const ruled = (type: unknown, rule: PropertyDecorator, json: fc.Arbitrary<unknown>) =>
  fc.constantFrom(rule, ALLOW).map((decorator): Declared => ({ type, decorators: [decorator], json }));

const typed = (made: fc.Arbitrary<Declared>, ...more: PropertyDecorator[]): fc.Arbitrary<Declared> =>
  made.map((each) => ({ ...each, decorators: [...each.decorators, ...more] }));

const scalars = [
  ruled(String, IsString(), texts),
  typed(
    ruled(String, IsString(), texts),
    Type(() => String),
  ),
  ruled(Number, IsNumber(), numbers),
  typed(
    ruled(Number, IsNumber(), numeric),
    Type(() => Number),
  ),
  ruled(Boolean, IsBoolean(), fc.boolean()),
  typed(
    ruled(Date, IsDate(), dates),
    Type(() => Date),
  ),
];
const collections = [
  fc.constant<Declared>({ type: Array, decorators: [ALLOW], json: lists(fc.jsonValue()) }),
  fc.constant<Declared>({ type: Array, decorators: [IsString(each)], json: lists(texts) }),
  typed(
    ruled(Array, IsNumber({}, each), lists(numeric)),
    Type(() => Number),
  ),
  typed(
    ruled(Set, IsDate(each), lists(dates)),
    Type(() => Date),
  ),
  typed(
    ruled(Map, IsString(each), maps(texts)),
    Type(() => String),
  ),
];

/** A class, and JSON that it accepts. */
interface Dto {
  readonly dto: Constructor<object>;
  readonly json: fc.Arbitrary<unknown>;
}

function nestedIn({ dto, json }: Dto) {
  const decorators = [ValidateNested(each), Type(() => dto)];
  return fc.constantFrom<Declared>(
    { type: dto, decorators: [ValidateNested(), Type(() => dto)], json },
    { type: Array, decorators, json: lists(json) },
    { type: Set, decorators, json: lists(json) },
    { type: Map, decorators, json: maps(json) },
  );
}

const unions = fc.constantFrom<Declared>(
  { type: Object, decorators: [ValidateNested(), byKind(Object)], json: shapes },
  { type: Array, decorators: [ValidateNested(each), byKind(Object)], json: lists(shapes) },
);

const NAMES = ['a', 'b', 'c'] as const;

/** Makes a class of one to three fields, some optional, some with nested classes. */
function dtos(depth: number): fc.Arbitrary<Dto> {
  const plain = [...scalars, ...collections, unions];
  const fields: fc.Arbitrary<Declared> =
    depth === 0 ? fc.oneof(...plain) : fc.oneof(...plain, dtos(depth - 1).chain(nestedIn));
  return fc
    .array(fc.tuple(fields, fc.boolean()), { minLength: 1, maxLength: 3 })
    .map((list) => list.map(([field, optional], index) => ({ name: NAMES[index] ?? '', field, optional })))
    .map((list) => ({
      dto: dtoOf(
        Object.fromEntries(
          list.map(({ name, field, optional }) => [
            name,
            [field.type, ...(optional ? [IsOptional()] : []), ...field.decorators],
          ]),
        ),
      ),
      json: fc.record(Object.fromEntries(list.map(({ name, field }) => [name, field.json]))),
    }));
}

/** Makes a class, JSON that it accepts, and JSON that is nearly right, with parts replaced by any value. */
export const cases = dtos(2).chain(({ dto, json }) =>
  fc.record({
    dto: fc.constant(dto),
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
