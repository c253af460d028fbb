import type { Abortable } from '../abort.js';

/** Cancels a timer. A second call, or a call after the timer has fired, does nothing. */
export type Cancel = () => void;

/**
 * The source of time. All code waits and measures through a clock, and a task's code through one that is passed in, so
 * that a test can move time. Only code that no test can move uses the machine's clock: programs and pipes, the thread
 * that evaluates JSONata, the commands, the output of log lines. Instants are milliseconds since the epoch.
 */
export interface Clock {
  /** Returns the time in epoch milliseconds. The time never goes backwards, even when the machine's date is set. */
  now(): number;
  /** Runs `fn` once, `ms` milliseconds from now and never earlier. Any length is allowed. */
  after(ms: number, fn: () => void): Cancel;
  /** Runs `fn` every `ms` milliseconds until cancelled. A run that a busy process missed is not made up for. */
  every(ms: number, fn: () => void): Cancel;
  /** Resolves after `ms` milliseconds, or as soon as `signal` aborts. Never rejects. */
  sleep(ms: number, signal?: Abortable): Promise<void>;
}

/** The longest delay of one Node timer: for a longer delay Node's timers fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The methods that every clock has in common. */
export abstract class BaseClock implements Clock {
  abstract now(): number;
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
   * The epoch milliseconds at which `performance.now()` was zero. Read once: Node computes this constant at each
   * access.
   */
  readonly #origin = performance.timeOrigin;

  override now(): number {
    return this.#origin + performance.now();
  }

  override after(ms: number, fn: () => void): Cancel {
    const due = this.now() + ms;
    let timer: NodeJS.Timeout;
    const arm = (): void => {
      timer = setTimeout(ring, Math.min(Math.max(due - this.now(), 0), LONGEST_TIMER_MS));
    };
    const ring = (): void => {
      // Node's timers may fire up to a millisecond early; a deadline must not.
      if (this.now() < due) arm();
      else fn();
    };
    arm();
    return () => clearTimeout(timer);
  }
}

/** The real time of this machine, which never goes backwards. */
export const systemClock: Clock = new SystemClock();

/**
 * Returns the date of this machine in epoch milliseconds, which may jump, since a date can be set. For times that
 * another machine compares with its own, such as the date of a signature.
 */
export const wallTime = (): number => Date.now();
