import { describe, expect, test } from '@jest/globals';
import { StartError } from 'stepwright';
import { dtoOf, taking } from './field.js';
import { DECLARATIONS, VALUES } from './table.js';

/** KINDS_TABLE=1 prints what is taken, to be read by a person. */
const PRINTS = process.env['KINDS_TABLE'] !== undefined;

const written = (json: string): string => (json === '' ? '{}' : `{"x":${json}}`);

describe.each(DECLARATIONS.map((each) => [each.name, each] as const))('%s', (name, each) => {
  const dto = dtoOf({ x: [each.declared, ...each.decorators] });

  if (each.taken === 'start') {
    test('is refused at start', async () => {
      await expect(taking(dto)).rejects.toThrow(StartError);
    });
    return;
  }
  const { taken } = each;
  test.each(Object.entries(VALUES))('%s', async (value, json) => {
    const run = await taking(dto);
    const result = await run(written(json));
    if (PRINTS) process.stdout.write(`${name} | ${value} | ${told(result)}\n`);
    if (Object.hasOwn(taken, value)) {
      const x = taken[value];
      expect(result).toEqual({ status: 'succeeded', output: { Dto: x === 'absent' ? {} : { x } } });
    } else {
      expect(result).toMatchObject({ status: 'failed', error: 'Stepwright.InvalidInput' });
      expect(result).toMatchObject({ cause: expect.stringMatching(/"path":"x(\W.*)?"/) });
    }
  });
});

function told(result: object): string {
  return 'output' in result ? JSON.stringify(result.output) : 'refused';
}

test('the table is whole', () => {
  const rows = DECLARATIONS.filter(({ taken }) => taken !== 'start').length;
  expect(rows * Object.keys(VALUES).length).toBeGreaterThan(1_000);
  const named = DECLARATIONS.flatMap(({ taken }) => Object.keys(taken === 'start' ? {} : taken));
  expect(Object.keys(VALUES)).toEqual(expect.arrayContaining([...new Set(named)]));
});
