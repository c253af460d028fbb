import type { Abortable } from '../abort.js';

/** Cancels a timer. A second call, or a call after the timer has fired, does nothing. */
export type Cancel = () => void;

/**
 * The source of time. Code that handles tasks uses a clock that is passed in, so that a test can control the time. Only
 * code whose time no test needs to control uses the machine's clock: child processes and pipes, the thread that
 * evaluates JSONata, the commands, and the output of log lines. Points in time are milliseconds since the epoch.
 */
export interface Clock {
  /** Returns the time in epoch milliseconds. The time never goes backwards, even when the machine's date is set. */
  now(): number;
  /**
   * Returns the machine's date in epoch milliseconds, which may jump. It is for times that outlive the process or that
   * another machine reads.
   */
  date(): number;
  /** Runs `fn` once, `ms` milliseconds from now and never earlier. `ms` may be as long as you like. */
  after(ms: number, fn: () => void): Cancel;
  /**
   * Runs `fn` every `ms` milliseconds until cancelled. If the process is too busy, runs are skipped, not made up for.
   */
  every(ms: number, fn: () => void): Cancel;
  /** Resolves after `ms` milliseconds, or as soon as `signal` aborts. Never rejects. */
  sleep(ms: number, signal?: Abortable): Promise<void>;
}

/** The longest delay of one Node timer. If a delay is longer, Node fires the timer at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The methods that every clock has in common. */
export abstract class BaseClock implements Clock {
  abstract now(): number;

  date(): number {
    return this.now();
  }

  abstract after(ms: number, fn: () => void): Cancel;

  every(ms: number, fn: () => void): Cancel {
    let cancel: Cancel;
    const arm = (): void => {
      cancel = this.after(ms, () => {
        arm();
        fn();
      });
    };
    arm();
    return () => cancel();
  }

  sleep(ms: number, signal?: Abortable): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const wake = (): void => {
        cancel();
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const cancel = this.after(ms, wake);
      signal?.addEventListener('abort', wake, { once: true });
    });
  }
}

class SystemClock extends BaseClock {
  /**
   * The epoch milliseconds at which `performance.now()` was zero. It is read once, because Node computes it again at
   * each access.
   */
  readonly #origin = performance.timeOrigin;

  override now(): number {
    return this.#origin + performance.now();
  }

  override date(): number {
    return Date.now();
  }

  override after(ms: number, fn: () => void): Cancel {
    const due = this.now() + ms;
    const ring = (): void => {
      // Node's timers may fire up to a millisecond early; a deadline must not.
      const leftMs = due - this.now();
      if (leftMs > 0) timer = setTimeout(ring, Math.min(leftMs, LONGEST_TIMER_MS));
      else fn();
    };
    let timer = setTimeout(ring, Math.min(Math.max(ms, 0), LONGEST_TIMER_MS));
    return () => clearTimeout(timer);
  }
}

/** The real time of this machine, which never goes backwards. */
export const systemClock: Clock = new SystemClock();

/**
 * Returns this machine's date in epoch milliseconds. It may jump, because the date of a machine can be set. It is for
 * times that another machine compares with its own, such as the date of a signature.
 */
export const wallTime = (): number => Date.now();
