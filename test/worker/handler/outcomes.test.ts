import { describe, expect, test } from '@jest/globals';
import { ROWS } from './rows/all.js';
import { corruptions, difference, tell, type Row, type Expected } from './rows/row.js';

const named = (rows: readonly Row[]): [string, Row][] => rows.map((row) => [row.name, row]);

describe.each(ROWS)('%s', (_, rows) => {
  test.each(named(rows))('%s', async (_, row) => {
    expect(difference(await tell(row), row.expected)).toBeUndefined();
  });
});

test('a row with any one field corrupted fails', async () => {
  for (const row of ROWS.flatMap(([, rows]) => rows)) {
    const result = await tell(row);
    for (const bad of corruptions(row.expected) as Expected[]) expect(difference(result, bad)).toBeDefined();
  }
});
