// Node's own, also where a test has put fake timers in place of the global ones.
import { setImmediate } from 'node:timers';

/** How long a turn of the event loop may be at work before what can wait is left to the next ones. */
const SHARE_MS = 8;

/**
 * The turn of the event loop that this process is in, on the real clock whatever clock was passed in: it keeps the
 * process answering, and no behaviour hangs on it.
 */
class Turn {
  #began: number | undefined;
  #ends: (() => void)[] = [];
  #waiting: (() => void)[] = [];
  #pumping = false;
  /** Whether this turn was found to have had its time. */
  isOver = false;

  /** How long this turn has lasted since somebody first asked, in milliseconds. */
  busyMs(): number {
    if (this.#began === undefined) this.#begin();
    return performance.now() - (this.#began ?? 0);
  }

  /** Runs `fn` when this turn, with every promise that it settled, is over. */
  after(fn: () => void): void {
    if (this.#began === undefined) this.#begin();
    this.#ends.push(fn);
  }

  /**
   * Undefined where there is time left in this turn. Else wait for it: those that wait go on one after another, as many
   * in a turn as have room in it.
   * @param ms how much of it others may have had before
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
    this.#began = performance.now();
    setImmediate(() => {
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
        // A tick comes when every promise that this one settled has been followed to its end.
        queueMicrotask(() => process.nextTick(next));
      }
    };
    next();
  }
}

export const turn = new Turn();

/** Calls all of them, whatever one does. @throws what the first threw that did */
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
