import { existsSync, statSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import type { Problem } from '../../base/errors.js';
import { shownPath } from '../../base/show.js';
import { loadLibrary } from '../../base/load-library.js';

/** The rule by which a tsconfig.json maps sources to compiled files. */
export interface Compilation {
  /** The path of the tsconfig.json. */
  readonly tsconfig: string;
  readonly rootDir: string;
  readonly outDir: string;
  /**
   * True where each build writes every file; an incremental build leaves unchanged files alone, so that their dates say
   * nothing.
   */
  readonly rewritesAll: boolean;
}

/** Returns the compilation by the nearest tsconfig.json; where there is no usable one, the reason as text. */
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

/** Returns the path of the file that tsc compiles a source to; undefined for a source outside the rootDir. */
export function outputOf({ rootDir, outDir }: Compilation, source: string): string | undefined {
  const inside = relative(rootDir, source).replace(/\.([cm]?)tsx?$/, '.$1js');
  return inside.startsWith('..') ? undefined : resolve(outDir, inside);
}

/** A compiled file that is older than its source (`stale`), or has none (`orphan`). */
export interface Outdated {
  readonly file: string;
  /** The path of the source, which may no longer exist. */
  readonly source: string;
  readonly why: 'stale' | 'orphan';
}

/** Finds the compiled files whose source is newer or gone. Files outside the outDir are ignored. */
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

/**
 * Returns the paths that the source of a compiled file may have, the likeliest first; none for a file outside the
 * outDir.
 */
function sourcesOf({ rootDir, outDir }: Compilation, file: string): string[] {
  const inside = relative(outDir, file);
  if (inside.startsWith('..')) return [];
  const typed = ['ts', 'tsx'].map((ending) => inside.replace(/js$/, ending));
  return [...typed, inside, inside.replace(/js$/, 'jsx')].map((each) => resolve(rootDir, each));
}

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
