import type { Cancel } from '../../base/time/clock.js';
import { HandClock } from './hand-clock.js';
import { realNow } from './real-time.js';
import type { RealWork } from './real-work.js';

/** A hand clock whose time waits for the real work of tasks. */
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

  /** True while time does not wait for real work: a test watches a started task, and moves its time itself. */
  protected get watched(): boolean {
    return false;
  }

  /** Resolves when everything has happened that needs neither time nor real work. */
  turns(): Promise<void> {
    return super.settle();
  }

  /** As that of a hand clock, and when no real work of a task is on its way. @throws an Error that names slow work */
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
