import { expect, test } from '@jest/globals';
import {
  type Arbitrary,
  array,
  assert,
  boolean,
  constant,
  constantFrom,
  integer,
  oneof,
  property,
  record,
  string,
} from 'fast-check';
import { cutTo, longAge, shortAge, widthOf } from '../../src/framework/cli/output/cell-text.js';
import { type Cell, type Column, type Row, tableLines } from '../../src/framework/cli/output/table.js';

const text = oneof(
  string({ maxLength: 40 }),
  constantFrom('', '10.0.12.134:8080', '請求書を描く', 'Orders.charge', '👩‍🔧👍🏽', 'é'),
);
const cell: Arbitrary<Cell> = record({ wide: text, narrow: text }, { requiredKeys: ['wide'] });
const column: Arbitrary<Column> = record(
  {
    title: cell,
    least: integer({ min: 1, max: 30 }),
    rank: integer({ min: 1, max: 9 }),
    isSpare: boolean(),
  },
  { requiredKeys: ['title'] },
);
const table = array(column, { minLength: 2, maxLength: 10 }).chain((columns) =>
  record({
    columns: constant(columns),
    rows: array(
      oneof(
        array(cell, { minLength: columns.length, maxLength: columns.length }),
        array(cell, { minLength: 2, maxLength: 2 }),
      ) satisfies Arbitrary<Row>,
      { maxLength: 6 },
    ),
  }),
);

test('no line of any table is wider than its room, and each row has one', () => {
  assert(
    property(table, integer({ min: 1, max: 250 }), ({ columns, rows }, width) => {
      const lines = tableLines(columns, rows, width, (each) => each);
      expect(lines).toHaveLength(rows.length + 1);
      for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width);
    }),
    { numRuns: 1_500 },
  );
});

test('where there is room nothing is cut, and then what is least needed goes first', () => {
  const columns: Column[] = [
    { title: { wide: 'ADDRESS' } },
    { title: { wide: 'WORKER' }, least: 6, rank: 1, isSpare: true },
    { title: { wide: 'AT WORK', narrow: 'WORK' } },
    { title: { wide: 'LONGEST' }, least: 7, rank: 2 },
  ];
  const row: Row = [
    { wide: '10.0.0.1' },
    { wide: 'worker-of-the-first-room' },
    { wide: '3 of 10', narrow: '3/10' },
    { wide: '12m Orders.charge in the first room', narrow: '12m Orders.charge' },
  ];
  const at = (width: number): string => tableLines(columns, [row], width, (each) => each)[1] ?? '';
  expect(at(200)).toBe('10.0.0.1  worker-of-the-first-room  3 of 10  12m Orders.charge in the first room');
  expect(at(70)).toBe('10.0.0.1  worker-of-the-first-room  3 of 10  12m Orders.charge in the…');
  expect(at(50)).toBe('10.0.0.1 worker-of-the-fir… 3/10 12m Orders.charge');
  expect(at(32)).toBe('10.0.0.1 3/10 12m Orders.charge');
  expect(at(24)).toBe('10.0.0.1 3/10 12m Order…');
  expect(at(20)).toBe('10.0.0.1 3/10');
  expect(at(5)).toBe('10.0…');
});

test('a row with fewer cells gives its last one the rest of the line', () => {
  const columns: Column[] = [{ title: { wide: 'A' } }, { title: { wide: 'B' } }, { title: { wide: 'C' } }];
  const rows: Row[] = [
    [{ wide: 'aaaa' }, { wide: 'why it is not there at all' }],
    [{ wide: 'a' }, { wide: 'b' }, { wide: 'c' }],
  ];
  expect(tableLines(columns, rows, 26, (each) => each)).toEqual([
    'A     B  C',
    'aaaa  why it is not there…',
    'a     b  c',
  ]);
});

test.each([
  [0, '0s', '0s'],
  [-5_000, '0s', '0s'],
  [59_999, '59s', '59s'],
  [61_000, '1m', '1m'],
  [3_600_000, '1h', '1h'],
  [11_520_000, '3h', '3h12m'],
  [86_400_000, '1d', '1d'],
  [442_800_000, '5d', '5d3h'],
])('%i ms are %s, or %s where there is room', (ms, short, long) => {
  expect([shortAge(ms), longAge(ms)]).toEqual([short, long]);
});

test('wide characters take two columns, and marks none', () => {
  expect(['abc', '請求', '👍', 'e\u0301'].map(widthOf)).toEqual([3, 4, 2, 1]);
  expect(cutTo('請求書', 5)).toBe('請求…');
  expect(cutTo('請求書', 4)).toBe('請…');
  expect(cutTo('abc', 0)).toBe('');
});
