import type { Cancel, Clock } from '../../base/time/clock.js';
import { TURN_MS } from './thread-messages.js';

export interface MainLoopWatchOptions {
  /** The counter of the main thread's turns. Left out on the main thread itself. @default it is never blocked */
  readonly turns?: SharedArrayBuffer | undefined;
  readonly stallAfterMs: number | false;
  readonly clock: Clock;
  /**
   * Called when the main thread's event loop has been blocked for `stallAfterMs`, so that it counts as stuck. Called
   * once for each such block.
   */
  readonly onStuck: (blockedMs: number) => void;
  /** Called when the main thread's event loop runs again after it was blocked for {@link REPORTED_MS} or longer. */
  readonly onUnblocked: (blockedMs: number, wasStuck: boolean) => void;
}

/** A block of the main thread's event loop is reported if it lasted at least this long. */
const REPORTED_MS = 1_000;

/**
 * Runs in the heartbeat thread and checks if the main thread's event loop is running. It measures a block by counting
 * turns of the heartbeat thread's own event loop. If the operating system stopped the whole process, that loop didn't
 * turn either, so the main thread doesn't count as blocked.
 */
export class MainLoopWatch {
  readonly #options: MainLoopWatchOptions;
  readonly #turns: Int32Array | undefined;
  readonly #cancel: Cancel;
  #seen = -1;
  #blocked = 0;
  #stuck = false;

  constructor(options: MainLoopWatchOptions) {
    this.#options = options;
    this.#turns = options.turns && new Int32Array(options.turns);
    this.#cancel = this.#turns ? options.clock.every(TURN_MS, () => this.#look()) : () => {};
  }

  /** The milliseconds for which the main thread's event loop has been blocked; 0 while it is running. */
  get blockedMs(): number {
    return this.#blocked * TURN_MS;
  }

  /** True while the main thread counts as stuck: its event loop has been blocked for `stallAfterMs` or longer. */
  get stuck(): boolean {
    return this.#stuck;
  }

  close(): void {
    this.#cancel();
  }

  #look(): void {
    if (!this.#turns) return;
    const turns = Atomics.load(this.#turns, 0);
    // Before its first turn, the main thread may still be starting.
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
