import { expect, test } from '@jest/globals';
import { pages } from './markdown.js';

/** Pages on features that are newer than the limit, with a limit of their own. */
const NEWER: Readonly<Record<string, number>> = {
  'docs/kept.md': 4_000,
  'docs/from-sam.md': 280,
  'docs/debugging.md': 1_000,
  'docs/mcp.md': 500,
  'docs/from-step-functions-local.md': 280,
  'docs/from-localstack.md': 300,
  'docs/console.md': 1_200,
};

/** The words of a text, as `wc -w` counts them. */
const wordsOf = (text: string): number => text.split(/\s+/).filter((word) => word !== '').length;

/** Pages with tables in which things are looked up. */
const TABLES = ['docs/benchmarks.md', 'docs/local.md'];

/** A page without such tables. */
const counted = ({ path, text }: { path: string; text: string }): string =>
  TABLES.includes(path) ? text.replaceAll(/^\|.*$/gm, '') : text;

test('the README and the pages have at most 26,700 words, without the tables of the benchmarks and of the local service', () => {
  const all = pages.filter(({ path }) => path === 'README.md' || path.startsWith('docs/'));
  expect(all.length).toBeGreaterThan(20);
  const sum = all.reduce((words, each) => words + (each.path in NEWER ? 0 : wordsOf(counted(each))), 0);
  expect(sum).toBeLessThanOrEqual(26_700);
  for (const [path, limit] of Object.entries(NEWER))
    expect(wordsOf(all.find((each) => each.path === path)?.text ?? '')).toBeLessThanOrEqual(limit);
});
