import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { amended } from './amended.js';
import { branches } from './branches.js';
import { calls } from './calls.js';
import { choices } from './choices.js';
import { data } from './data.js';
import { definitions } from './definitions.js';
import { errors } from './errors.js';
import { express } from './express.js';
import { expressions } from './expressions.js';
import { corruptions, Harness, matches, relevant, wantedOf } from './harness.js';
import { histories } from './histories.js';
import { intrinsics } from './intrinsics.js';
import { machines } from './machines.js';
import { measuredCreation } from './measured-creation.js';
import { measuredHistories } from './measured-histories.js';
import { measured } from './measured.js';
import { distributedMaps } from './distributed-map.js';
import { documented } from './documented.js';
import { requests } from './requests.js';
import { pathRows } from './paths.js';
import { recorded } from './recorded.js';
import { isNamed } from './recordings.js';
import type { Row } from './row.js';
import { sequences } from './sequences.js';
import { testStateRows } from './test-state.js';
import { versionRows } from './versions.js';
import { waitRows } from './waits.js';

const tables: Record<string, Row[]> = {
  calls,
  sequences,
  histories,
  data,
  intrinsics,
  choices,
  waits: waitRows,
  errors,
  branches,
  expressions,
  definitions,
  machines,
  paths: pathRows,
  recorded,
  documented,
  distributedMaps,
  measured,
  measuredCreation,
  measuredHistories,
  versions: versionRows,
  express,
  requests,
  amended,
  testState: testStateRows,
};
const rows = Object.values(tables).flat();

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.open();
});
afterAll(() => harness.close());

describe.each(Object.entries(tables))('%s', (_name, table) => {
  test.each(table.map((row) => [row.does, row] as const))('%s', async (_does, row) => {
    const observed = await harness.observe(row);
    const wanted = wantedOf(row);
    const shown = matches(observed, row) ? wanted : relevant(observed, row);
    expect(shown).toEqual(wanted);
    // A row that also passes with a wrong expectation proves nothing.
    expect(corruptions(row).filter((wrong) => matches(observed, wrong))).toEqual([]);
  });
});

test('the table is large enough, each row says something new, and many were recorded', () => {
  expect(rows.length).toBeGreaterThanOrEqual(700);
  expect(new Set(rows.map(({ does }) => does)).size).toBe(rows.length);
  expect(rows.filter(({ from }) => isNamed(from)).length).toBeGreaterThanOrEqual(200);
});

test('what is said to be recorded names a recording that is on the list, and little is without a name', () => {
  const recorded = rows.filter(({ from }) => from.startsWith('recorded'));
  expect(recorded.filter(({ from }) => !isNamed(from)).map(({ does }) => does)).toEqual([]);
  expect(rows.filter(({ from }) => from === 'captured').length).toBeLessThanOrEqual(40);
  expect(isNamed('recorded: test_no_such_recording')).toBe(false);
});
