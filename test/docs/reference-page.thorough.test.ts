import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { ACTIVITY_OPTIONS, HANDLE_OPTIONS } from '../../src/framework/declare/handler-options.js';
import { METRICS } from '../../src/framework/worker/observe/metrics/table.js';
import { listed, page } from './markdown.js';

const PAGE = page('docs/reference.md');
const source = (path: string): string => readFileSync(`src/framework/${path}`, 'utf8');

/** A part of the page, up to the next heading. */
function section(title: string): string {
  const [, text = ''] = PAGE.text.split(`\n## ${title}\n`);
  return text.split('\n## ')[0] ?? '';
}

/** The names of the nth list of a part: a paragraph of nothing but names. */
const list = (title: string, nth = 0): string[] => namesIn(listsOf(title)[nth] ?? '');

const listsOf = (title: string): string[] => section(title).match(/^`[^`]+`(?:, `[^`]+`)*$/gm) ?? [];
const namesIn = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);

/** The names of all lists of a part. */
const names = (title: string): string[] => listsOf(title).flatMap(namesIn);

/** What a door exports, types too. */
const exportsOf = (door: string): string[] =>
  [...source(door).matchAll(/^export (?:type )?\{([^}]+)\}|^export (?:function|interface) (\w+)/gm)].flatMap(
    ([, names = '', name = '']) =>
      [...names.split(','), name].flatMap((each) => each.replace(/^\s*type /, '').trim() || []),
  );

/** What the page lacks, and what it has that is not there or stands twice. */
const compare = (named: readonly string[], there: readonly string[]) => ({
  missing: there.filter((name) => !named.includes(name)),
  strange: named.filter((name, index) => !there.includes(name) || named.indexOf(name) !== index),
});
const SAME = { missing: [], strange: [] };

test.each([
  ['`stepwright`', 'index.ts'],
  ['`stepwright/testing`', 'testing/index.ts'],
  ['`stepwright/local`', 'local/index.ts'],
  ['`stepwright/nestjs`', 'nestjs/index.ts'],
  ['`stepwright/s3`', 'aws/stores/s3.ts'],
  ['`stepwright/dynamodb`', 'aws/stores/dynamodb.ts'],
])('the reference has every name of %s', (title, door) => {
  expect(compare(names(title), exportsOf(door))).toEqual(SAME);
});

test('the reference has every door of the package', () => {
  const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    exports: Record<string, unknown>;
  };
  const doors = Object.keys(exports).filter((door) => !/json$|jest-preset$/.test(door));
  const missing = doors.filter((door) => !PAGE.text.includes(`\`${door.replace('.', 'stepwright')}\``));
  expect(missing).toEqual([]);
});

test('the reference has every command and every flag', () => {
  const script = `const { program } = await import('./dist/src/framework/cli/program.js');
    const flagsOf = (command) => [...command.options.map(({ long }) => long), ...command.commands.flatMap(flagsOf)];
    console.log(JSON.stringify({ commands: program.commands.map((each) => each.name()), flags: flagsOf(program) }));`;
  const told = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  const { commands, flags } = JSON.parse(told) as { commands: string[]; flags: string[] };
  const title = 'Commands and their flags';
  expect(compare(list(title), commands)).toEqual(SAME);
  expect(compare(list(title, 1), flags)).toEqual(SAME);
});

test('handlers.md lists every option of the decorators, and no other', () => {
  const { text } = page('docs/handlers.md');
  const [, section = ''] = text.split(/^## The decorators$|^## Input$/m);
  const read = ['activity', 'input', 'output'];
  const there = [...new Set([...Object.keys({ ...ACTIVITY_OPTIONS, ...HANDLE_OPTIONS }), ...read])];
  expect(compare(listed({ ...page('docs/handlers.md'), text: section }), there)).toEqual(SAME);
});

test('the reference has every metric', () => {
  expect(compare(list('Metrics'), Object.keys(METRICS))).toEqual(SAME);
});

test('what the page lacks would be found, and what is read off the code is not nothing', () => {
  expect(compare(['run', 'run', 'old'], ['run', 'new'])).toEqual({
    missing: ['new'],
    strange: ['run', 'old'],
  });
  expect(exportsOf('index.ts')).toEqual(expect.arrayContaining(['Activity', 'TaskContext', 'createWorker']));
  expect(list('Metrics')).toContain('stepwright.tasks.completed');
});
