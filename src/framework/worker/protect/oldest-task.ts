const NONE = 0n;

/**
 * The time at which the oldest running task was received, in memory that the main thread and the heartbeat thread share.
 * The heartbeat thread can read it while the main thread is blocked.
 */
export class OldestTask {
  readonly memory: SharedArrayBuffer;
  readonly #cell: BigInt64Array;

  constructor(memory = new SharedArrayBuffer(8)) {
    this.memory = memory;
    this.#cell = new BigInt64Array(memory);
  }

  /** Epoch milliseconds; undefined while no task runs. */
  get since(): number | undefined {
    const value = Atomics.load(this.#cell, 0);
    return value === NONE ? undefined : Number(value);
  }

  set since(since: number | undefined) {
    Atomics.store(this.#cell, 0, since === undefined ? NONE : BigInt(Math.round(since)));
  }
}
