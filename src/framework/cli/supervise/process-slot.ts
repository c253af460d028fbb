import { Abort } from '../../base/abort.js';
import type { Clock } from '../../base/time/clock.js';
import type { WorkerProcess } from './worker-process.js';

/** A process that ended so soon after it ran, or before it did, may well end so again. */
export const QUICK_MS = 10_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/** One of the slots of a set: a process runs in it, and when that has ended another. */
export class ProcessSlot {
  /** The one that runs in it; undefined while there is none, or it only starts. */
  current: WorkerProcess | undefined;
  /** Resolves when the one that starts now runs, or does not. */
  begun: Promise<unknown> = Promise.resolve();
  /** Resolves when a reload has put another one in, or has not. */
  replaced: Promise<unknown> = Promise.resolve();
  /** Why none runs in it, for people. */
  why = 'it starts';
  /** How often another was started because one had ended. */
  restarts = 0;
  /** Quick ends in a row. */
  failures = 0;
  #ranAt: number | undefined;
  #pause = new Abort();

  /** @param number from 1 */
  constructor(
    readonly number: number,
    private readonly clock: Clock,
  ) {}

  /** From now on this one runs in it. */
  take(worker: WorkerProcess): void {
    this.current = worker;
    this.#ranAt = this.clock.now();
  }

  /** None runs in it any more, or none could be started. @returns how long to wait before the next, in milliseconds. */
  lose(why: string): number {
    const isQuick = !this.isSteady;
    this.current = undefined;
    this.#ranAt = undefined;
    this.why = why;
    this.restarts++;
    this.failures = isQuick ? this.failures + 1 : 0;
    return isQuick ? Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.failures - 1)) : 0;
  }

  /** Whether what runs in it has run for a while. */
  get isSteady(): boolean {
    return this.#ranAt !== undefined && this.clock.now() - this.#ranAt >= QUICK_MS;
  }

  /** Waits, unless it is told not to. */
  async pause(ms: number): Promise<void> {
    this.#pause = new Abort();
    await this.clock.sleep(ms, this.#pause);
  }

  endPause(): void {
    this.#pause.abort(undefined);
  }
}
