import type { Clock } from '../../base/time/clock.js';
import { TURN_MS } from './thread-messages.js';

export interface MainLoopWatchOptions {
  readonly turns: SharedArrayBuffer;
  readonly stallAfterMs: number | false;
  readonly clock: Clock;
  /** Called once for each block of the main loop that is long enough to take the loop for stuck. */
  readonly onStuck: (blockedMs: number) => void;
  /** Called when the main loop turns again after a block, unless the block was short. */
  readonly onUnblocked: (blockedMs: number, wasStuck: boolean) => void;
}

/** The length from which a block of the main loop is reported. */
const REPORTED_MS = 1_000;

/**
 * Watches, from the heartbeat thread, whether the main loop turns. Time is counted in this thread's own turns: where
 * the whole process was stopped, this thread has missed as many.
 */
export class MainLoopWatch {
  readonly #options: MainLoopWatchOptions;
  readonly #turns: Int32Array;
  #seen = -1;
  #blocked = 0;
  #stuck = false;

  constructor(options: MainLoopWatchOptions) {
    this.#options = options;
    this.#turns = new Int32Array(options.turns);
    options.clock.every(TURN_MS, () => this.#look());
  }

  /** The milliseconds since the main loop's last turn. */
  get blockedMs(): number {
    return this.#blocked * TURN_MS;
  }

  /** True while the main loop is taken for stuck. */
  get stuck(): boolean {
    return this.#stuck;
  }

  #look(): void {
    const turns = Atomics.load(this.#turns, 0);
    // Before its first turn the main thread may still be starting.
    if (turns === this.#seen && turns > 0) return this.#miss();
    const [blockedMs, wasStuck] = [this.blockedMs, this.#stuck];
    this.#seen = turns;
    this.#blocked = 0;
    this.#stuck = false;
    if (blockedMs >= REPORTED_MS) this.#options.onUnblocked(blockedMs, wasStuck);
  }

  #miss(): void {
    this.#blocked++;
    const { stallAfterMs, onStuck } = this.#options;
    if (this.#stuck || stallAfterMs === false || this.blockedMs < stallAfterMs) return;
    this.#stuck = true;
    onStuck(this.blockedMs);
  }
}
