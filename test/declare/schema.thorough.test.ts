import { expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { Exclude, Expose, Transform, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  IsArray,
  IsDate,
  IsEmail,
  IsEnum,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsNumber,
  IsOptional,
  IsPositive,
  IsString,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  MinDate,
  MinLength,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import * as fc from 'fast-check';
import type { HandleOptions } from '../../src/framework/declare/handler-options.js';
import { compileInput } from '../../src/framework/worker/handler/input/compile-input.js';
import { problemsOf } from '../../src/console/model/schema/check.js';
import { inputSchema, type JsonSchema } from '../../src/framework/declare/schema/dto-schema.js';
import { definitionOf } from '../support/definition.js';
import { cases } from '../worker/handler/kinds/classes.js';
import { Circle, Square, byKind } from '../worker/handler/kinds/field.js';
import { inputRows } from '../worker/handler/rows/inputs.js';
import { tries } from '../support/effort.js';

const RUNS = tries(16);
/** The least number of rows of inputs that are accepted. */
const ROWS = 30;

const schemaOf = (input: HandleOptions['input'], more: HandleOptions = {}): JsonSchema =>
  inputSchema(definitionOf({ ...more, input }));

const ajv = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false });

/**
 * True where ajv, which is not ours, accepts a value. It forgets the schema afterwards. The form of the console's page
 * has to accept the same values.
 */
function takes(schema: JsonSchema, value: unknown): boolean {
  try {
    const taken = ajv.validate(schema, value);
    const problems = problemsOf(value, schema, schema);
    if ((problems.length === 0) !== taken)
      throw new Error(`The form says ${JSON.stringify(problems)} of ${JSON.stringify(value)}`);
    return taken;
  } finally {
    ajv.removeSchema(schema);
  }
}

async function isTaken(validate: (value: unknown) => unknown, value: unknown): Promise<boolean> {
  try {
    await validate(structuredClone(value));
    return true;
  } catch {
    return false;
  }
}

test('whatever the validation takes the schema takes, and of the rest it refuses most', async () => {
  const seen = { taken: 0, refused: 0, letThrough: 0 };
  await fc.assert(
    fc.asyncProperty(cases, fc.boolean(), async ({ dto, right, wrong }, refuse) => {
      const definition = definitionOf({ input: dto, unknownKeys: refuse ? 'refuse' : 'drop' });
      const [schema, validate] = [inputSchema(definition), compileInput(definition)];
      for (const value of [right, wrong]) {
        const fits = takes(schema, value);
        if (await isTaken(validate, value)) {
          seen.taken++;
          if (!fits) return false;
        } else seen[fits ? 'letThrough' : 'refused']++;
      }
      return true;
    }),
    { numRuns: RUNS },
  );
  expect(seen.taken).toBeGreaterThan(RUNS);
  expect(seen.refused).toBeGreaterThan(RUNS / 3);
  expect(seen.letThrough).toBeLessThan(seen.refused / 20);
});

