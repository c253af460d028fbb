import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { killAll, stepwright } from '../support/cli.js';

const CONFIG = resolve('test/fixtures/types/types.config.mjs');
const TSC = resolve('node_modules/typescript/bin/tsc');
const dir = mkdtempSync(join(tmpdir(), 'types-'));
const file = join(dir, 'workflows.ts');

afterAll(() => {
  killAll();
  rmSync(dir, { recursive: true });
});

async function types(...args: string[]): Promise<{ code: number | null; text: string }> {
  const run = stepwright(['types', '--config', CONFIG, ...args]);
  const { code } = await run.ended;
  return { code, text: run.stdout() + run.stderr() };
}

beforeAll(() => types('--out', file));

/** A statement that uses the written types, and a part of the compiler's message about it; undefined if there is none. */
type Use = readonly [what: string, code: string, message: string | undefined];

const input = (machine: string, value: string): string =>
  // The value is no fresh object: further keys are allowed, as they are in an input.
  `const given = ${value}; export const input: Machines['${machine}']['input'] = given;`;
const activity = (rest: string): string => `export const value: Activities['${rest};`;

const ORDER = "{ id: 'o', items: [{ sku: 'a', count: 1 }], speed: 'slow' as const }";
const LINES = "[{ sku: 'a', count: 1 }]";

const USES: readonly Use[] = [
  ['an input', activity(`PlaceOrder']['input'] = { ...${ORDER}, note: null, 'gift-wrap': 1 }`), undefined],
  ['a list', activity("pack-item']['input'] = [{ weight: 1 }]"), undefined],
  ['a number', activity("Count']['input'] = 7"), undefined],
  [
    'an output',
    "export const seen = ({ receipt_number, at, by }: Activities['PlaceOrder']['output']): [number, string, Item] => [receipt_number, at, by];",
    undefined,
  ],
  ['an error', activity("PlaceOrder']['error'] = 'SoldOut'"), undefined],
  ['an error of the worker', activity("Count']['error'] = 'Stepwright.WorkerShutdown'"), undefined],
  [
    'a missing field',
    activity("PlaceOrder']['input'] = { items: [], speed: 'slow' }"),
    "Property 'id' is missing",
  ],
  [
    'a number in place of a text',
    activity("PlaceOrder']['input']['items'] = [{ sku: 5, count: 1 }]"),
    "'number' is not assignable to type 'string'",
  ],
  [
    'a value that is not in the list',
    activity("PlaceOrder']['input']['speed'] = 'quick'"),
    `'"quick"' is not assignable`,
  ],
  [
    'an unknown key',
    activity("PlaceOrder']['input']['items'] = [{ sku: 'a', count: 1, extra: 1 }]"),
    "'extra' does not exist",
  ],
  [
    'an element of another class',
    activity("pack-item']['input'] = [{ sku: 'a', count: 1 }]"),
    "'sku' does not exist",
  ],
  [
    'an output that is excluded',
    "export const secret = ({} as Activities['PlaceOrder']['output']).secret;",
    "'secret' does not exist",
  ],
  ['another error', activity("PlaceOrder']['error'] = 'SoldOff'"), `'"SoldOff"' is not assignable`],
  ['another activity', activity("PlaceOrders']['input'] = {}"), "'PlaceOrders' does not exist"],
  ['the first task, through states that pass the input on', input('Whole', ORDER), undefined],
  [
    'the first task: a missing field',
    input('Whole', "{ id: 'o', speed: 'slow' as const }"),
    "Property 'items' is missing",
  ],
  ['the paths of Parameters', input('ByPath', `{ order: { id: 'o', items: ${LINES} }, x: 1 }`), undefined],
  [
    'the paths of Parameters: one leads nowhere',
    input('ByPath', "{ order: { id: 'o' }, x: 1 }"),
    "Property 'items' is missing",
  ],
  [
    'the paths of Arguments',
    input('ByExpression', `{ order: { id: 'o' }, items: ${LINES}, name: 1 }`),
    undefined,
  ],
  [
    'the paths of Arguments: one leads nowhere',
    input('ByExpression', `{ order: {}, items: ${LINES} }`),
    "Property 'id' is missing",
  ],
  [
    'the items of a Map',
    input('Items', `{ speed: 'slow' as const, orders: [{ id: 'o', lines: ${LINES} }] }`),
    undefined,
  ],
  [
    'the items of a Map: an item lacks a field',
    input('Items', "{ speed: 'slow' as const, orders: [{ id: 'o' }] }"),
    "Property 'lines' is missing",
  ],
  ['all branches of a Parallel', input('Branches', `{ ...${ORDER}, total: 3 }`), undefined],
  [
    'all branches of a Parallel: what one of them needs',
    input('Branches', ORDER),
    "Property 'total' is missing",
  ],
  ['a part of what a class demands', `export const input: Machines['Part']['input'] = ${ORDER};`, undefined],
  [
    'more than a class demands',
    `export const input: Machines['More']['input'] = { ...${ORDER}, items: [{ sku: 'a', count: 1, price: 5 }] };`,
    undefined,
  ],
  ['more than a class demands: what it lacks', input('More', ORDER), "Property 'price' is missing"],
  ['a task that 2^60 ways lead to', `export const input: Machines['Many']['input'] = ${ORDER};`, undefined],
  ['a target of a Choice', input('Chosen', '[{ weight: 1 }]'), undefined],
  ['a target of a Choice: neither', input('Chosen', "[{ weight: '1' }]"), 'is not assignable'],
  ['a later task', input('Later', `{ n: 1, id: 'o', items: ${LINES} }`), undefined],
  ['a later task: a missing field', input('Later', "{ n: 1, id: 'o' }"), "Property 'items' is missing"],
  [
    'a later task: the field of InputPath',
    input('Later', `{ id: 'o', items: ${LINES} }`),
    "Property 'n' is missing",
  ],
  [
    'nothing, after a computed value',
    "export const input: Machines['Anything']['input'] = Symbol();",
    undefined,
  ],
  ['nothing, in a loop', "export const input: Machines['Around']['input'] = 1;", undefined],
  ['a machine that cannot run', "export type Input = Machines['Broken'];", "'Broken' does not exist"],
];

