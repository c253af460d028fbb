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

  /** Resolves when a task has begun: its promises are settled, while its real work may still be on its way. */
  settleStart(): Promise<void> {
    return super.settle();
  }

  /** As that of a hand clock, and when no real work of a task is on its way. @throws an Error that names slow work */
  override async settle(until?: () => boolean): Promise<void> {
    await super.settle(until);
    if (until) return;
    const by = realNow() + this.work.limitMs;
    while (this.work.isOpen) {
      await this.work.rest(by);
      await super.settle();
    }
  }
}
