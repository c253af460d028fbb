import { describe, expect, test } from '@jest/globals';
import { dtoOf, taking } from './field.js';
import { DECLARATIONS, VALUES } from './table.js';

/** KINDS_TABLE=1 prints the accepted values, for a person to read. */
const PRINTS = process.env['KINDS_TABLE'] !== undefined;

const written = (json: string): string => (json === '' ? '{}' : `{"x":${json}}`);
const [starting, running] = [true, false].map((start) =>
  DECLARATIONS.filter(({ taken }) => (taken === 'start') === start).map((each) => [each.name, each] as const),
);

test.each(starting ?? [])('%s: refused at start', async (_, { declared, decorators }) => {
  await expect(taking(dtoOf({ x: [declared, ...decorators] }))).rejects.toMatchObject({ name: 'StartError' });
});

/** Returns the input that the handler received, or the path of the refusal. */
async function outcomeOf(run: Awaited<ReturnType<typeof taking>>, json: string): Promise<unknown> {
  const result = await run(written(json));
  if (result.status === 'succeeded') return { saw: result.output };
  if (result.status !== 'failed' || result.error !== 'Stepwright.InvalidInput') return result;
  const { violations } = JSON.parse(result.cause) as { violations: { path: string }[] };
  return violations.every(({ path }) => /^x(\W|$)/.test(path)) ? 'refused' : violations;
}

describe.each(running ?? [])('%s', (name, { declared, decorators, taken }) => {
  let bed: ReturnType<typeof taking> | undefined;
  test.each(Object.entries(VALUES))('%s', async (value, json) => {
    bed ??= taking(dtoOf({ x: [declared, ...decorators] }));
    const found = await outcomeOf(await bed, json);
    if (PRINTS) process.stdout.write(`${name} | ${value} | ${JSON.stringify(found)}\n`);
    const x = Reflect.get(taken as object, value) as unknown;
    const saw = x === 'absent' ? {} : { x };
    expect(found).toEqual(x === undefined ? 'refused' : { saw: { Dto: saw } });
  });
});

test('the table names only values that there are', () => {
  expect((running ?? []).length * Object.keys(VALUES).length).toBeGreaterThan(1_000);
  const named = (running ?? []).flatMap(([, { taken }]) => Object.keys(taken));
  expect(Object.keys(VALUES)).toEqual(expect.arrayContaining([...new Set(named)]));
});
