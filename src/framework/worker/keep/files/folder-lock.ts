import fs from 'node:fs/promises';
import { join } from 'node:path';
import { StoreError } from '../../../base/store.js';
import { systemClock } from '../../../base/time/clock.js';
import { inTurn, isAbsent } from './file-calls.js';
import { newHolder, stateOf } from './holder.js';

/** The name of the lock's file while nobody holds it. */
export const FREE = 'free';
/** The longest wait for the lock. */
const WAIT_MS = 2_000;
/** A holder of whom it isn't known if it lives is taken for ended after it has held the lock for so long. */
const STUCK_MS = 10_000;
/** A process that makes one change after another holds the lock for so long. */
const HELD_MS = 100;
/** The longest wait between two attempts to take the lock. The holder is looked at with each fourth. */
const [PAUSE_MS, LOOK_EACH] = [2, 4];

/**
 * A lock between processes: a folder with one file, whose name says who holds the lock. It is taken and given back by
 * a rename, which succeeds for one of several. If the holder has ended, its name is renamed to that of the next one.
 * Each name is used once, so that nobody takes the lock from a holder that it has not looked at.
 */
export class FolderLock {
  readonly #folder: string;
  readonly #clock: typeof systemClock;
  /** Resolves when the last change of this process has been made. */
  #turn: Promise<unknown> = Promise.resolve();
  /** The number of changes of this process that wait for their turn. */
  #waiting = 0;
  #isTaken = false;
  /** The name under which this lock is held; also if it could not be given back. */
  #held: string | undefined;
  #heldAt = Number.NEGATIVE_INFINITY;
  #seen: { readonly holder: string; readonly since: number } | undefined;

  /** @param folder the lock's folder, which has the file `free` or that of a holder */
  constructor(folder: string, clock = systemClock) {
    this.#folder = folder;
    this.#clock = clock;
  }

  /**
   * Makes a change while no other process makes one of its own.
   * @throws StoreError of kind `unavailable` if this process can't have the lock within 2 s
   */
  run<T>(change: () => Promise<T>): Promise<T> {
    const began = this.#clock.now();
    this.#waiting++;
    const made = this.#turn.then(async () => {
      this.#waiting--;
      if (!this.#isTaken) await this.#take(began);
      try {
        return await change();
      } finally {
        await this.#giveBackIfDue();
      }
    });
    this.#turn = made.catch(() => {});
    return made;
  }

  async #take(began: number): Promise<void> {
    const name = newHolder();
    for (let attempt = 1; ; attempt++) {
      const from = this.#held ?? (attempt % LOOK_EACH === 0 ? await this.#endedHolder() : FREE);
      if (from !== undefined && (await this.#rename(from, name))) {
        this.#heldAt = this.#clock.now();
        this.#held = name;
        this.#isTaken = true;
        return;
      }
      this.#held = undefined;
      if (this.#clock.now() - Math.max(began, this.#heldAt) > WAIT_MS)
        throw new StoreError(
          'unavailable',
          `${this.#folder} was not free for ${WAIT_MS / 1000} s: ${this.#seen?.holder ?? 'others'} held it`,
        );
      await this.#clock.sleep(PAUSE_MS * Math.random());
    }
  }

  /** Keeps the lock for the next change, for a tenth of a second at most. Then others have a turn. */
  async #giveBackIfDue(): Promise<void> {
    if (this.#waiting > 0 && this.#clock.now() - this.#heldAt < HELD_MS) return;
    this.#isTaken = false;
    if (this.#held !== undefined) await this.#giveBack(this.#held);
    if (this.#waiting > 0) await this.#clock.sleep(PAUSE_MS);
  }

  /** Tries three times. If that fails, the next change takes the lock from this name. */
  async #giveBack(name: string): Promise<void> {
    for (let attempt = 1; attempt <= 3; attempt++)
      try {
        await this.#rename(name, FREE);
        this.#held = undefined;
        return;
      } catch {
        await this.#clock.sleep(attempt * PAUSE_MS);
      }
  }

  /** Returns false if there is no such file. */
  async #rename(from: string, to: string): Promise<boolean> {
    try {
      await inTurn(() => fs.rename(join(this.#folder, from), join(this.#folder, to)));
      return true;
    } catch (error) {
      if (isAbsent(error)) return false;
      throw error;
    }
  }

  /** Returns the name of a holder that has ended; undefined if there is none. */
  async #endedHolder(): Promise<string | undefined> {
    const [holder = FREE] = await inTurn(() => fs.readdir(this.#folder));
    if (holder === FREE) return undefined;
    if (this.#seen?.holder !== holder) this.#seen = { holder, since: this.#clock.now() };
    const isStuck = this.#clock.now() - this.#seen.since > STUCK_MS;
    const state = stateOf(holder);
    return state === 'ended' || (state === 'unknown' && isStuck) ? holder : undefined;
  }
}
