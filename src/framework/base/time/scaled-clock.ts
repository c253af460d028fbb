import { BaseClock, type Cancel, type Clock } from './clock.js';

/** The range of time scales. A time scale is the number of seconds that pass in a real second. */
export const LEAST_SCALE = 0.001;
export const LARGEST_SCALE = 1_000_000;

/** Returns true for a valid time scale. */
export const isScale = (value: unknown): value is number =>
  typeof value === 'number' && value >= LEAST_SCALE && value <= LARGEST_SCALE;

/** A timer of the scaled time. */
interface Timer {
  readonly due: number;
  readonly fn: () => void;
  cancel: Cancel;
}

/** A change of the scaled time. */
export interface TimeChange {
  /** The number of seconds that pass in a real second. */
  readonly scale?: number | undefined;
  /** The milliseconds by which the time is put forward at once. */
  readonly advanceMs?: number | undefined;
}

/**
 * A time that can pass faster than real time, and can be put forward. It never goes backwards. The executions of the
 * local service run in it.
 */
export class ScaledClock extends BaseClock {
  /**
   * This time, with timers in real time. It is for everything that a caller waits for, such as a poll: callers
   * live in real time.
   */
  readonly forCallers: Clock;
  #scale = 1;
  /** The real time and this time, at the last change. */
  #realFrom = 0;
  #from = 0;
  readonly #timers = new Set<Timer>();

  /** @param real the time of the machine, or that of a test */
  constructor(readonly real: Clock) {
    super();
    this.forCallers = {
      now: () => this.now(),
      after: (ms, fn) => real.after(ms, fn),
      every: (ms, fn) => real.every(ms, fn),
      sleep: (ms, signal) => real.sleep(ms, signal),
    };
  }

  get scale(): number {
    return this.#scale;
  }

  override now(): number {
    return this.#from + (this.real.now() - this.#realFrom) * this.#scale;
  }

  override after(ms: number, fn: () => void): Cancel {
    const timer: Timer = { due: this.now() + ms, fn, cancel: () => {} };
    this.#timers.add(timer);
    this.#arm(timer);
    return () => {
      this.#timers.delete(timer);
      timer.cancel();
    };
  }

  /** Changes the time. Timers that are due then fire in a later turn. */
  change({ scale = this.#scale, advanceMs = 0 }: TimeChange): void {
    this.#from = this.now() + advanceMs;
    this.#realFrom = this.real.now();
    this.#scale = scale;
    for (const timer of this.#timers) {
      timer.cancel();
      this.#arm(timer);
    }
  }

  #arm(timer: Timer): void {
    timer.cancel = this.real.after(Math.max(timer.due - this.now(), 0) / this.#scale, () => {
      if (this.now() < timer.due) return this.#arm(timer);
      this.#timers.delete(timer);
      timer.fn();
    });
  }
}