describe('code that uses the written types', () => {
  let messages: readonly string[];
  beforeAll(() => {
    const files = USES.map(([, code], n) => {
      const imports =
        "import type { Activities, Item, Machines } from './workflows.js';\nexport type Used = Activities | Item | Machines;\n";
      writeFileSync(join(dir, `use-${n}.ts`), `${imports}${code}\n`);
      return `use-${n}.ts`;
    });
    const flags = ['--noEmit', '--strict', '--ignoreConfig', '--module', 'nodenext'];
    const { stdout } = spawnSync(process.execPath, [TSC, ...flags, ...files], { cwd: dir, encoding: 'utf8' });
    messages = files.map((name) =>
      stdout
        .split(/^(?=\S)/m)
        .filter((line) => line.startsWith(`${name}(`))
        .join(''),
    );
  });

  test.each(USES.flatMap(([what, , message], n) => (message === undefined ? [[what, n] as const] : [])))(
    'compiles: %s',
    (_what, n) => {
      expect(messages[n]).toBe('');
    },
  );

  test.each(
    USES.flatMap(([what, , message], n) => (message === undefined ? [] : [[what, n, message] as const])),
  )('does not compile: %s', (_what, n, message) => {
    expect(messages[n]).toContain(message);
  });
});

test('a class that demands all is named', () => {
  expect(readFileSync(file, 'utf8')).toMatch(/readonly Part: \{\n.*\n\s+readonly input: Order;/);
});

test('limits that a type cannot express are in comments', () => {
  expect(readFileSync(file, 'utf8')).toMatch(
    /@minimum 1\n\s+\* @maximum 10\n\s+\*\/\n\s+readonly count: number;/,
  );
});

describe('--check', () => {
  test('is silent while the file is up to date, and names the command when it is not', async () => {
    expect(await types('--check', '--out', file)).toEqual({ code: 0, text: '' });
    const old = join(dir, 'old.ts');
    writeFileSync(old, 'export interface Activities {}\n');
    const { code, text } = await types('--check', '--out', old);
    expect(code).toBe(1);
    expect(text).toBe(
      `${old} differs from the handlers and state machines; fix: npx stepwright types --out ${old}\n`,
    );
    expect(readFileSync(old, 'utf8')).toBe('export interface Activities {}\n');
  });

  test('says that the file does not exist, and asks for its name', async () => {
    const missing = join(dir, 'missing.ts');
    expect(await types('--check', '--out', missing)).toMatchObject({
      code: 1,
      text: expect.stringContaining('does not exist'),
    });
    expect(await types('--check')).toMatchObject({
      code: 1,
      text: expect.stringContaining('--check --out FILE'),
    });
  });
});

test('a file that cannot be written is an error that names it', async () => {
  const { code, text } = await types('--out', join(dir, 'no', 'folder.ts'));
  expect(code).toBe(1);
  expect(text).toContain(join(dir, 'no', 'folder.ts'));
});
