import { expect, test } from '@jest/globals';
import { Expose, Transform, Type } from 'class-transformer';
import {
  Allow,
  ArrayUnique,
  Equals,
  IsArray,
  IsDate,
  IsEnum,
  IsDefined,
  IsIn,
  IsInt,
  IsNotIn,
  IsNumber,
  IsOptional,
  IsPositive,
  IsString,
  Min,
  Validate,
  ValidateIf,
  ValidateNested,
  ValidatorConstraint,
  type ValidationArguments,
} from 'class-validator';
import { Activity, Handle } from 'stepwright';
import { createTestBed } from 'stepwright/testing';
import type { HandleOptions, InputOption } from '../../../../src/framework/declare/handler-options.js';
import { seen } from '../rows/row.js';
import { byKind, Circle, Item } from './field.js';

const REFUSED = 'refused';

/** Returns the input that the handler received, or `refused` with the first message. */
async function take(input: InputOption, json: string, options: HandleOptions = {}): Promise<unknown> {
  @Activity('taking')
  class Taking {
    @Handle({ input, ...options } as HandleOptions<'any', undefined>) run(dto: never): unknown {
      return seen(dto);
    }
  }
  const result = await (await createTestBed(Taking)).runText(json);
  if (result.status === 'succeeded') return result.output;
  if (result.status !== 'failed' || result.error !== 'Stepwright.InvalidInput') return result;
  const { violations } = JSON.parse(result.cause) as { violations: { message: string }[] };
  return `${REFUSED}: ${violations.map(({ message }) => message).join(', ')}`;
}

class Count {
  @IsNumber() @Type(() => Number) n!: number;
}

const NO_NUMBER = 'refused: n must be a number, or a text that is one in JSON';

test.each<[string, number | undefined]>([
  ['7', 7],
  ['-0.5', -0.5],
  ['1e3', 1000],
  ['1e999', undefined],
  ['"7"', 7],
  ['"-0.5e+2"', -50],
  ['"0"', 0],
  ['"1e999"', undefined],
  ['""', undefined],
  ['" 7"', undefined],
  ['"7 "', undefined],
  ['"+7"', undefined],
  ['"07"', undefined],
  ['".5"', undefined],
  ['"5."', undefined],
  ['"0x10"', undefined],
  ['"1_000"', undefined],
  ['"NaN"', undefined],
  ['"Infinity"', undefined],
  ['"７"', undefined],
  ['true', undefined],
  ['false', undefined],
  ['[]', undefined],
  ['[7]', undefined],
  ['{}', undefined],
])('@Type(() => Number) of %s', async (json, n) => {
  expect(await take(Count, `{"n":${json}}`)).toEqual(n === undefined ? NO_NUMBER : { Count: { n } });
});

class Moment {
  @IsDate() @Type(() => Date) at!: Date;
}

const NO_DATE = 'refused: at must be an ISO date, a date-time with its offset, or whole milliseconds';

test.each<[string, string | undefined]>([
  ['"2026-01-02"', '2026-01-02T00:00:00.000Z'],
  ['"2024-02-29"', '2024-02-29T00:00:00.000Z'],
  ['"2026-01-02T03:04Z"', '2026-01-02T03:04:00.000Z'],
  ['"2026-01-02T03:04:05Z"', '2026-01-02T03:04:05.000Z'],
  ['"2026-01-02T03:04:05.678Z"', '2026-01-02T03:04:05.678Z'],
  ['"2026-01-02T03:04:05.678901+09:00"', '2026-01-01T18:04:05.678Z'],
  ['"2026-01-01T24:00:00Z"', '2026-01-02T00:00:00.000Z'],
  ['"+275760-09-13T00:00:00.000Z"', '+275760-09-13T00:00:00.000Z'],
  ['0', '1970-01-01T00:00:00.000Z'],
  ['-1', '1969-12-31T23:59:59.999Z'],
  ['8.64e15', '+275760-09-13T00:00:00.000Z'],
  ['8640000000000001', undefined],
  ['1.5', undefined],
  ['1e999', undefined],
  ['"2026-01-02T03:04:05"', undefined],
  ['"2026-01-02 03:04:05Z"', undefined],
  ['"2026-02-30"', undefined],
  ['"2023-02-29"', undefined],
  ['"2026-04-31T00:00:00Z"', undefined],
  ['"2026-13-01"', undefined],
  ['"2026-01-02T25:00:00Z"', undefined],
  ['"2026-01-02T03:04:60Z"', undefined],
  ['"2026-01-02T03:04:05+24:00"', undefined],
  ['"-000000-01-01"', undefined],
  ['"2026-1-2"', undefined],
  ['"2026"', undefined],
  ['"02/01/2026"', undefined],
  ['"2 January 2026"', undefined],
  ['"1767225600000"', undefined],
  ['""', undefined],
  ['"now"', undefined],
  ['true', undefined],
  ['[]', undefined],
  ['["2026-01-02"]', undefined],
  ['{}', undefined],
])('@Type(() => Date) of %s', async (json, at) => {
  expect(await take(Moment, `{"at":${json}}`)).toEqual(
    at === undefined ? NO_DATE : { Moment: { at: { Date: at } } },
  );
});

