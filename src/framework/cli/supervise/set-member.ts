import { Abort } from '../../base/abort.js';
import type { Clock } from '../../base/time/clock.js';
import type { WorkerProcess } from './worker-process.js';

/**
 * If a process exits within this many milliseconds after it began to run, the next one is likely to exit as quickly.
 */
export const QUICK_MS = 10_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/** A place for one running process in a set of processes. If the process exits, another can be started in its place. */
export class SetMember {
  /** The process that runs as the member; undefined while a process is starting or waiting to be started. */
  current: WorkerProcess | undefined;
  /** Resolves when the latest start of this member has ended, whether it succeeded or failed. */
  starting: Promise<unknown> = Promise.resolve();
  /** The reason for which no process runs as the member, as text for messages. */
  reason = 'it starts';
  /**
   * The number of times that a process of this member exited or could not be started. Processes that were replaced by a
   * reload don't count.
   */
  restarts = 0;
  /**
   * The number of failures in a row of this member: a process could not be started, or exited within {@link QUICK_MS}. A
   * process that ran longer resets it.
   */
  failures = 0;
  #ranAt: number | undefined;
  #pause = new Abort();

  /** @param number the member's number in its set, from 1 */
  constructor(
    readonly number: number,
    private readonly clock: Clock,
  ) {}

  /** Records that a process now runs as the member. */
  fill(worker: WorkerProcess): void {
    this.current = worker;
    this.#ranAt = this.clock.now();
  }

  /**
   * Records that the member's process has exited, or could not be started.
   * @returns the milliseconds to wait before the next start
   */
  vacate(reason: string): number {
    const isQuick = !this.isSteady;
    this.current = undefined;
    this.#ranAt = undefined;
    this.reason = reason;
    this.restarts++;
    this.failures = isQuick ? this.failures + 1 : 0;
    return isQuick ? Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.failures - 1)) : 0;
  }

  /** True if the member's process has run for at least {@link QUICK_MS}. */
  get isSteady(): boolean {
    return this.#ranAt !== undefined && this.clock.now() - this.#ranAt >= QUICK_MS;
  }

  /** Resolves after `ms` milliseconds, or as soon as {@link endPause} is called. */
  async pause(ms: number): Promise<void> {
    this.#pause = new Abort();
    await this.clock.sleep(ms, this.#pause);
  }

  endPause(): void {
    this.#pause.abort(undefined);
  }
}
