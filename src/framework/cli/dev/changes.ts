import { existsSync } from 'node:fs';
import { relative, sep } from 'node:path';
import type { Clock } from '../../base/time/clock.js';
import { withResolvers } from '../../base/time/wait.js';
import { TreeWatch, type WatchParts } from './tree-watch.js';

/**
 * The milliseconds after a first change during which further changes are collected, since an editor saves several
 * files, and some of them in several steps.
 */
const GATHER_MS = 30;
/** The further milliseconds that a file may be away, since some editors remove a file before they write it again. */
const REPLACE_MS = 70;

/** The names of folders that contain no sources. */
const NO_SOURCES = new Set(['node_modules', 'coverage']);

/** The files and folders whose changes are collected. */
export interface Watched {
  /** Folders that stay while they are watched. */
  readonly folders: readonly string[];
  /** Files and folders that may be removed and made again. */
  readonly paths: readonly string[];
  /** A folder whose files are ignored. */
  readonly outDir?: string | undefined;
  readonly onUnwatched: WatchParts['onUnwatched'];
}

/** Watches the files of a project, and collects those that are changed, added or removed. */
export class Changes {
  readonly #watch: TreeWatch;
  readonly #roots = new Set<string>();
  #changed = new Set<string>();
  readonly #waiting = new Set<() => void>();

  /** Starts to watch: each change that is made after this is collected. */
  constructor(
    private readonly watched: Watched,
    private readonly clock: Clock,
  ) {
    this.#watch = new TreeWatch({
      ignores: (path) => this.#ignores(path),
      onChange: (path) => this.#collect(path),
      onUnwatched: watched.onUnwatched,
    });
    for (const path of [...watched.folders, ...watched.paths]) this.#roots.add(path);
    for (const folder of watched.folders) this.#watch.addFolder(folder);
    for (const path of watched.paths) this.#watch.add(path);
  }

  /**
   * Watches further files. A file that was not watched before counts as changed, since it may have changed after it was
   * read.
   */
  also(files: readonly string[]): void {
    for (const file of files) {
      if (this.#roots.has(file)) continue;
      this.#roots.add(file);
      this.#watch.add(file, true);
    }
  }

  #collect(path: string): void {
    this.#changed.add(path);
    for (const wake of this.#waiting) wake();
  }

  #ignores(path: string): boolean {
    if (this.#roots.has(path)) return false;
    if (path === this.watched.outDir) return true;
    const paths = [...this.#roots]
      .map((root) => relative(root, path))
      .filter((each) => !each.startsWith('..'));
    return paths.length > 0 && paths.every(isIgnored);
  }

  /**
   * Waits until there are changed files, and resolves with all files that have changed since the last call. Resolves
   * with an empty set if the signal aborts before any change.
   */
  async next(signal: AbortSignal): Promise<ReadonlySet<string>> {
    await this.any(() => true, signal);
    await this.clock.sleep(GATHER_MS, signal);
    if ([...this.#changed].some((file) => !existsSync(file))) await this.clock.sleep(REPLACE_MS, signal);
    const changed = this.#changed;
    this.#changed = new Set();
    return changed;
  }

  /**
   * Resolves when there is a changed file that matches and that `next` hasn't returned yet, or when the signal aborts.
   * `next` still returns the file afterwards.
   */
  async any(matches: (file: string) => boolean, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && ![...this.#changed].some(matches)) {
      const { promise, resolve } = withResolvers<void>();
      const wake = (): void => resolve();
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake);
      await promise;
      signal.removeEventListener('abort', wake);
      this.#waiting.delete(wake);
    }
  }

  close(): void {
    this.#watch.close();
  }
}

/** Returns true for hidden files and folders, and for folders into which other programs write. */
const isIgnored = (path: string): boolean =>
  path.split(sep).some((part) => NO_SOURCES.has(part) || part.startsWith('.'));
