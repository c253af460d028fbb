import { turn } from '../../../base/time/turn.js';

/** An execution of fewer steps is no burden to others; its branches take turns in an order that never varies. */
const SMALL_STEPS = 256;
/** The steps between two looks at the time, after that. */
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

  /** Counts a step. Returns a promise of a later turn where this one has lasted long. */
  step(): Promise<void> | undefined {
    this.#steps++;
    if (this.#steps < SMALL_STEPS || (this.#steps < this.#nextLookAt && !turn.isOver)) return undefined;
    this.#nextLookAt = this.#steps + STEPS_BETWEEN_LOOKS;
    return this.yieldIfBusy();
  }

  /** Returns a promise of a later turn where this one has lasted longer than `ms`. @default that of `turn.share` */
  yieldIfBusy(ms?: number): Promise<void> | undefined {
    const next = turn.share(ms);
    if (!next) return undefined;
    this.#waiting++;
    return next.then(() => void this.#waiting--);
  }
}
