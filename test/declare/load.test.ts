/* oxlint-disable typescript/no-extraneous-class -- classes that lack something are what is tested here */
import { expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Activity } from 'stepwright';
import { loadActivities } from '../../src/framework/declare/discovery/load.js';

const HERE = fileURLToPath(new URL('../fixtures/load', import.meta.url));
const load = (sources: Parameters<typeof loadActivities>[0], defaulted = false) =>
  loadActivities(sources, HERE, { defaulted });

test('takes every exported class that carries @Activity, once', async () => {
  const { classes, problems } = await load(['*.activity.js']);
  expect(problems).toEqual([]);
  expect(classes.map(({ name }) => name)).toEqual(['Orders']);
});

test('takes classes as they are, beside globs', async () => {
  @Activity('invoices')
  class Invoices {}
  const { classes } = await load([Invoices, 'orders.*.js', Invoices]);
  expect(classes.map(({ name }) => name)).toEqual(['Invoices', 'Orders']);
});

test('a glob that begins with ! leaves out', async () => {
  const { classes, problems } = await load(['*.{activity,broken}.js', '!*.broken.js']);
  expect([classes.length, problems]).toEqual([1, []]);
});

test.each([
  ['./nowhere/**/*.js', 'correct the glob'],
  ['*.activity.ts', "write '*.activity.js'"],
])("a user's glob that matches nothing is a problem: %s", async (pattern, words) => {
  const { problems } = await load([pattern]);
  expect(problems).toMatchObject([{ code: 'GLOB_MATCHES_NOTHING', where: `activities: '${pattern}'` }]);
  expect(problems[0]?.what).toContain(HERE);
  expect(problems[0]?.fix).toContain(words);
});

test('a default may match nothing', async () => {
  expect(await load(['./nowhere/*.js'], true)).toEqual({
    classes: [],
    fileOf: new Map(),
    files: [],
    problems: [],
  });
});

test.each([
  [
    'throws.broken.js',
    'RangeError: no database (test/fixtures/load/throws.broken.js:2)',
    'correct the error in that file',
  ],
  ['missing.broken.js', 'greeter', 'needs its extension'],
  ['type.broken.js', 'OrderShape', 'import it as one'],
  ['commonjs.broken.js', 'exports is not defined', 'set "module": "nodenext"'],
  ['bare-class.broken.js', '@Activity above Charge has no parentheses', "@Activity('NAME')"],
  ['bare-method.broken.js', '@Handle above Charge.run has no parentheses', '@Handle()'],
  ['string.broken.js', 'it threw "a string"', 'correct the error in that file'],
])('a file that throws on import is named: %s', async (file, what, fix) => {
  const { problems } = await load([file]);
  expect(problems).toMatchObject([{ code: 'ACTIVITY_FILE_FAILED', where: file }]);
  expect(problems[0]?.what).toContain(what);
  expect(problems[0]?.what).not.toContain('second line');
  expect(problems[0]?.fix).toContain(fix);
});

test.each([
  ['unexported.empty.js', 'exports no class that has @Activity', 'export the class that has @Activity'],
  ['nothing.empty.js', 'exports no class that has @Activity', 'export the class'],
  [
    'plain.empty.js',
    'exports no class that has @Activity',
    "write @Activity('PlainActivity') above PlainActivity and @Handle() above its method",
  ],
  [
    'half.empty.js',
    'exports Half, which has @Handle methods but no @Activity',
    "write @Activity('Half') above Half",
  ],
])('a matched file without an activity is a problem: %s', async (file, what, fix) => {
  const { problems } = await load([file]);
  expect(problems).toMatchObject([{ code: 'ACTIVITY_NOT_DECLARED', where: file }]);
  expect(problems[0]?.what).toContain(what);
  expect(problems[0]?.fix).toContain(fix);
});

test('every broken file is reported, not the first', async () => {
  const { problems, classes } = await load(['*.js']);
  expect(problems).toHaveLength(12);
  expect(classes).toHaveLength(1);
});

test('a compiled file is named by its source, where the working directory has it', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'stepwright-source-'));
  mkdirSync(join(dir, 'src/activities'), { recursive: true });
  writeFileSync(join(dir, 'package.json'), '{"type":"module"}');
  writeFileSync(join(dir, 'src/activities/greeter.js'), 'export class Nothing {}');
  const { problems } = await loadActivities(['src/activities/*.js'], dir, { defaulted: false });
  expect(problems).toMatchObject([{ code: 'ACTIVITY_NOT_DECLARED', where: 'src/activities/greeter.ts' }]);
  rmSync(dir, { recursive: true });
});
