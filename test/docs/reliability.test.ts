import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { page } from './markdown.js';

interface Named {
  readonly file: string;
  readonly test: string;
}

const [, promises = ''] = page('docs/reliability.md').text.split(/^## Promises$|^## How it is tested$/m);

const namedIn = (text: string): Named[] =>
  [...text.matchAll(/^- `(test\/[^`]+)`: "(.+)"$/gm)].map(([, file = '', name = '']) => ({
    file,
    test: name,
  }));

/** A test of this name, however its table is written. Names that hold a quote are written in the other kind. */
function exists({ file, test: name }: Named): boolean {
  if (!existsSync(file)) return false;
  const source = readFileSync(file, 'utf8');
  return [`'${name}'`, `"${name}"`, `\`${name}\``].some((text) => source.includes(text));
}

const sections = promises
  .split(/^### /m)
  .slice(1)
  .map((text) => ({ promise: text.split('\n')[0], named: namedIn(text), text }));

test.each(sections)('"$promise" is shown by tests that exist', ({ named, text }) => {
  expect(named.length).toBeGreaterThan(0);
  expect(named).toHaveLength(text.split('\n').filter((line) => line.startsWith('- `test/')).length);
  expect(named.filter((each) => !exists(each))).toEqual([]);
});

test('a test that is not there would be found', () => {
  expect(sections.length).toBeGreaterThan(8);
  expect(exists({ file: 'test/worker/stop.test.ts', test: 'nothing ever goes wrong' })).toBe(false);
  expect(exists({ file: 'test/worker/nowhere.test.ts', test: 'anything' })).toBe(false);
});