test('every row of inputs that is taken fits the schema of its class', () => {
  const taken = inputRows.filter(
    ({ expected, json }) =>
      !('error' in expected && expected.error === 'Stepwright.InvalidInput') && isJson(json),
  );
  expect(taken.length).toBeGreaterThan(ROWS);
  const misfits = taken.filter(
    ({ options, json }) => !takes(inputSchema(definitionOf(options)), JSON.parse(json)),
  );
  expect(misfits.map(({ name }) => name)).toEqual([]);
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const Size = { small: 's', large: 'l' } as const;
class Line {
  @IsString() @Length(2, 8) sku!: string;
  @IsInt() @Min(1) @Max(99) count!: number;
}
class Order {
  @IsNotEmpty() @IsString() @Matches(/^o-\d+$/u) id!: string;
  @IsOptional() @IsEmail() mail?: string;
  @IsEnum(Size) size: 's' | 'l' = 's';
  @IsIn([1, 2]) tries!: number;
  @ArrayNotEmpty() @ArrayMaxSize(3) @ValidateNested({ each: true }) @Type(() => Line) lines!: Line[];
  @ValidateNested() @byKind(Object) shape!: Circle | Square;
  @IsPositive() @Type(() => Number) price!: number;
  @ValidateIf((order: Order) => order.tries > 1) @IsString() why!: string;
  @Expose({ name: 'note_text' }) @IsString() note!: string;
  @Exclude() @IsOptional() @IsString() secret?: string;
  @Transform(({ value }) => Number(value)) @IsInt() made!: number;
}

test('what a class says stands in its schema: keys, limits, kinds, groups of classes, what is left open', () => {
  expect(schemaOf(Order)).toEqual({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Order',
    $ref: '#/$defs/Order',
    $defs: {
      Order: {
        type: 'object',
        properties: {
          id: { type: 'string', minLength: 1, pattern: '^o-\\d+$' },
          mail: {
            anyOf: [{ type: 'string', $comment: 'not checked here: isEmail' }, { type: 'null' }],
          },
          size: { type: 'string', enum: ['s', 'l'] },
          tries: { type: 'number', enum: [1, 2] },
          lines: { type: 'array', items: { $ref: '#/$defs/Line' }, minItems: 1, maxItems: 3 },
          shape: {
            anyOf: [
              { $ref: '#/$defs/Circle', required: ['kind'], properties: { kind: { const: 'circle' } } },
              { $ref: '#/$defs/Square', required: ['kind'], properties: { kind: { const: 'square' } } },
            ],
          },
          price: {
            anyOf: [
              { type: 'number', exclusiveMinimum: 0 },
              { type: 'string', pattern: expect.any(String), $comment: 'not checked here: isPositive' },
            ],
          },
          why: {
            anyOf: [{ type: 'string' }, { type: 'null' }],
            $comment: 'not checked here: a condition (@ValidateIf), isString, a missing key',
          },
          note_text: { type: 'string' },
          secret: { $comment: 'not read' },
          made: { $comment: 'not checked here: a value that a @Transform makes' },
        },
        required: ['id', 'tries', 'lines', 'shape', 'price', 'note_text', 'made'],
      },
      Line: {
        type: 'object',
        properties: {
          sku: {
            type: 'string',
            minLength: 2,
            anyOf: [{ maxLength: 8 }, { pattern: '[\\uFE0E\\uFE0F]' }],
            $comment: 'not checked here: the length of a text with variation selectors',
          },
          count: { type: 'integer', minimum: 1, maximum: 99 },
        },
        required: ['sku', 'count'],
      },
      Circle: { type: 'object', properties: { radius: { type: 'number' } }, required: ['radius'] },
      Square: { type: 'object', properties: { side: { type: 'number' } }, required: ['side'] },
    },
  });
});

class Tree {
  @IsString({ groups: ['named'] }) name!: string;
  @IsOptional({ always: true })
  @ValidateNested({ always: true, each: true })
  @Type(() => Tree)
  parts?: Tree[];
}

test('a class that holds itself, groups, and unknown keys that are refused', () => {
  const named = schemaOf(Tree, { groups: ['named'], unknownKeys: 'refuse' });
  expect(takes(named, { name: 'a', parts: [{ name: 'b' }] })).toBe(true);
  expect(takes(named, { name: 'a', parts: [{}] })).toBe(false);
  expect(takes(named, { name: 'a', more: 1 })).toBe(false);
  const nameless = schemaOf(Tree, { groups: ['other'] });
  expect(takes(nameless, { parts: [{ more: 1 }] })).toBe(true);
});

test('a bare value, a list of a class, and what is not validated', () => {
  expect(schemaOf(String)).toMatchObject({ type: 'string' });
  expect(schemaOf([Line])).toMatchObject({ type: 'array', items: { $ref: '#/$defs/Line' } });
  expect(Object.keys(schemaOf('any'))).toEqual(['$schema']);
});

class Short {
  @MaxLength(1) text!: string;
  @Matches(/^.$/) any!: string;
}

test('a length and a pattern that JSON Schema counts otherwise are never told narrower than they are', async () => {
  const definition = definitionOf({ input: Short });
  // class-validator counts each as one character: the first has a variation selector, the second two code units.
  for (const value of [
    { text: '❤️', any: 'x' },
    { text: '😀', any: 'x' },
  ]) {
    expect(await isTaken(compileInput(definition), value)).toBe(true);
    expect(takes(inputSchema(definition), value)).toBe(true);
  }
  expect(takes(inputSchema(definition), { text: 'xy', any: 'x' })).toBe(false);
  expect(inputSchema(definition)).toMatchObject({
    $defs: { Short: { properties: { any: { type: 'string', $comment: 'not checked here: matches' } } } },
  });
});

class Grid {
  @IsArray({ each: true }) @ValidateNested({ each: true }) @Type(() => Line) rows!: Line[][];
}

test('an array of arrays', () => {
  expect(schemaOf(Grid)).toMatchObject({
    $defs: {
      Grid: {
        properties: { rows: { type: 'array', items: { type: 'array', items: { $ref: '#/$defs/Line' } } } },
      },
    },
  });
});

class Loose {
  @IsNumber({ maxDecimalPlaces: 2 }) price!: number;
  @IsDate() @MinDate(new Date(0)) @Type(() => Date) at!: Date;
  @IsInt() @Type(() => Number) count!: number;
  @IsString() @IsNotEmpty() name = '';
  @ValidateIf(() => true) @IsString() why!: string;
  @MinLength(2) text!: string;
}

test.each<[field: string, wrong: unknown, comment: string]>([
  ['price', { price: 1.234 }, 'maxDecimalPlaces'],
  ['at', { at: '1969-12-31' }, 'minDate'],
  ['at', { at: '2026-02-31' }, 'impossible dates'],
  ['count', { count: '1.5' }, 'isInt'],
  ['name', { name: undefined }, 'a missing key'],
  ['why', { why: undefined }, 'a missing key'],
  ['text', { text: 'a\uFE0F' }, 'the length of a text with variation selectors'],
])(
  'what the schema of %s lets through and the worker refuses is named: %j',
  async (field, wrong, comment) => {
    const right = { price: 1, at: '2026-02-01', count: 1, name: 'n', why: 'w', text: 'ab' };
    const definition = definitionOf({ input: Loose });
    const value: unknown = JSON.parse(JSON.stringify({ ...right, ...(wrong as object) }));
    expect(await isTaken(compileInput(definition), right)).toBe(true);
    expect(await isTaken(compileInput(definition), value)).toBe(false);
    const schema = inputSchema(definition);
    expect(takes(schema, value)).toBe(true);
    const { properties } = (schema['$defs'] as { Loose: { properties: Record<string, unknown> } }).Loose;
    expect(JSON.stringify(properties[field])).toMatch(new RegExp(`not checked here: [^"]*${comment}`));
  },
);
