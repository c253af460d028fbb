import { systemClock } from '../../../base/time/clock.js';

/** The milliseconds of processor time that the costly fields of an execution may take together. */
const ALLOWED_MS = 800;
/** The share of the real time since the execution's start by which its budget grows. */
const GROWTH = 0.02;
/** The milliseconds that may be free in all fields together, so that a long loop of small fields is not free too. */
const FREE_MS = 200;
/** With less than this, in milliseconds, nothing is started: it would be ended before it has begun. */
const LEAST_MS = 50;

/**
 * Limits the processor time for the fields of one execution, beyond the little that each field has for nothing. Without
 * a limit, an execution could keep the service busy for minutes, with thousands of fields that each stay within their
 * own limit. The time on the main thread is computed from the work that is done, and doesn't depend on how busy the
 * machine is.
 */
export class ProcessorBudget {
  readonly #began = systemClock.now();
  #usedMs = 0;
  #freeMs = FREE_MS;

  /** The milliseconds that are left; 0 if the budget is used up. */
  get leftMs(): number {
    const left = ALLOWED_MS + GROWTH * (systemClock.now() - this.#began) - this.#usedMs;
    return left < LEAST_MS ? 0 : left;
  }

  /** Returns at most `ms` milliseconds that a field has for nothing; fewer once the execution has had all of them. */
  takeFree(ms: number): number {
    const free = Math.min(ms, this.#freeMs);
    this.#freeMs -= free;
    return free;
  }

  /** Subtracts processor time from the budget. Returns false if the budget is used up. */
  use(ms: number): boolean {
    this.#usedMs += ms;
    return this.#usedMs <= ALLOWED_MS - LEAST_MS || this.leftMs > 0;
  }
}
