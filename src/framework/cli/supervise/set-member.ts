import { Abort } from '../../base/abort.js';
import type { Clock } from '../../base/time/clock.js';
import type { WorkerProcess } from './worker-process.js';

/**
 * If a process exits within this many milliseconds after it began to run, the next one is likely to exit as quickly.
 */
export const QUICK_MS = 10_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/** A member of a set of processes. One process at a time runs as a member. When it exits, another takes its place. */
export class SetMember {
  /** The process that runs as the member; undefined while a process is starting or waiting to be started. */
  current: WorkerProcess | undefined;
  /** Resolves when the latest start of this member has ended, whether it succeeded or failed. */
  starting: Promise<unknown> = Promise.resolve();
  /** The reason why no process runs as the member, as text for people. */
  reason = 'it starts';
  /** The number of exits and failed starts of this member. Processes that a reload replaced are not counted. */
  restarts = 0;
  /** The number of consecutive exits and failed starts of processes that didn't run for {@link QUICK_MS}. */
  failures = 0;
  #ranAt: number | undefined;
  #pause = new Abort();

  /** @param number the member's number in its set, from 1 */
  constructor(
    readonly number: number,
    private readonly clock: Clock,
  ) {}

  /** Sets the process that runs as the member. */
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
