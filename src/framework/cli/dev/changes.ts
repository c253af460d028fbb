import { existsSync, type FSWatcher, readdirSync, realpathSync, statSync, watch } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import type { Clock } from '../../base/time/clock.js';
import { withResolvers } from '../../base/time/wait.js';

/**
 * The milliseconds after a first change in which further changes are collected: an editor saves several files, some in
 * several steps.
 */
const GATHER_MS = 30;
/**
 * The further milliseconds that a file may be missing: some editors remove a file before they write it again.
 */
const REPLACE_MS = 70;

const NO_SOURCES = new Set(['node_modules', 'coverage']);

/** The files and folders whose changes are collected. */
interface Watched {
  /** Folders that stay while they are watched. */
  readonly folders: readonly string[];
  /** Files and folders that may be removed and made again. */
  readonly paths: readonly string[];
  /** A folder whose files are ignored. */
  readonly outDir?: string | undefined;
  /** Called for a folder that can't be watched, such as if the system's limit of watches is reached. */
  readonly onUnwatched: (dir: string, error: Error) => void;
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
    this.#watch = new TreeWatch(
      (path) => this.#ignores(path),
      (path) => this.#collect(path),
      watched.onUnwatched,
    );
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

/** A folder whose files are watched, and the names of its files when they were seen last. */
interface Folder {
  readonly watcher: FSWatcher;
  /** The path without symbolic links. */
  readonly real: string;
  readonly files: Set<string>;
}

/** A folder in which only some names are watched. The watcher is undefined while there is no such folder. */
interface NameWatch {
  watcher: FSWatcher | undefined;
  readonly names: Set<string>;
}

/**
 * Watches files, and folders with everything below them. Passes each event of the system on at once, since a file may
 * be written in two steps. A folder is watched before it is read, so that no file is missed.
 */
class TreeWatch {
  readonly #folders = new Map<string, Folder>();
  readonly #nameWatches = new Map<string, NameWatch>();
  readonly #targets = new Set<string>();

  /**
   * @param ignores returns true for a path that is left out, with everything below it
   * @param onChange called for each file that may have been changed, added or removed
   */
  constructor(
    private readonly ignores: (path: string) => boolean,
    private readonly onChange: (path: string) => void,
    private readonly onUnwatched: Watched['onUnwatched'],
  ) {}

  /** Watches a folder that stays. */
  addFolder(dir: string): void {
    this.#visit(dir, false);
  }

  /**
   * Watches a file or a folder, which may be removed and made again, and need not exist yet.
   * @param isNew true to call `onChange` for the files that are there now
   * @returns false if it is watched already
   */
  add(path: string, isNew = false): boolean {
    if (this.#targets.has(path) || this.#folders.get(dirname(path))?.files.has(basename(path))) return false;
    this.#targets.add(path);
    this.#watchName(path);
    this.#visit(path, isNew);
    return true;
  }

  close(): void {
    for (const { watcher } of this.#folders.values()) watcher.close();
    for (const { watcher } of this.#nameWatches.values()) watcher?.close();
    this.#folders.clear();
    this.#nameWatches.clear();
  }

  /**
   * Watches the name of a path in its folder. While there is no such folder, also watches the folder's name in its
   * parent, and no folder further up: a system may report everything below a watched folder.
   */
  #watchName(path: string): void {
    const dir = dirname(path);
    if (dir === path) return;
    const known = this.#nameWatches.get(dir);
    if (known) return void known.names.add(basename(path));
    const nameWatch: NameWatch = { watcher: undefined, names: new Set([basename(path)]) };
    this.#nameWatches.set(dir, nameWatch);
    this.#openNameWatch(dir, nameWatch);
  }

  #openNameWatch(dir: string, nameWatch: NameWatch): void {
    nameWatch.watcher?.close();
    nameWatch.watcher = this.#watchNames(dir, nameWatch);
    if (nameWatch.watcher) return;
    this.#watchName(dir);
    // The folder may have been made meanwhile.
    nameWatch.watcher = this.#watchNames(dir, nameWatch);
  }

  #watchNames(dir: string, nameWatch: NameWatch): FSWatcher | undefined {
    return this.#watch(dir, (event, name) => {
      // The end of the folder itself is reported by its own name. Another folder may be there now.
      if (event === 'rename' && name === basename(dir)) return this.#happened(event, dir);
      for (const each of name === null ? nameWatch.names : [name])
        if (nameWatch.names.has(each)) this.#happened(event, join(dir, each));
    });
  }

  /** Handles an event of a path that is watched by its name, and of those below it. */
  #happened(event: string, path: string): void {
    const nameWatch = this.#nameWatches.get(path);
    if (nameWatch && event === 'rename') {
      this.#openNameWatch(path, nameWatch);
      for (const name of nameWatch.names) this.#happened(event, join(path, name));
    }
    if (this.#targets.has(path)) this.#refresh(event, path);
  }

  #refresh(event: string, path: string): void {
    // A folder of the same name may be another one now.
    if (event === 'rename') this.#closeFolder(path);
    this.#visit(path, true);
  }

  #visit(path: string, isNew: boolean): void {
    if (this.ignores(path)) return;
    if (isFolder(path)) {
      if (!this.#folders.has(path)) this.#openFolder(path, isNew);
      return;
    }
    this.#folders.get(dirname(path))?.files.add(basename(path));
    if (isNew) this.onChange(path);
  }

  #openFolder(dir: string, isNew: boolean): void {
    const real = realPath(dir);
    // A link to a folder that is watched, which may be a folder around the link.
    if ([...this.#folders.values()].some((folder) => folder.real === real)) return;
    const watcher = this.#watch(dir, (event, name) => {
      for (const each of name === null ? [...namesIn(dir), ...files] : [name])
        this.#refresh(event, join(dir, each));
    });
    if (!watcher) return;
    const files = new Set<string>();
    this.#folders.set(dir, { watcher, real, files });
    for (const name of namesIn(dir)) this.#visit(join(dir, name), isNew);
  }

  /** Ends the watch of a folder and of those below it. The files in them may be gone. */
  #closeFolder(dir: string): void {
    const folder = this.#folders.get(dir);
    if (!folder) return;
    folder.watcher.close();
    this.#folders.delete(dir);
    for (const name of folder.files) this.onChange(join(dir, name));
    for (const other of [...this.#folders.keys()]) if (dirname(other) === dir) this.#closeFolder(other);
  }

  #watch(dir: string, onEvent: (event: string, name: string | null) => void): FSWatcher | undefined {
    try {
      // A folder that is removed ends its watcher with an error on some systems.
      return watch(dir, onEvent).on('error', () => {});
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT' && code !== 'ENOTDIR' && code !== 'EACCES') this.onUnwatched(dir, error as Error);
      return undefined;
    }
  }
}

const ignoringErrors = <T>(read: () => T, otherwise: T): T => {
  try {
    return read();
  } catch {
    return otherwise;
  }
};

const isFolder = (path: string): boolean => ignoringErrors(() => statSync(path).isDirectory(), false);
const namesIn = (dir: string): string[] => ignoringErrors(() => readdirSync(dir), []);
const realPath = (path: string): string => ignoringErrors(() => realpathSync(path), path);