test.each<[InputOption, string, unknown]>([
  [Number, '1e999', 'refused: the value must be a number'],
  [Number, '-1e999', 'refused: the value must be a number'],
  [Number, '1e308', 1e308],
])('a bare value: %p of %s', async (input, json, expected) => {
  expect(await take(input, json)).toEqual(expected);
});

class Split {
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.split(',') : value))
  @IsString({ each: true })
  tags!: string[];
}
class Wrong {
  @Transform(({ value }: { value: unknown }) => (value === 'text' ? 7 : value)) @Allow() name!: string;
}
class Sets {
  @Transform(({ value }: { value: unknown }) => (Array.isArray(value) ? new Set(value) : value))
  @Allow()
  names!: Set<string>;
}
class Plain {
  @Transform(({ value }: { value: object }) => ({ ...value }))
  @ValidateNested()
  @Type(() => Item)
  item!: Item;
}
class Defaulted {
  @Expose() @Transform(({ value }: { value?: string }) => value ?? 'none') @IsString() name!: string;
}
class Initialised {
  @Expose() @IsInt() retries = 3;
}

test.each<[string, InputOption, string, unknown]>([
  ['takes what it makes right', Split, '{"tags":"a,b"}', { Split: { tags: ['a', 'b'] } }],
  ['refuses what it leaves wrong', Split, '{"tags":7}', 'refused: tags must be an array'],
  ['refuses what it makes wrong', Wrong, '{"name":"text"}', 'refused: name must be a string'],
  ['a Set', Sets, '{"names":["a"]}', { Sets: { names: { Set: ['a'] } } }],
  ['no Set', Sets, '{"names":"a"}', 'refused: names must be a Set'],
  ['a plain object for a class', Plain, '{"item":{"name":"tea"}}', 'refused: item must be an object'],
  ['what @Type refuses never reaches it', Plain, '{"item":"tea"}', 'refused: item must be an object'],
  ['fills in for an absent key, with @Expose', Defaulted, '{}', { Defaulted: { name: 'none' } }],
  ['an initialiser stays, with @Expose too', Initialised, '{}', { Initialised: { retries: 3 } }],
])('after a @Transform: %s', async (_, input, json, expected) => {
  expect(await take(input, json)).toEqual(expected);
});

