import type { Abortable } from '../abort.js';

/** Takes a timer back. Calling it twice, or after the timer fired, does nothing. */
export type Cancel = () => void;

/**
 * All the time there is. Whatever waits or measures does it through a clock, and on a task's way through one that was
 * passed in, so that a test can own time. What no test can move runs on the machine's: programs and pipes, the thread
 * that evaluates JSONata, the commands, the way of a line of the log out. Instants are milliseconds since the epoch.
 */
export interface Clock {
  /** Never goes backwards, also when the machine's wall clock is set. */
  now(): number;
  /** Runs `fn` once, `ms` milliseconds from now and never earlier. Any length is allowed. */
  after(ms: number, fn: () => void): Cancel;
  /** Runs `fn` each `ms` milliseconds until cancelled. Runs that a busy process missed are not made up for. */
  every(ms: number, fn: () => void): Cancel;
  /** Resolves after `ms` milliseconds, or as soon as `signal` aborts. Never rejects. */
  sleep(ms: number, signal?: Abortable): Promise<void>;
}

/** The longest delay that Node's own timer takes; it fires at once for anything longer. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** What every clock has in common. */
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
  /** It never changes, but is a property that is worked out each time. */
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

/** The real time of this machine, monotonic. */
export const systemClock: Clock = new SystemClock();

/**
 * The date of this machine, which somebody may set at any time: for what others compare with their own, such as the date
 * of a signature. Epoch milliseconds.
 */
export const wallTime = (): number => Date.now();
