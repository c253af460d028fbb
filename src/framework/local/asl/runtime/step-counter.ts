import { turn } from '../../../base/time/turn.js';

/**
 * The steps that an execution makes before its time is first checked. An execution with fewer steps doesn't delay
 * others noticeably, and without checks its branches always take turns in the same order.
 */
const SMALL_STEPS = 256;
/** The number of steps between two checks of the time, after the first SMALL_STEPS. */
const STEPS_BETWEEN_LOOKS = 16;

/**
 * Counts the steps of an execution, in all its branches: states entered, fields evaluated, KiB written. Now and then
 * waits for another turn of the event loop, so that calls, timers and signals are handled.
 */
export class StepCounter {
  #steps = 0;
  #nextLookAt = 0;
  #waiting = 0;

  /** The number of branches that wait for a turn of the event loop. */
  get waiting(): number {
    return this.#waiting;
  }

  add(steps: number): void {
    this.#steps += steps;
  }

  /**
   * Counts a step. If this turn of the event loop has lasted long, returns a promise that resolves in a later turn;
   * otherwise returns undefined.
   */
  step(): Promise<void> | undefined {
    this.#steps++;
    if (this.#steps < SMALL_STEPS || (this.#steps < this.#nextLookAt && !turn.isOver)) return undefined;
    this.#nextLookAt = this.#steps + STEPS_BETWEEN_LOOKS;
    return this.yieldIfBusy();
  }

  /**
   * Returns undefined while this turn of the event loop has lasted at most `ms` milliseconds. Otherwise returns a
   * promise that resolves in a later turn.
   * @default that of `turn.share`
   */
  yieldIfBusy(ms?: number): Promise<void> | undefined {
    const next = turn.share(ms);
    if (!next) return undefined;
    this.#waiting++;
    return next.then(() => void this.#waiting--);
  }
}
