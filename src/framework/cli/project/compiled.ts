import { existsSync, statSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { getTsconfig } from 'get-tsconfig';
import type { Problem } from '../../base/errors.js';
import { shownPath } from '../../base/show.js';

/** The settings of a tsconfig.json that determine which compiled file belongs to which source. */
export interface Compilation {
  /** The path of the tsconfig.json. */
  readonly tsconfig: string;
  readonly rootDir: string;
  readonly outDir: string;
  /**
   * True if each build writes every file. An incremental build doesn't write unchanged files, so their dates don't show
   * whether they are up to date.
   */
  readonly rewritesAll: boolean;
}

/**
 * Returns the settings of the nearest tsconfig.json above the source. If there is no usable tsconfig.json, returns the
 * reason as text.
 */
export function compilationOf(source: string): Compilation | string {
  const found = getTsconfig(dirname(source));
  const { rootDir = '.', outDir, noEmit, incremental, composite } = found?.config.compilerOptions ?? {};
  if (!found) return 'there is no tsconfig.json beside or above it';
  if (noEmit) return `${found.path} sets noEmit, so tsc writes nothing`;
  if (!outDir) return `${found.path} sets no outDir`;
  const base = dirname(found.path);
  return {
    tsconfig: found.path,
    rootDir: resolve(base, rootDir),
    outDir: resolve(base, outDir),
    rewritesAll: !incremental && !composite,
  };
}

/** Returns the path of the file to which tsc compiles a source; undefined if the source is outside the rootDir. */
export function outputOf({ rootDir, outDir }: Compilation, source: string): string | undefined {
  const inside = relative(rootDir, source).replace(/\.([cm]?)tsx?$/, '.$1js');
  return inside.startsWith('..') ? undefined : resolve(outDir, inside);
}

/** A compiled file that is older than its source (`stale`), or whose source no longer exists (`orphan`). */
interface Outdated {
  readonly file: string;
  /** The path of the source, which may no longer exist. */
  readonly source: string;
  readonly why: 'stale' | 'orphan';
}

/** Finds the compiled files whose source is newer or no longer exists. Files outside the outDir are ignored. */
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
 * Returns the paths at which the source of a compiled file may be, the likeliest first. Returns an empty list if the
 * file is outside the outDir.
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
        what: `its source ${from} is newer than the compiled file, which runs`,
        fix: 'compile it again: npx tsc',
      }
    : {
        code: 'ACTIVITY_ORPHANED',
        where,
        what: `its source ${from} was deleted, and its compiled file still receives tasks`,
        fix: `if the activity is no longer wanted, rm ${output}; if its source was moved, compile again as well: npx tsc`,
      };
}
