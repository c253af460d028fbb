import { Abort } from '../../base/abort.js';
import type { Clock } from '../../base/time/clock.js';
import type { WorkerProcess } from './worker-process.js';

/** A process that exits sooner than this after its start is likely to do so again. */
export const QUICK_MS = 10_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/** A slot of a set. One process runs in a slot at a time; when that process exits, another may take the slot. */
export class ProcessSlot {
  /** The process that runs in the slot; undefined while one starts or waits to be started. */
  current: WorkerProcess | undefined;
  /** Resolves when the last start in this slot is over, successful or not. */
  starting: Promise<unknown> = Promise.resolve();
  /** Why no process runs in the slot, for people. */
  reason = 'it starts';
  /** The number of exits and failed starts in this slot. Processes that were replaced by a reload do not count. */
  restarts = 0;
  /** The number of exits and failed starts in a row of processes that had not run for {@link QUICK_MS}. */
  failures = 0;
  #ranAt: number | undefined;
  #pause = new Abort();

  /** @param number the slot's number in its set, from 1 */
  constructor(
    readonly number: number,
    private readonly clock: Clock,
  ) {}

  /** Puts a running process into the slot. */
  fill(worker: WorkerProcess): void {
    this.current = worker;
    this.#ranAt = this.clock.now();
  }

  /**
   * Notes that the slot's process has exited, or could not be started.
   * @returns the pause before the next start, in milliseconds
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

  /** True where the slot's process has run for {@link QUICK_MS}. */
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
