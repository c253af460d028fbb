import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

/** A promise of the documentation, the place of its page that makes it, and the names of its tests by their file. */
interface Promised {
  readonly promise: string;
  readonly page: string;
  readonly tests: Readonly<Record<string, readonly string[]>>;
}

const PAGE = 'docs/promises.md';
const promises = JSON.parse(readFileSync('test/docs/promises.json', 'utf8')) as readonly Promised[];

const HEAD = `# Promises and their tests

Each promise of the documentation, with the files below \`test/\` that fail if the promise is broken. [The list](../test/docs/promises.json) names the tests in each file. This page is generated from that list: \`UPDATE_DOCS=1 npm run -s jest -- test/docs/promises\`.

`;

function line({ promise, page, tests }: Promised): string {
  const files = Object.keys(tests).map((file) => `\`${file.replace(/^test\//, '')}\``);
  return `- [${promise}](${page}): ${files.join(', ')}\n`;
}

/** Accept a change with UPDATE_DOCS=1 npm run -s jest -- test/docs/promises. */
test('the page of promises is generated from their list', () => {
  const text = HEAD + promises.map(line).join('');
  if (process.env['UPDATE_DOCS']) writeFileSync(PAGE, text);
  expect(readFileSync(PAGE, 'utf8')).toBe(text);
});

/** True if the file has a test of this name, in any of the forms of a table. */
function exists(file: string, name: string): boolean {
  if (!existsSync(file)) return false;
  const source = readFileSync(file, 'utf8');
  return [`'${name}'`, `"${name}"`, `\`${name}\``].some((text) => source.includes(text));
}

test.each(promises)('"$promise" is shown by tests that exist', ({ tests }) => {
  const named = Object.entries(tests).flatMap(([file, names]) => names.map((name) => [file, name] as const));
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter(([file, name]) => !exists(file, name))).toEqual([]);
});

test('a test that is not there would be found', () => {
  expect(promises.length).toBeGreaterThan(5);
  expect(exists('test/worker/stop.test.ts', 'nothing ever goes wrong')).toBe(false);
  expect(exists('test/worker/nowhere.test.ts', 'anything')).toBe(false);
});
