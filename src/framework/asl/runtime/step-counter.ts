import { turn } from '../../base/time/turn.js';

/**
 * During the first SMALL_STEPS steps of an execution, a turn of the event loop may last for SMALL_MS. The branches of
 * a small execution so take turns in the same order every time, also on a busy machine.
 */
const SMALL_STEPS = 256;
const SMALL_MS = 250;

/**
 * Counts the steps of an execution: states that are entered, and fields that are evaluated. After a turn of the event
 * loop that was too long, it makes the execution wait for the next one, so that requests, timers and signals are
 * handled in between.
 */
export class StepCounter {
  #steps = 0;
  #waiting = 0;

  /** @param isAlone true if the execution never waits, so that it takes the same course on a busy machine */
  constructor(private readonly isAlone = false) {}

  /** The number of branches that wait for another turn of the event loop. */
  get waiting(): number {
    return this.#waiting;
  }

  /**
   * Counts a step. Returns a promise to await before the next step if the current turn of the event loop has lasted too
   * long; otherwise returns undefined. The promise resolves in a later turn.
   */
  step(): Promise<void> | undefined {
    return this.pause(++this.#steps < SMALL_STEPS ? SMALL_MS : undefined);
  }

  /**
   * Like `step`, but counts none.
   * @param ms the longest time of a turn. @default the limit of `turn.share`
   */
  pause(ms?: number): Promise<void> | undefined {
    const next = this.isAlone ? undefined : turn.share(ms);
    if (!next) return undefined;
    this.#waiting++;
    return next.then(() => void this.#waiting--);
  }
}