enum Colour {
  Red = 'red',
}
enum Level {
  Low,
}
enum Mixed {
  A = 'a',
  B = 1,
}
class Enums {
  @IsOptional() @IsIn(Object.values(Colour)) colour?: Colour;
  @IsOptional() @IsIn([Level.Low]) level?: Level;
  @IsOptional() @IsEnum(Mixed) mixed?: Mixed;
}
class Unions {
  @IsOptional() @Allow() either?: string | number;
  @IsOptional() @Allow() anything?: unknown;
  @IsOptional() @IsString({ each: true }) several?: string | string[];
  @IsOptional() @Type(() => Number) @IsNumber() nullable?: number | null;
}
class OrNull {
  @Allow() text!: string | null;
  @IsIn(['a', null]) choice!: string | null;
  @Allow() @Type(() => Date) at!: Date | null;
  @IsNotIn(['x']) other!: string | number;
}
class MayBeMissing {
  @Allow() only?: string;
  @ValidateIf(({ only }: MayBeMissing) => only !== 'a') @IsString() unless?: string;
  @IsInt() initial = 3;
}
class MustBeThere {
  @Allow() @IsString() both!: string;
  @ValidateIf(() => true) @IsString() held!: string;
}
class Parent {
  @Allow() inherited!: string;
}
class Child extends Parent {
  @IsInt() own!: number;
}
class Renamed {
  @Expose({ name: 'user_id' }) @Allow() userId!: number;
}
class Grouped {
  @IsString({ groups: ['a'] }) text!: string;
  @Allow({ groups: ['b'] }) count!: number;
}
class Nullable {
  @ValidateIf((_, value) => value !== null) @IsString() name!: string | null;
  @IsIn([null, 'a']) @IsOptional() choice!: string;
}
class Strict {
  @IsIn([null, 'a']) choice!: string;
}
class Negative {
  @IsNotIn(['x']) name!: string;
}
class Positive {
  @IsPositive() price!: number;
  @Min(0, { each: true }) list!: number[];
}
class Kind {
  @Equals('k') kind!: string;
}
class Kinded {
  @ValidateNested()
  @Type(() => Kind, { discriminator: { property: 'kind', subTypes: [{ name: 'k', value: Kind }] } })
  of!: Kind;
}
class Matrix {
  @ValidateNested({ each: true }) @Type(() => Item) rows!: Item[][];
}
const NOT_DECLARED = 'not an array; @IsArray({ each: true }) declares an array of arrays';
class Grid {
  @IsArray({ each: true }) @ValidateNested({ each: true }) @Type(() => Item) rows!: Item[][];
  @IsOptional() @IsArray({ each: true }) @Type(() => Number) numbers?: number[][];
  @IsOptional() @IsArray() @Type(() => Number) list?: number[];
}
class Shapes {
  @IsDefined() @ValidateNested() @byKind(Object) one!: Circle;
}
class Opaque {
  x?: unknown;
}
class Holder {
  @Type(() => Opaque) @Allow() opaque!: Opaque;
}

test.each<[string, InputOption, string, unknown, HandleOptions?]>([
  ['an enum of texts', Enums, '{"colour":"red"}', { Enums: { colour: 'red' } }],
  ['an enum of texts, a number', Enums, '{"colour":0}', expect.stringMatching(/^refused: colour must be/)],
  ['an enum of numbers', Enums, '{"level":0}', { Enums: { level: 0 } }],
  ['an enum of numbers, its name', Enums, '{"level":"Low"}', 'refused: level must be a number'],
  ['a mixed enum', Enums, '{"mixed":1}', { Enums: { mixed: 1 } }],
  ['a mixed enum, a text', Enums, '{"mixed":"a"}', { Enums: { mixed: 'a' } }],
  [
    'a mixed enum, the name of a number',
    Enums,
    '{"mixed":"B"}',
    'refused: mixed must be one of the following values: a, 1',
  ],
  ['a union: nothing is known', Unions, '{"either":true}', { Unions: { either: true } }],
  ['unknown', Unions, '{"anything":[1]}', { Unions: { anything: [1] } }],
  ['each, of a union: a list', Unions, '{"several":["a"]}', { Unions: { several: ['a'] } }],
  ['each, of a union: no list', Unions, '{"several":"a"}', 'refused: several must be an array'],
  [
    'null in a union',
    OrNull,
    '{"text":null,"choice":null,"at":null,"other":null}',
    { OrNull: { text: null, choice: null, at: null, other: null } },
  ],
  ['missing keys', MayBeMissing, '{"only":"a"}', { MayBeMissing: { initial: 3, only: 'a' } }],
  ['missing keys, one of them not allowed to be', MayBeMissing, '{}', 'refused: unless must be a string'],
  [
    'missing keys that rules refuse',
    MustBeThere,
    '{}',
    'refused: both must be a string, held must be a string',
  ],
  ['a missing key of a union', OrNull, '{"choice":"a"}', { OrNull: { choice: 'a' } }],
  ['@Type of a union with null', Unions, '{"nullable":null}', { Unions: { nullable: null } }],
  [
    '@Type of a union with null: no number',
    Unions,
    '{"nullable":""}',
    expect.stringMatching(/^refused: nullable must be a number/),
  ],
  ['an inherited field', Child, '{"inherited":7,"own":1}', 'refused: inherited must be a string'],
  ['by its name in JSON', Renamed, '{"user_id":"7"}', 'refused: user_id must be a number'],
  ['in its groups', Grouped, '{"count":"7"}', 'refused: count must be a number', { groups: ['b'] }],
  ['not out of them', Grouped, '{"text":"a","count":"7"}', { Grouped: { text: 'a' } }, { groups: ['a'] }],
  ['null after a condition', Nullable, '{"name":null}', { Nullable: { name: null } }],
  ['null without one', Strict, '{"choice":null}', 'refused: choice must be a string'],
  ['absent, where no rule minds', Negative, '{}', 'refused: name must be there'],
  ['too great for a number', Positive, '{"price":1e999,"list":[]}', 'refused: price must be a number'],
  ['too great, in a list', Positive, '{"price":1,"list":[0,1e999]}', 'refused: list[1] must be a number'],
  ['a discriminator with rules', Kinded, '{"of":{"kind":"k"}}', { Kinded: { of: { Kind: { kind: 'k' } } } }],
  ['a discriminator, broken', Kinded, '{"of":{"kind":7}}', 'refused: of.kind must be a string'],
  [
    'lists in lists',
    Matrix,
    '{"rows":[[{"name":"tea"}]]}',
    `refused: rows[0] must be an object, ${NOT_DECLARED}`,
  ],
  [
    'declared lists in lists',
    Grid,
    '{"rows":[[{"name":"tea"}],[]],"numbers":[[1,"2"]]}',
    { Grid: { rows: [[{ Item: { name: 'tea' } }], []], numbers: [[1, 2]] } },
  ],
  [
    'a wrong element of a list in a list',
    Grid,
    '{"rows":[[{"name":"tea"},{"name":7}],7],"numbers":[["x"]]}',
    'refused: numbers[0][0] must be a number, or a text that is one in JSON, rows[0][1].name must be a string, rows[1] must be an array',
  ],
  [
    'a list in a flat list',
    Grid,
    '{"rows":[],"list":[[1]]}',
    `refused: list[0] must be a number, or a text that is one in JSON, ${NOT_DECLARED}`,
  ],
  [
    'no subtype, told once',
    Shapes,
    '{"one":{"kind":"star"}}',
    'refused: one.kind must be one of: circle, square',
  ],
  ['a class without rules', Holder, '{"opaque":{"x":1}}', { Holder: { opaque: { Opaque: { x: 1 } } } }],
  ['a class without rules: no object', Holder, '{"opaque":[]}', 'refused: opaque must be an object'],
])('%s', async (_, ...[input, json, expected, options]) => {
  expect(await take(input, json, options)).toEqual(expected);
});

