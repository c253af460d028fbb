import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { METRICS } from '../../src/framework/worker/observe/metrics/table.js';
import { page } from './markdown.js';

const [, section = ''] = page('CHANGELOG.md').text.split(/^### Renamed$|^### Added$/m);
const sources = readdirSync('src/framework', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => readFileSync(`src/framework/${file}`, 'utf8'))
  .join('\n');

/** The rows of the table of log words: what they were, and what they are. */
const [, words = ''] = section.split(/^Words in the log/m);
const rows = [...words.matchAll(/^\| `([^`]+)` +\| `([^`]+)` +\|$/gm)].map(
  ([, was = '', is = '']) => [was, is] as const,
);

test.each(rows)('the log says no more "%s", but "%s"', (was, is) => {
  expect({ was: sources.includes(was), is: sources.includes(is) }).toEqual({ was: false, is: true });
});

test('the changelog has a line to paste for each renamed log word, and names the label of today', () => {
  expect(rows.length).toBeGreaterThan(15);
  const pasted = [...words.matchAll(/-e 's\/([^/]+)\/([^/]+)\/'/g)].map(([, was, is]) => [was, is]);
  expect(pasted).toEqual(rows);
  expect(METRICS['stepwright.event_loop.delay'].labels).toEqual(['percentile']);
  expect(section).toContain('`percentile`');
});
