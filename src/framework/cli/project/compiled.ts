import { existsSync, statSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import type { Problem } from '../../base/errors.js';
import { shownPath } from '../../base/show.js';
import { loadLibrary } from '../../base/load-library.js';

/** Which source becomes which compiled file, by the rootDir and outDir of a tsconfig.json. */
export interface Compilation {
  /** The file that says so. */
  readonly tsconfig: string;
  readonly rootDir: string;
  readonly outDir: string;
  /** Whether a compiled file is as young as the last build: an incremental one leaves alone what would not change. */
  readonly rewritesAll: boolean;
}

/** The compilation of the nearest tsconfig.json, or why there is none. */
export function compilationOf(source: string): Compilation | string {
  const { getTsconfig } = loadLibrary('get-tsconfig') as typeof import('get-tsconfig');
  const found = getTsconfig(dirname(source));
  const { rootDir = '.', outDir, incremental, composite } = found?.config.compilerOptions ?? {};
  if (!found) return 'there is no tsconfig.json beside or above it';
  if (!outDir) return `${found.path} sets no outDir`;
  const base = dirname(found.path);
  return {
    tsconfig: found.path,
    rootDir: resolve(base, rootDir),
    outDir: resolve(base, outDir),
    rewritesAll: !incremental && !composite,
  };
}

/** Where tsc writes a source; undefined where it lies outside the rootDir. */
export function outputOf({ rootDir, outDir }: Compilation, source: string): string | undefined {
  const inside = relative(rootDir, source).replace(/\.([cm]?)tsx?$/, '.$1js');
  return inside.startsWith('..') ? undefined : resolve(outDir, inside);
}

/** A compiled file that does not say what its source does. */
export interface Outdated {
  readonly file: string;
  /** The source that it has; of one that is gone, the one that it would have. */
  readonly source: string;
  readonly why: 'stale' | 'orphan';
}

/** Those of compiled files whose source is newer, or is gone. Files that nothing compiled are none of them. */
export function outdated(compilation: Compilation, files: readonly string[]): Outdated[] {
  return files.flatMap((file): Outdated[] => {
    const sources = sourcesOf(compilation, file);
    const source = sources.find((each) => existsSync(each));
    if (source === undefined) return sources[0] ? [{ file, source: sources[0], why: 'orphan' }] : [];
    return isStale(compilation, source, file) ? [{ file, source, why: 'stale' }] : [];
  });
}

export const isStale = ({ rewritesAll }: Compilation, source: string, output: string): boolean =>
  rewritesAll && statSync(source).mtimeMs > statSync(output).mtimeMs;

/** What a compiled file can come from, the likeliest first; nothing where it lies outside the outDir. */
function sourcesOf({ rootDir, outDir }: Compilation, file: string): string[] {
  const inside = relative(outDir, file);
  if (inside.startsWith('..')) return [];
  const typed = ['ts', 'tsx'].map((ending) => inside.replace(/js$/, ending));
  return [...typed, inside, inside.replace(/js$/, 'jsx')].map((each) => resolve(rootDir, each));
}

/** What to say of one, and do about it. */
export function outdatedProblem({ file, source, why }: Outdated): Problem {
  const [output, from] = [file, source].map(shownPath);
  const where = String(output);
  return why === 'stale'
    ? {
        code: 'ACTIVITY_STALE',
        where,
        what: `its source ${from} is newer: what runs is what was compiled before`,
        fix: 'compile it again: npx tsc',
      }
    : {
        code: 'ACTIVITY_ORPHANED',
        where,
        what: `its source ${from} is gone, and what was compiled of it still takes tasks`,
        fix: `if the activity is no longer wanted, rm ${output}; if its source was moved, compile again as well: npx tsc`,
      };
}
