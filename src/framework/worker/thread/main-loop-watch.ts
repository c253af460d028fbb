import type { Clock } from '../../base/time/clock.js';
import { TURN_MS } from './thread-messages.js';

export interface MainLoopWatchOptions {
  readonly turns: SharedArrayBuffer;
  readonly stallAfterMs: number | false;
  readonly clock: Clock;
  /** It is believed no longer. */
  readonly onGivenUp: (blockedMs: number) => void;
  /** It turns again, after so long. */
  readonly onTurned: (blockedMs: number, gaveUp: boolean) => void;
}

/** Shorter than this nothing is told. */
const TOLD_MS = 1_000;

/**
 * Whether the main loop still turns, seen from another thread. Counted in this thread's own turns: where the whole
 * process was stopped, this thread has missed as many.
 */
export class MainLoopWatch {
  readonly #options: MainLoopWatchOptions;
  readonly #turns: Int32Array;
  #seen = -1;
  #blocked = 0;
  #gaveUp = false;

  constructor(options: MainLoopWatchOptions) {
    this.#options = options;
    this.#turns = new Int32Array(options.turns);
    options.clock.every(TURN_MS, () => this.#look());
  }

  /** How long it has not turned. */
  get blockedMs(): number {
    return this.#blocked * TURN_MS;
  }

  /** Whether it is taken for stuck. */
  get gaveUp(): boolean {
    return this.#gaveUp;
  }

  #look(): void {
    const turns = Atomics.load(this.#turns, 0);
    // Before its first turn it may still be starting.
    if (turns === this.#seen && turns > 0) return this.#miss();
    const [blockedMs, gaveUp] = [this.blockedMs, this.#gaveUp];
    this.#seen = turns;
    this.#blocked = 0;
    this.#gaveUp = false;
    if (blockedMs >= TOLD_MS) this.#options.onTurned(blockedMs, gaveUp);
  }

  #miss(): void {
    this.#blocked++;
    const { stallAfterMs, onGivenUp } = this.#options;
    if (this.#gaveUp || stallAfterMs === false || this.blockedMs < stallAfterMs) return;
    this.#gaveUp = true;
    onGivenUp(this.blockedMs);
  }
}
