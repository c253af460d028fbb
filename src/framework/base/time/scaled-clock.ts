import { BaseClock, type Cancel, type Clock } from './clock.js';
import { TimerHeap } from './timers.js';

/** The range of time scales. A time scale is the number of seconds that pass in a real second. */
export const LEAST_SCALE = 0.001;
export const LARGEST_SCALE = 1_000_000;

export const isScale = (value: unknown): value is number =>
  typeof value === 'number' && value >= LEAST_SCALE && value <= LARGEST_SCALE;

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
  readonly forCallers: Clock & { readonly scale: number };
  #scale = 1;
  /** The real time and this time, at the last change. */
  #realFrom = 0;
  #from = 0;
  readonly #timers = new TimerHeap(() => this.#rest());
  /** The time for which the one timer in real time is set, which fires the next of `#timers`. */
  #armedFor = Number.POSITIVE_INFINITY;
  #disarm: Cancel = () => {};

  /** @param real the time of the machine, or that of a test */
  constructor(readonly real: Clock) {
    super();
    const scale = (): number => this.#scale;
    this.forCallers = {
      get scale() {
        return scale();
      },
      now: () => this.now(),
      date: () => this.date(),
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
    const cancel = this.#timers.add(this.now() + ms, fn);
    this.#arm();
    return cancel;
  }

  /** Changes the time. Timers that are due then fire in a later turn. */
  change({ scale = this.#scale, advanceMs = 0 }: TimeChange): void {
    this.#from = this.now() + advanceMs;
    this.#realFrom = this.real.now();
    this.#scale = scale;
    this.#armedFor = Number.POSITIVE_INFINITY;
    this.#arm();
  }

  /** Cancels the timer in real time: no timer is left that it could fire. */
  #rest(): void {
    this.#disarm();
    this.#armedFor = Number.POSITIVE_INFINITY;
  }

  /** Sets the timer in real time, unless it is set for the next timer or earlier. */
  #arm(): void {
    const { due } = this.#timers;
    if (due === undefined || due >= this.#armedFor) return;
    this.#disarm();
    this.#armedFor = due;
    this.#disarm = this.real.after(Math.max(due - this.now(), 0) / this.#scale, () => {
      this.#armedFor = Number.POSITIVE_INFINITY;
      this.#reach(due);
      this.#fire(this.now());
    });
  }

  /** Puts this time forward to one for which a timer in real time was set, if rounding has left it a little before. */
  #reach(due: number): void {
    if (this.now() >= due) return;
    this.#from = due;
    this.#realFrom = this.real.now();
  }

  /**
   * Fires the timers that are due by a time, those of one moment together. Between two moments all code runs that
   * follows from the first: it may cancel what is due at the second, as the end of a Wait cancels a timeout.
   */
  #fire(until: number): void {
    const { due } = this.#timers;
    if (due === undefined || due > until) return this.#arm();
    try {
      for (let fire = this.#timers.take(due); fire; fire = this.#timers.take(due)) fire();
    } finally {
      // A tick runs after all code that follows from the promises settled above.
      queueMicrotask(() => process.nextTick(() => this.#fire(until)));
    }
  }
}
