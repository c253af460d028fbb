import { anyCharacter } from '../../support/characters.js';
import { beforeAll, expect, test } from '@jest/globals';
import { Transform, Type } from 'class-transformer';
import {
  Allow,
  IsArray,
  IsDate,
  IsInt,
  IsNotEmpty,
  IsObject,
  IsOptional,
  IsString,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import * as fc from 'fast-check';
import { Activity, ActivityFailure, Handle } from 'stepwright';
import { createTestBed, type TaskResult } from 'stepwright/testing';
import { Drawing, Item, Unique } from './rows/dtos.js';
import { tries } from '../../support/effort.js';

/** PROPERTY_RUNS=50000 runs them all, which takes half a minute on a slow machine. */
const RUNS = tries(2_000);

class Rich {
  @IsString() @IsNotEmpty() @MaxLength(40, { message: '$value is too long' }) who!: string;
  @IsInt() @Min(0) count!: number;
  @IsOptional() @IsArray() @ValidateNested({ each: true }) @Type(() => Item) items?: Item[];
  @IsOptional() @ValidateNested({ each: true }) @Type(() => Item) byName?: Map<string, Item>;
  @IsOptional() @ValidateNested() @Type(() => Drawing) drawing?: Drawing;
  @IsOptional() @ValidateNested() @Type(() => Rich) inner?: Rich;
  @IsOptional() @ValidateNested() @Type(() => Unique) unique?: Unique;
  @IsOptional() @IsDate() @Type(() => Date) at?: Date;
  @IsOptional() @IsObject() meta?: Record<string, unknown>;
  @IsOptional() @Transform(({ value }: { value: string }) => BigInt(value)) @Allow() amount?: bigint;
  @Allow() anything?: unknown;
}

const watched = [Object.prototype, Array.prototype, Function.prototype, Rich.prototype, Item.prototype];
const state = (): string[][] => watched.map((each) => Reflect.ownKeys(each).map(String));
let before: string[][] = [];
beforeAll(() => {
  before = state();
});

function checkFailure(result: TaskResult): void {
  if (result.status !== 'failed') return;
  const cause: Record<string, unknown> = JSON.parse(result.cause);
  if (result.cause.length > 32_768) throw new Error(`a cause of ${result.cause.length} characters`);
  if (cause['errorType'] !== result.error)
    throw new Error(`${String(cause['errorType'])}, not ${result.error}`);
  if (typeof cause['errorMessage'] !== 'string') throw new Error('no message');
  if (result.error.length > 256) throw new Error('a name that is too long');
}

const key = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('who', 'count', 'items', 'name', 'price', 'kind', 'main') },
  {
    weight: 2,
    arbitrary: fc.constantFrom('__proto__', 'constructor', 'prototype', 'toString', 'then', 'length', '0'),
  },
  fc.string({ maxLength: 6 }),
);
const { tree } = fc.letrec<{ tree: unknown; leaf: unknown }>((tie) => ({
  leaf: fc.oneof(
    fc.constantFrom(
      null,
      true,
      false,
      0,
      -1,
      1.5,
      1e21,
      '',
      'tea',
      'circle',
      '2026-01-01',
      '12',
      'x'.repeat(50),
    ),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string({ maxLength: 8 }),
  ),
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    tie('leaf'),
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie('tree')), { maxLength: 5 }).map(object),
  ),
}));

/** Compares own keys only, `__proto__` included. */
function object(entries: [string, unknown][]): object {
  const made = {};
  for (const [name, value] of entries) {
    Object.defineProperty(made, name, { value, enumerable: true, configurable: true, writable: true });
  }
  return made;
}

const either = <T>(right: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 40, arbitrary: right }, { weight: 1, arbitrary: tree });
const item = fc.record({ name: either(fc.constant('tea')), price: either(fc.nat()) });
const shape = fc.oneof(
  fc.record({ kind: fc.constant('circle'), radius: either(fc.nat()) }),
  fc.record({ kind: either(fc.constant('square')), side: either(fc.nat()) }),
);
const nearly = fc.record(
  {
    who: either(fc.string({ minLength: 1 })),
    count: either(fc.nat()),
    items: either(fc.array(either(item), { maxLength: 4 })),
    byName: either(fc.dictionary(fc.string({ maxLength: 4 }), either(item), { maxKeys: 3 })),
    drawing: either(fc.record({ main: either(shape), others: fc.array(either(shape), { maxLength: 2 }) })),
    inner: either(fc.record({ who: fc.constant('a'), count: either(fc.nat()) })),
    unique: either(fc.record({ name: fc.constantFrom('free', 'taken') })),
    at: either(fc.constant('2026-01-01T00:00:00Z')),
    meta: tree,
    amount: either(fc.constant('12')),
    anything: tree,
    ['__proto__']: tree,
    constructor: tree,
  },
  { requiredKeys: ['who', 'count'] },
);
const written = fc
  .oneof({ weight: 4, arbitrary: nearly }, { weight: 1, arbitrary: tree })
  .map((value) => JSON.stringify(value));
