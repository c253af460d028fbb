import fs from 'node:fs/promises';
import { join } from 'node:path';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { StoreError } from '../../../base/store.js';
import { systemClock } from '../../../base/time/clock.js';
import { inTurn, isAbsent } from './record-file.js';

/** The name of the lock's file while nobody holds it. */
export const FREE = 'free';
/** The longest wait for the lock. */
const WAIT_MS = 2_000;
/** A holder of whom it isn't known if it lives is taken for ended after it has held the lock for so long. */
const STUCK_MS = 10_000;
/** A process that makes one change after another holds the lock for so long. */
const HELD_MS = 100;
/** The longest wait between two attempts to take the lock. */
const PAUSE_MS = 2;
/** The holder is looked at with each of so many attempts. */
const LOOK_EACH = 4;

/**
 * A lock between processes: a folder with one file, which is renamed to the holder's name, and back. If the holder has
 * ended, its name is renamed to that of the next. Each name is used once, so that no holder loses the lock to one that
 * has seen an earlier name.
 */
export class FolderLock {
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
  constructor(
    private readonly folder: string,
    private readonly clock = systemClock,
  ) {}

  /**
   * Makes a change while no other process makes one of its own.
   * @throws StoreError of kind `unavailable` if this process can't have the lock within 2 s
   */
  run<T>(change: () => Promise<T>): Promise<T> {
    const began = this.clock.now();
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
        this.#heldAt = this.clock.now();
        this.#held = name;
        this.#isTaken = true;
        return;
      }
      this.#held = undefined;
      if (this.clock.now() - Math.max(began, this.#heldAt) > WAIT_MS)
        throw new StoreError(
          'unavailable',
          `${this.folder} was not free for ${WAIT_MS / 1000} s: ${this.#seen?.holder ?? 'others'} held it`,
        );
      await this.clock.sleep(PAUSE_MS * Math.random());
    }
  }

  /** Keeps the lock for the next change, for a tenth of a second at most. Then others have a turn. */
  async #giveBackIfDue(): Promise<void> {
    if (this.#waiting > 0 && this.clock.now() - this.#heldAt < HELD_MS) return;
    this.#isTaken = false;
    if (this.#held !== undefined) await this.#giveBack(this.#held);
    if (this.#waiting > 0) await this.clock.sleep(PAUSE_MS);
  }

  /** Tries three times. If that fails, the next change takes the lock from this name. */
  async #giveBack(name: string): Promise<void> {
    for (let attempt = 1; attempt <= 3; attempt++)
      try {
        await this.#rename(name, FREE);
        this.#held = undefined;
        return;
      } catch {
        await this.clock.sleep(attempt * PAUSE_MS);
      }
  }

  /** Returns false if there is no such file. */
  async #rename(from: string, to: string): Promise<boolean> {
    try {
      await inTurn(() => fs.rename(join(this.folder, from), join(this.folder, to)));
      return true;
    } catch (error) {
      if (isAbsent(error)) return false;
      throw error;
    }
  }

  /** Returns the name of a holder that has ended; undefined if there is none. */
  async #endedHolder(): Promise<string | undefined> {
    const [holder = FREE] = await inTurn(() => fs.readdir(this.folder));
    if (holder === FREE) return undefined;
    if (this.#seen?.holder !== holder) this.#seen = { holder, since: this.clock.now() };
    const isStuck = this.clock.now() - this.#seen.since > STUCK_MS;
    const state = stateOf(holder);
    return state === 'ended' || (state === 'unknown' && isStuck) ? holder : undefined;
  }
}

/**
 * Names of what one thread holds: `MACHINE,PID,TASK,START,ID`. By such a name another process of the same machine knows
 * for certain that the holder has ended. A container with process ids of its own counts as another machine.
 */
function read(of: () => string): string {
  try {
    return of();
  } catch {
    return '';
  }
}

const machine = createHash('sha256')
  .update(read(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')) || hostname())
  .update(read(() => readlinkSync('/proc/self/ns/pid')))
  .digest('hex')
  .slice(0, 12);

/** Returns the time at which a thread was started, in ticks since the machine's start; empty if there is none. */
function startOf(pid: string, task: string): string {
  const stat = read(() => readFileSync(`/proc/${pid}/task/${task}/stat`, 'latin1'));
  // The second field is the program's name in brackets, and may contain spaces and brackets.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

const [pid = '', task = ''] = read(() => readlinkSync('/proc/thread-self')).split('/task/');
const own = `${machine},${pid},${task},${startOf(pid, task)}`;

/** Returns text that no other process uses. */
export const uniqueId = (): string => randomBytes(9).toString('base64url');

/** Returns a new name for something that this thread holds. */
export const newHolder = (): string => `${own},${uniqueId()}`;

/** Tells if the thread of this name has ended. `unknown`: it is another machine's, or this system is not Linux. */
export function stateOf(holder: string): 'alive' | 'ended' | 'unknown' {
  const [where, pidOf = '', taskOf = '', start = ''] = holder.split(',');
  if (where !== machine || start === '') return 'unknown';
  return startOf(pidOf, taskOf) === start ? 'alive' : 'ended';
}
