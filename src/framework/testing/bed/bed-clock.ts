import type { Cancel } from '../../base/time/clock.js';
import { HandClock } from '../harness/hand-clock.js';

/** A hand clock that moves ahead by itself while `run` of a bed waits for a task. */
export class BedClock extends HandClock {
  #running = 0;
  #moving = false;

  override after(ms: number, fn: () => void): Cancel {
    const cancel = super.after(ms, fn);
    void this.#runAhead();
    return cancel;
  }

  /** Moves ahead to each timer as soon as the process is at rest, until `work` has settled. */
  async runAhead<T>(work: () => Promise<T>): Promise<T> {
    this.#running++;
    try {
      void this.#runAhead();
      return await work();
    } finally {
      this.#running--;
    }
  }

  async #runAhead(): Promise<void> {
    if (this.#moving) return;
    this.#moving = true;
    while (this.#running > 0 && this.next !== undefined) {
      await this.settle();
      const { next } = this;
      if (this.#running > 0 && next !== undefined) await this.advance(Math.max(next - this.now(), 0));
    }
    this.#moving = false;
  }
}
