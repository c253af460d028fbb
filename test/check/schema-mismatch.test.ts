import { describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { Type } from 'class-transformer';
import { IsInt, Max } from 'class-validator';
import * as fc from 'fast-check';
import { type Shape, shapeOfSchema, UNKNOWN } from '../../src/framework/check/flow/shape.js';
import { schemaMismatches } from '../../src/framework/check/schema-mismatch.js';
import { inputSchema } from '../../src/framework/declare/schema/dto-schema.js';
import { cases } from '../worker/handler/kinds/classes.js';
import { definitionOf } from '../support/definition.js';

const ajv = new Ajv2020({ strict: false });

test('a value fits a schema exactly where ajv says so, for every class', async () => {
  const seen = { fits: 0, mismatches: 0 };
  fc.assert(
    fc.property(cases, fc.boolean(), ({ dto, right, wrong }, refuse) => {
      const schema = inputSchema(definitionOf({ input: dto, unknownKeys: refuse ? 'refuse' : 'drop' }));
      const takes = ajv.compile(schema);
      for (const value of [right, wrong]) {
        const fits = schemaMismatches(value as Shape, schema).length === 0;
        seen[fits ? 'fits' : 'mismatches']++;
        if (fits !== takes(value)) return false;
      }
      return true;
    }),
    { numRuns: 80 },
  );
  expect(Math.min(seen.fits, seen.mismatches)).toBeGreaterThan(20);
});

const said = (value: unknown, schema: object): string[] =>
  schemaMismatches(value as Shape, schema as never).map(
    ({ steps, what, fix }) => `${steps.join('.')} ${what} | ${fix}`,
  );

describe('only a broken limit is reported', () => {
  test.each([
    [{ minimum: 2 }, 1, 2, 'be at least 2'],
    [{ maximum: 2 }, 3, 2, 'be at most 2'],
    [{ exclusiveMinimum: 2 }, 2, 3, 'be more than 2'],
    [{ exclusiveMaximum: 2 }, 2, 1, 'be less than 2'],
    [{ minLength: 2 }, '😀', '😀😀', 'have 2 characters or more'],
    [{ maxLength: 2 }, 'abc', '😀😀', 'have 2 characters or fewer'],
    [{ pattern: '^a.$' }, 'b😀', 'a😀', 'match /^a.$/'],
    [{ minItems: 2 }, [1], [1, 2], 'have 2 elements or more'],
    [{ maxItems: 2 }, [1, 2, 3], [1, 2], 'have 2 elements or fewer'],
    [{ const: 'a' }, 'b', 'a', 'be one of "a"'],
    [{ enum: ['a', 1] }, 'b', 1, 'be one of "a", 1'],
  ])('%j', (schema, broken, kept, words) => {
    expect(said(kept, schema)).toEqual([]);
    expect(said(broken, schema)).toEqual([expect.stringContaining(` must ${words}, and is `)]);
    expect(said(UNKNOWN, schema)).toEqual([]);
  });

  test.each([
    ['string', 1, 'a', 'a text'],
    ['number', 'a', 1.5, 'a number'],
    ['integer', 1.5, 1, 'a whole number'],
    ['boolean', 'true', true, 'true or false'],
    ['array', {}, [], 'a list'],
    ['object', [], {}, 'an object'],
    ['null', 0, null, 'null'],
  ])('a kind: %s', (type, wrong, right, words) => {
    expect(said(right, { type })).toEqual([]);
    expect(said(wrong, { type })).toEqual([expect.stringContaining(`must be ${words}, and is `)]);
  });
});

const LINE = { type: 'object', properties: { sku: { type: 'string' } }, required: ['sku'] };

test('a mismatch inside is reported with its place: elements, parts of allOf, definitions with odd names', () => {
  const $defs = { 'a/b~c': LINE };
  const items = { $ref: '#/$defs/a~1b~0c' };
  expect(said([{ sku: 'a' }, { sku: 1 }], { $defs, type: 'array', items })).toEqual([
    '1.sku must be a text, and is 1 (number) | write a text',
  ]);
  expect(said({}, { $defs, allOf: [items, { type: 'object', required: ['count'] }] })).toEqual([
    " lacks 'sku' | give it a 'sku'",
    " lacks 'count' | give it a 'count'",
  ]);
});

test('the nearest of several alternatives is reported: the one with the fewest mismatches, then the deepest', () => {
  const kind = (name: string, more: object): object => ({
    type: 'object',
    properties: { kind: { const: name }, ...more },
    required: ['kind', ...Object.keys(more)],
  });
  const anyOf = [
    { type: 'null' },
    kind('circle', { radius: { type: 'number' }, colour: { type: 'string' } }),
    kind('square', { side: { type: 'number' } }),
  ];
  expect(said({ kind: 'square', side: '1' }, { anyOf })).toEqual([
    'side must be a number, and is "1" (string) | write a number',
  ]);
  expect(said(null, { anyOf })).toEqual([]);
  expect(said('a', { anyOf: [{ type: 'number' }, { type: 'null' }] })).toEqual([
    ' must be a number, and is "a" (string) | write a number',
  ]);
  // Each has one: that of the line is further in.
  const shallow = { type: 'object', required: ['other'] };
  const deep = { type: 'object', properties: { line: LINE } };
  for (const alternatives of [
    [shallow, deep],
    [deep, shallow],
  ])
    expect(said({ line: { sku: 1 } }, { anyOf: alternatives })).toEqual([
      'line.sku must be a text, and is 1 (number) | write a text',
    ]);
});

test('the key that was meant is proposed once, for a misspelt key as for a refused one', () => {
  const schema = {
    type: 'object',
    properties: { orderId: { type: 'string' }, note: { type: 'string' } },
    required: ['orderId'],
    additionalProperties: false,
  };
  expect(said({ order_id: 'a' }, schema)).toEqual([
    " lacks 'orderId' | did you mean 'orderId' by 'order_id'?",
  ]);
  expect(said({ ORDER_ID: 'a' }, schema)).toEqual([
    " lacks 'orderId' | did you mean 'orderId' by 'ORDER_ID'?",
  ]);
  expect(said({ orderId: 'a', nota: 'b' }, schema)).toEqual([
    "nota has the key 'nota', which is refused | did you mean 'note'?",
  ]);
  expect(said({ orderId: 'a', zzzzzz: 1 }, schema)).toEqual([
    "zzzzzz has the key 'zzzzzz', which is refused | remove it",
  ]);
  expect(said({ orderId: 'a', nota: 'b' }, { ...schema, additionalProperties: undefined })).toEqual([]);
  expect(said({ a: 1 }, { type: 'object', additionalProperties: { type: 'string' } })).toEqual([
    'a must be a text, and is 1 (number) | write a text',
  ]);
});

test('a text that becomes a number is held to the rules of the number', () => {
  class Price {
    @Type(() => Number) @IsInt() @Max(100) cents!: number;
  }
  const schema = inputSchema(definitionOf({ input: Price }));
  const of = (cents: string): string[] => said({ cents }, schema);
  expect(of('100')).toEqual([]);
  expect(of('101')).toEqual([
    'cents must be at most 100, and is 101 (number) | write a value within the limit',
  ]);
  expect(of('1.5')).toEqual([expect.stringContaining('must be a whole number')]);
  expect(of('a')).toHaveLength(1);
});

test('nothing is known of a value that no schema describes', () => {
  expect(shapeOfSchema({ enum: [] })).toBe(UNKNOWN);
});
