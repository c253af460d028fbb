import type { Cancel } from '../../base/time/clock.js';
import { HandClock } from './hand-clock.js';
import { realNow } from './real-time.js';
import type { RealWork } from './real-work.js';

/** A hand clock that doesn't move while tasks do real work. */
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

  /** True if the clock moves without waiting for real work, because the test itself moves it for a started task. */
  protected get watched(): boolean {
    return false;
  }

  /** Waits until everything has happened that needs neither time on the clock nor real work. */
  turns(): Promise<void> {
    return super.settle();
  }

  /**
   * Waits as a hand clock does, and also until no task does real work.
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
