import type { Cancel } from '../../base/time/clock.js';
import { HandClock } from './hand-clock.js';
import { realNow } from './real-time.js';
import type { RealWork } from './real-work.js';

/** A clock for tests that doesn't move while tasks do real work, such as reading a file. */
export class TestClock extends HandClock {
  readonly work: RealWork;
  #timersSet = 0;

  constructor(work: RealWork, start?: number) {
    super(start);
    this.work = work;
  }

  /** The number of timers that were ever set. */
  get timersSet(): number {
    return this.#timersSet;
  }

  override after(ms: number, fn: () => void): Cancel {
    this.#timersSet++;
    return super.after(ms, fn);
  }

  /** True if the clock doesn't wait for real work, because the test itself moves it, for a task of `bed.start`. */
  protected get watched(): boolean {
    return false;
  }

  /** Waits until nothing more happens without moving the clock, but doesn't wait for real work. */
  turns(): Promise<void> {
    return super.settle();
  }

  /**
   * Waits like {@link HandClock.settle}, and then until no task does real work.
   * @throws an Error that names work which takes too long
   */
  override async settle(until?: () => boolean): Promise<void> {
    await super.settle(until);
    if (until || this.watched) return;
    const by = realNow() + this.work.limitMs;
    while (this.work.isOpen) {
      await this.work.rest(by);
      await super.settle();
    }
  }
}
