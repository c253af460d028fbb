// Node's own, even where a test replaces the global ones by fake timers.
import { setImmediate } from 'node:timers';

/** The time that a turn of the event loop may take before work that can wait goes to the next turns. */
const SHARE_MS = 8;

/** An event loop whose turns are counted. */
export interface EventLoop {
  /** Returns real milliseconds since some instant. */
  now(): number;
  /** Runs `fn` in the next turn. */
  next(fn: () => void): void;
}

const NODES: EventLoop = { now: () => performance.now(), next: (fn) => void setImmediate(fn) };

/**
 * The current turn of this process's event loop. It uses the real clock, whatever clock was passed in: it only keeps the
 * process responsive, and no behaviour depends on it.
 */
class Turn {
  #loop = NODES;
  #began: number | undefined;
  #ends: (() => void)[] = [];
  #waiting: (() => void)[] = [];
  #pumping = false;
  /** True once `share` found that this turn has used its time. */
  isOver = false;

  /** Counts turns by another event loop from now on, as a simulation does. @default Node's event loop */
  countBy(loop: EventLoop = NODES): void {
    this.#loop = loop;
  }

  /** Returns the milliseconds since this turn was first asked about: its real beginning is not known. */
  busyMs(): number {
    if (this.#began === undefined) this.#begin();
    return this.#loop.now() - (this.#began ?? 0);
  }

  /** Runs `fn` when this turn is over, and with it all that follows from the promises that were settled in it. */
  after(fn: () => void): void {
    if (this.#began === undefined) this.#begin();
    this.#ends.push(fn);
  }

  /**
   * Returns undefined where this turn has time left, and else a promise to await before going on. Callers that wait go
   * on one after another, as many in a turn as its time allows.
   * @param ms the milliseconds that this turn may already have taken
   */
  share(ms = SHARE_MS): Promise<void> | undefined {
    if (this.busyMs() <= ms) return undefined;
    this.isOver = true;
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#pumping) return;
      this.#pumping = true;
      this.after(() => this.#pump());
    });
  }

  #begin(): void {
    this.#began = this.#loop.now();
    this.#loop.next(() => {
      this.#began = undefined;
      this.isOver = false;
      const ends = this.#ends;
      this.#ends = [];
      callEach(ends);
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
        // A tick comes after all promises that follow from the settled one.
        queueMicrotask(() => process.nextTick(next));
      }
    };
    next();
  }
}

export const turn = new Turn();

/** Calls all functions, even where some throw. @throws the first error, after all calls */
export function callEach(fns: readonly (() => void)[]): void {
  let thrown: { readonly error: unknown } | undefined;
  for (const fn of fns)
    try {
      fn();
    } catch (error) {
      thrown ??= { error };
    }
  if (thrown) throw thrown.error;
}
