import type { Cancel, Clock } from '../../base/time/clock.js';
import { TURN_MS } from './heartbeat-thread.js';

interface MainLoopWatchOptions {
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
 * Checks in the heartbeat thread if the main thread's event loop is running. It measures a block in turns of its own
 * event loop, which doesn't turn either while the whole process is stopped.
 */
export class MainLoopWatch {
  readonly #cancel: Cancel;
  #seen = -1;
  #blocked = 0;
  #stuck = false;

  constructor(private readonly options: MainLoopWatchOptions) {
    const turns = options.turns && new Int32Array(options.turns);
    this.#cancel = turns ? options.clock.every(TURN_MS, () => this.#look(turns)) : () => {};
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

  #look(counter: Int32Array): void {
    const turns = Atomics.load(counter, 0);
    const { stallAfterMs, onStuck, onUnblocked } = this.options;
    // Before its first turn, the main thread may still be starting.
    if (turns === this.#seen && turns > 0) {
      this.#blocked++;
      if (this.#stuck || stallAfterMs === false || this.blockedMs < stallAfterMs) return;
      this.#stuck = true;
      return onStuck(this.blockedMs);
    }
    if (this.blockedMs >= REPORTED_MS) onUnblocked(this.blockedMs, this.#stuck);
    this.#seen = turns;
    this.#blocked = 0;
    this.#stuck = false;
  }
}
