import { turn } from '../../../base/time/turn.js';

/**
 * The steps that an execution does before the time is first checked. So small an execution holds up no other, and its
 * branches take turns in an order that never varies.
 */
const SMALL_STEPS = 256;
/** The steps between two checks of the time, after the first SMALL_STEPS. */
const STEPS_BETWEEN_LOOKS = 16;

/**
 * Counts the steps of an execution in all its branches: states entered, fields evaluated, KiB written. Yields to the
 * event loop now and then, so that calls, timers and signals are handled.
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
   * Counts a step. Returns undefined, or a promise of a later turn where this turn of the event loop has lasted long.
   */
  step(): Promise<void> | undefined {
    this.#steps++;
    if (this.#steps < SMALL_STEPS || (this.#steps < this.#nextLookAt && !turn.isOver)) return undefined;
    this.#nextLookAt = this.#steps + STEPS_BETWEEN_LOOKS;
    return this.yieldIfBusy();
  }

  /**
   * Returns undefined while this turn of the event loop has lasted at most `ms`, else a promise of a later turn.
   * @default that of `turn.share`
   */
  yieldIfBusy(ms?: number): Promise<void> | undefined {
    const next = turn.share(ms);
    if (!next) return undefined;
    this.#waiting++;
    return next.then(() => void this.#waiting--);
  }
}
