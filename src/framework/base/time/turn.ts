// Node's own functions, even if a test replaces the global ones with fake timers.
import { setImmediate } from 'node:timers';

/**
 * The time, in milliseconds, that one turn of the event loop may take. After that, work that can wait is moved to the
 * next turns.
 */
const SHARE_MS = 8;

/** The part of an event loop with which its turns (iterations) are measured. */
export interface EventLoop {
  /** Returns real milliseconds since some fixed moment. */
  now(): number;
  /** Runs `fn` in the next turn of the event loop. */
  next(fn: () => void): void;
}

const NODES: EventLoop = { now: () => performance.now(), next: (fn) => void setImmediate(fn) };

/**
 * Measures the current turn (iteration) of this process's event loop, so that work that can wait is moved to later
 * turns and the process stays responsive. It uses the real clock even if another clock was passed to the worker, since
 * no behaviour depends on this time.
 */
class Turn {
  #loop = NODES;
  #began: number | undefined;
  #waiting: (() => void)[] = [];
  #pumping = false;

  /** From now on measures the turns of another event loop, such as that of a simulation. @default Node's event loop */
  countBy(loop: EventLoop = NODES): void {
    this.#loop = loop;
  }

  /**
   * Returns the milliseconds for which this turn has run, counted from the first call of this method or of `share` in it.
   * The real beginning of a turn isn't known.
   */
  busyMs(): number {
    if (this.#began === undefined) {
      this.#began = this.#loop.now();
      this.after(() => (this.#began = undefined));
    }
    return this.#loop.now() - this.#began;
  }

  /** Runs `fn` when this turn is over. Everything that follows from promises settled in this turn has then run too. */
  after(fn: () => void): void {
    this.#loop.next(fn);
  }

  /**
   * Returns undefined if this turn of the event loop has time left. Otherwise returns a promise that the caller has to
   * await before it continues its work. Callers that wait continue one after another in later turns, as many in each
   * turn as its time allows.
   * @param ms this turn has time left if it has run for fewer milliseconds than this
   */
  share(ms = SHARE_MS): Promise<void> | undefined {
    if (this.busyMs() <= ms) return undefined;
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#pumping) return;
      this.#pumping = true;
      this.after(() => this.#pump());
    });
  }

  #pump(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    let at = 0;
    const next = (): void => {
      if (at === waiting.length) {
        this.#pumping = this.#waiting.length > 0;
        if (this.#pumping) this.after(() => this.#pump());
      } else if (this.busyMs() > SHARE_MS) this.after(next);
      else {
        waiting[at++]?.();
        // A tick runs after all code that follows from the promise settled above.
        queueMicrotask(() => process.nextTick(next));
      }
    };
    next();
  }
}

export const turn = new Turn();
