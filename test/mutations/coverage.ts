import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Mutation } from './mutation.js';

/** What a test file has executed. */
export interface TestFile {
  readonly file: string;
  readonly seconds: number;
  readonly passed: boolean;
  /** The executed lines of each source file. */
  readonly lines: Readonly<Record<string, readonly number[]>>;
}

/** Returns what coverage-reporter.js has written. Of a file with several lines, the last one counts. */
export function readCoverage(path: string): TestFile[] {
  if (!existsSync(path)) return [];
  const all = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as TestFile);
  return [...new Map(all.map((each) => [each.file, each])).values()];
}

/** Returns how many folders a test and a source have in common, from the top. */
function nearness(test: string, source: string): number {
  const [one, two] = [dirname(test).split('/').slice(1), dirname(source).split('/').slice(2)];
  const apart = one.findIndex((name, i) => name !== two[i]);
  return apart < 0 ? one.length : apart;
}

/**
 * Returns the tests that execute a line of the mutation: the nearest first, and of those as near the shortest. If none
 * does, those that execute the nearest line above it.
 */
export function relatedTo({ file, line, before }: Mutation, tests: readonly TestFile[]): TestFile[] {
  const candidates = tests.filter(({ passed, lines }) => passed && lines[file] !== undefined);
  const between = (from: number, to: number): TestFile[] =>
    candidates.filter(({ lines }) => lines[file]?.some((each) => each >= from && each <= to));
  let related = between(line, line + before.split('\n').length - 1);
  for (let above = line - 1; related.length === 0 && above > 0; above--) related = between(above, above);
  return related.toSorted(
    (a, b) =>
      nearness(b.file, file) - nearness(a.file, file) || a.seconds - b.seconds || (a.file < b.file ? -1 : 1),
  );
}
