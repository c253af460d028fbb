import { relieveHeap } from '../values/heap.js';
import { turn } from '../../../base/time/turn.js';

/**
 * The number of steps of an execution during which its use of time isn't checked. A shorter execution doesn't
 * noticeably delay others. Without checks, its branches take turns in the same order every time.
 */
const SMALL_STEPS = 256;
/** The number of steps from one check of the time to the next, after the first SMALL_STEPS. */
const STEPS_BETWEEN_LOOKS = 16;

/**
 * Counts the steps of all branches of an execution: states that are entered, fields that are evaluated, and KiB of JSON
 * that are written. After too many steps in one turn of the event loop, it makes the execution wait for another turn,
 * so that requests, timers and signals are handled in between.
 */
export class StepCounter {
  #steps = 0;
  #nextLookAt = 0;
  #waiting = 0;

  /** The number of branches that wait for another turn of the event loop. */
  get waiting(): number {
    return this.#waiting;
  }

  add(steps: number): void {
    this.#steps += steps;
  }

  /**
   * Counts a step. Returns a promise to await before the next step if the current turn of the event loop has lasted too
   * long; otherwise returns undefined. The promise resolves in a later turn.
   */
  step(): Promise<void> | undefined {
    this.#steps++;
    if (this.#steps < SMALL_STEPS || (this.#steps < this.#nextLookAt && !turn.isOver)) return undefined;
    this.#nextLookAt = this.#steps + STEPS_BETWEEN_LOOKS;
    relieveHeap();
    return this.yieldIfBusy();
  }

  /**
   * Returns a promise that resolves in a later turn of the event loop if the current turn has lasted more than `ms`
   * milliseconds; otherwise returns undefined.
   * @default the limit of `turn.share`
   */
  yieldIfBusy(ms?: number): Promise<void> | undefined {
    const next = turn.share(ms);
    if (!next) return undefined;
    this.#waiting++;
    return next.then(() => void this.#waiting--);
  }
}
