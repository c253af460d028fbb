import { describe, expect, test } from '@jest/globals';
import { inputRows } from './rows/inputs.js';
import { resultRows } from './rows/results.js';
import { corruptions, difference, tell, type Row, type Told } from './rows/row.js';
import { thrownRows } from './rows/thrown.js';

const named = (rows: readonly Row[]): [string, Row][] => rows.map((row) => [row.name, row]);

describe.each([
  ['what comes in', inputRows],
  ['what is returned', resultRows],
  ['what is thrown', thrownRows],
])('%s', (_, rows) => {
  test.each(named(rows))('%s', async (_, row) => {
    expect(difference(await tell(row), row.told)).toBeUndefined();
  });
});

test('a row with any one field corrupted fails', async () => {
  for (const row of [...inputRows, ...resultRows, ...thrownRows]) {
    const result = await tell(row);
    for (const bad of corruptions(row.told) as Told[]) expect(difference(result, bad)).toBeDefined();
  }
});