const damaged = fc
  .tuple(written, fc.nat(), fc.constantFrom('', '{', '"', ',', '\\u0000', '[', '}'))
  .map(([text, at, put]) => {
    const place = at % (text.length + 1);
    return `${text.slice(0, place)}${put}${text.slice(place + 1)}`;
  });
const text = fc.oneof(
  { weight: 8, arbitrary: written },
  { weight: 2, arbitrary: damaged },
  { weight: 1, arbitrary: fc.string() },
);

test('any text has one outcome, and leaves no trace in a prototype', async () => {
  @Activity('rich')
  class Taking {
    @Handle() run(input: Rich): boolean {
      return input instanceof Rich && Object.getPrototypeOf(input) === Rich.prototype;
    }
  }
  const bed = await createTestBed(Taking);
  const seen = { succeeded: 0, failed: 0, deferred: 0, gone: 0 };
  await fc.assert(
    fc.asyncProperty(text, async (json) => {
      const result = await bed.runText(json);
      seen[result.status]++;
      checkFailure(result);
      if (result.status === 'succeeded') return result.output;
      return result.status === 'failed' && result.error === 'Stepwright.InvalidInput';
    }),
    { numRuns: RUNS },
  );
  expect(state()).toEqual(before);
  expect(Math.min(seen.succeeded, seen.failed)).toBeGreaterThan(RUNS / 20);
  expect(seen.gone).toBe(0);
}, 120_000);

const message = fc.oneof(
  fc.string(),
  fc.string({ unit: anyCharacter, maxLength: 40 }),
  fc.constant('é"\\\u0000\ud800'.repeat(9000)),
);
const errors = fc.oneof(
  message.map((each) => new Error(each)),
  fc.tuple(message, fc.anything()).map(([each, cause]) => new TypeError(each, { cause })),
  fc
    .tuple(fc.string({ maxLength: 300 }), message, fc.anything())
    .map(([name, each, data]) => new ActivityFailure(name, each, data)),
  fc
    .tuple(
      message,
      fc.dictionary(
        fc.constantFrom('name', 'message', 'stack', 'cause', 'constructor', 'errors', 'toJSON'),
        fc.anything(),
      ),
    )
    .map(([each, fields]) => Object.assign(new RangeError(each), fields)),
  fc.array(fc.anything(), { maxLength: 3 }).map((each) => new AggregateError(each)),
);

test('any thrown value has one outcome', async () => {
  let thrown: unknown;
  @Activity('throwing')
  class Throwing {
    @Handle() run(): never {
      throw thrown;
    }
  }
  const bed = await createTestBed(Throwing);
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withNullPrototype: true,
    withSparseArray: true,
    withTypedArray: true,
  });
  await fc.assert(
    fc.asyncProperty(fc.oneof(errors, anything), async (each) => {
      thrown = each;
      const result = await bed.runText('{}');
      checkFailure(result);
      return result.status === 'failed' && !/^(States|Stepwright)\./.test(result.error);
    }),
    { numRuns: Math.ceil(RUNS / 10) },
  );
  expect(state()).toEqual(before);
}, 120_000);

test('any returned value has one outcome', async () => {
  let returned: unknown;
  @Activity('returning')
  class Returning {
    @Handle() run(): unknown {
      return returned;
    }
  }
  const bed = await createTestBed(Returning);
  await fc.assert(
    fc.asyncProperty(
      fc.anything({
        withBigInt: true,
        withDate: true,
        withMap: true,
        withSet: true,
        withTypedArray: true,
        withNullPrototype: true,
      }),
      async (each) => {
        returned = each;
        const result = await bed.runText('{}');
        checkFailure(result);
        return (
          result.status === 'succeeded' ||
          (result.status === 'failed' && result.error === 'Stepwright.InvalidOutput')
        );
      },
    ),
    { numRuns: Math.ceil(RUNS / 10) },
  );
  expect(state()).toEqual(before);
}, 120_000);