@ValidatorConstraint({ name: 'trimmed' })
class Trimmed {
  validate(value: string): boolean {
    return value.trim() === value;
  }
}
@ValidatorConstraint({ name: 'sibling' })
class LikeName {
  validate(_value: string, { object }: ValidationArguments): boolean {
    return (object as Careless).name.startsWith('a');
  }
}
class Careless {
  @Validate(Trimmed) name!: string;
  @Validate(LikeName) @IsString() other!: string;
  @IsOptional()
  @ArrayUnique((item: Item) => item.name.trim())
  @ValidateNested({ each: true })
  @Type(() => Item)
  items?: Item[];
}

test('no rule of its own sees a value of another kind, and a rule that looks at one elsewhere does no harm', async () => {
  expect(await take(Careless, '{"name":7,"other":"b"}')).toBe('refused: name must be a string');
  expect(await take(Careless, '{"name":"a","other":"b","items":[{"name":7}]}')).toBe(
    'refused: items[0].name must be a string',
  );
});

test('while the value is right, what a rule throws is not swallowed', async () => {
  expect(await take(Careless, '{"name":"a"}')).toBe('refused: other must be a string');
  class Throwing {
    @Validate(Trimmed) @Allow() any: unknown;
  }
  expect(await take(Throwing, '{"any":7}')).toMatchObject({ error: 'TypeError' });
});

class Precise {
  @IsNumber({ maxDecimalPlaces: 8 }) value!: number;
  @IsOptional() @IsNumber({ maxDecimalPlaces: 2 }, { each: true }) list?: number[];
}

test.each<[string, unknown]>([
  ['{"value":1e-7}', { Precise: { value: 1e-7 } }],
  ['{"value":1.5e-7}', { Precise: { value: 1.5e-7 } }],
  ['{"value":1e-9}', expect.stringMatching(/^refused: value must be a number conforming/)],
  ['{"value":1.25e-8}', expect.stringMatching(/^refused: value must be a number conforming/)],
  ['{"value":1,"list":[0.25,1e-7]}', expect.stringMatching(/^refused: each value in list must be a number/)],
])('decimal places of a number with an exponent: %s', async (json, expected) => {
  expect(await take(Precise, json)).toEqual(expected);
});
