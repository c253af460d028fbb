import { relative, sep } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';
import type { Clock } from '../../base/time/clock.js';
import { deferred } from '../../base/time/wait.js';

/**
 * The milliseconds after a first change during which further changes are collected, since an editor saves several
 * files, and some of them in several steps.
 */
const GATHER_MS = 30;

/** The names of folders that contain no sources. */
const NO_SOURCES = new Set(['node_modules', 'coverage']);

/** Watches the files of a project, and collects those that are changed, added or removed. */
export class Changes {
  readonly #watcher: FSWatcher;
  #changed = new Set<string>();
  readonly #waiting = new Set<() => void>();

  private constructor(
    dirs: readonly string[],
    outDir: string | undefined,
    private readonly clock: Clock,
  ) {
    this.#watcher = watch([...dirs], {
      ignoreInitial: true,
      ignored: (path) =>
        !dirs.includes(path) && (path === outDir || dirs.some((dir) => isIgnored(relative(dir, path)))),
    });
    this.#watcher.on('all', (event, path) => {
      if (event === 'addDir' || event === 'unlinkDir') return;
      this.#changed.add(path);
      for (const wake of this.#waiting) wake();
    });
  }

  /**
   * Starts to watch the files in some folders. Resolves when the watch has begun.
   * @param outDir a folder whose files are ignored
   */
  static async watch(dirs: readonly string[], outDir: string | undefined, clock: Clock): Promise<Changes> {
    const changes = new Changes(dirs, outDir, clock);
    await new Promise<void>((resolve) => changes.#watcher.once('ready', resolve));
    return changes;
  }

  /**
   * Waits until there are changed files, and resolves with all files that have changed since the last call. Resolves
   * with an empty set if the signal aborts before any change.
   */
  async next(signal: AbortSignal): Promise<ReadonlySet<string>> {
    await this.any(() => true, signal);
    await this.clock.sleep(GATHER_MS, signal);
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
      const { promise, resolve } = deferred<void>();
      const wake = (): void => resolve();
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake);
      await promise;
      signal.removeEventListener('abort', wake);
      this.#waiting.delete(wake);
    }
  }

  close(): Promise<void> {
    return this.#watcher.close();
  }
}

/** Returns true for hidden files and folders, and for folders into which other programs write. */
function isIgnored(path: string): boolean {
  if (path === '' || path.startsWith('..')) return false;
  return path.split(sep).some((part) => NO_SOURCES.has(part) || part.startsWith('.'));
}
