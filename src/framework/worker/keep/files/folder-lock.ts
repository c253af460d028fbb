import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StoreError } from '../../../base/store/store-error.js';
import { type Clock, systemClock } from '../../../base/time/clock.js';
import { codeOf } from './fs-error.js';
import { hasEnded, newHolder } from './process-name.js';
import { short } from './turns.js';

const FREE = 'free';
/** The longest wait for the lock. */
const WAIT_MS = 10_000;
/** The longest that a holder changes something. */
const HOLD_MS = 10_000;
/** A holder that has kept the lock for so long is taken for gone, although its process can't be seen to have ended. */
const STUCK_MS = 30_000;

/** Tells a holder of the lock whether it still may change something. */
export interface Held {
  /** @throws StoreError of kind `unavailable` if the lock may be another's by now */
  check(): void;
}

/**
 * A lock between processes: a folder with one file, whose name says who holds the lock. It is taken and given back by
 * a rename, which succeeds for one of several. If the holder has ended, its name is renamed to that of the next one: no
 * process can take a lock twice by mistake, because each name is used once.
 */
export class FolderLock {
  readonly #folder: string;
  readonly #clock: Clock;
  #seen: { readonly holder: string; readonly since: number } | undefined;

  /** @param folder the lock's folder, of its own */
  constructor(folder: string, clock = systemClock) {
    this.#folder = folder;
    this.#clock = clock;
  }

  /** Makes the lock if there is none. @param aside a folder of the same file system, to prepare it in */
  async make(aside: string): Promise<void> {
    const prepared = join(aside, newHolder());
    await mkdir(prepared, { mode: 0o700 });
    await writeFile(join(prepared, FREE), '', { mode: 0o600 });
    try {
      // Succeeds if there is no such folder, or an empty one.
      await rename(prepared, this.#folder);
    } catch (error) {
      await rm(prepared, { recursive: true, force: true });
      if (!['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(codeOf(error) ?? '')) throw error;
    }
  }

  /** Runs `change` while no other process runs its own. */
  async hold<T>(change: (held: Held) => Promise<T>): Promise<T> {
    const name = await this.#take();
    const until = this.#clock.now() + HOLD_MS;
    const check = (): void => {
      if (this.#clock.now() > until)
        throw new StoreError(
          'unavailable',
          `the lock ${this.#folder} was held for more than ${HOLD_MS / 1000} s`,
        );
    };
    try {
      return await change({ check });
    } finally {
      await this.#rename(name, FREE);
    }
  }

  async #take(): Promise<string> {
    const name = newHolder();
    const began = this.#clock.now();
    for (let wait = 1; ; wait = Math.min(wait * 2, 16)) {
      if (await this.#rename(FREE, name)) return name;
      const holder = await this.#holder();
      if (holder !== undefined && this.#isGone(holder) && (await this.#rename(holder, name))) return name;
      if (this.#clock.now() - began > WAIT_MS)
        throw new StoreError(
          'unavailable',
          `${this.#folder}/${holder ?? FREE} was not free for ${WAIT_MS / 1000} s: another process holds the store`,
        );
      await this.#clock.sleep(wait * (0.5 + Math.random()));
    }
  }

  /** Returns false if there is no such file. */
  async #rename(from: string, to: string): Promise<boolean> {
    try {
      await short.run(() => rename(join(this.#folder, from), join(this.#folder, to)));
      return true;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return false;
      throw error;
    }
  }

  /** Returns the name of the holder; undefined if the lock is free. */
  async #holder(): Promise<string | undefined> {
    const names = await short.run(() => readdir(this.#folder));
    return names.includes(FREE) ? undefined : names[0];
  }

  #isGone(holder: string): boolean {
    if (hasEnded(holder)) return true;
    if (this.#seen?.holder !== holder) this.#seen = { holder, since: this.#clock.now() };
    return this.#clock.now() - this.#seen.since > STUCK_MS;
  }
}
