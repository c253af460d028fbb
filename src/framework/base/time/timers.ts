import type { Cancel, Clock } from './clock.js';

interface Waiting {
  readonly due: number;
  readonly fn: () => void;
  /** Timers are numbered in the order in which they were added. */
  readonly number: number;
  /** The index in the heap; -1 once the timer has fired or was cancelled. */
  at: number;
}

/**
 * Timers by the time at which they are due: the earliest first and, of those that are due at the same time, the one
 * that was added first. Only the first needs a timer of Node's, which takes much more memory.
 */
export class TimerHeap {
  readonly #heap: Waiting[] = [];
  #added = 0;

  /** @param onEmpty called when the last timer is removed. @default nothing is called */
  constructor(private readonly onEmpty: () => void = () => {}) {}

  get size(): number {
    return this.#heap.length;
  }

  /** The time at which the next timer is due; undefined if there is none. */
  get due(): number | undefined {
    return this.#heap[0]?.due;
  }

  add(due: number, fn: () => void): Cancel {
    const timer: Waiting = { due, fn, number: this.#added++, at: this.#heap.length };
    this.#heap.push(timer);
    this.#rise(timer);
    return () => this.#remove(timer);
  }

  /** Removes the next timer if it is due at `now`, and returns its function. */
  take(now: number): (() => void) | undefined {
    const [first] = this.#heap;
    if (!first || first.due > now) return undefined;
    this.#remove(first);
    return first.fn;
  }

  #remove(timer: Waiting): void {
    const { at } = timer;
    if (at < 0) return;
    timer.at = -1;
    const last = this.#heap.pop();
    if (this.#heap.length === 0) this.onEmpty();
    if (!last || last === timer) return;
    this.#put(last, at);
    this.#rise(last);
    this.#sink(last);
  }

  #put(timer: Waiting, at: number): void {
    this.#heap[at] = timer;
    timer.at = at;
  }

  #rise(timer: Waiting): void {
    for (;;) {
      const above = timer.at > 0 ? this.#heap[(timer.at - 1) >> 1] : undefined;
      if (!above || !isBefore(timer, above)) return;
      this.#swap(timer, above);
    }
  }

  #sink(timer: Waiting): void {
    for (;;) {
      const [left, right] = [this.#heap[2 * timer.at + 1], this.#heap[2 * timer.at + 2]];
      const next = right && left && isBefore(right, left) ? right : left;
      if (!next || !isBefore(next, timer)) return;
      this.#swap(timer, next);
    }
  }

  #swap(a: Waiting, b: Waiting): void {
    const { at } = a;
    this.#put(a, b.at);
    this.#put(b, at);
  }
}

function isBefore(a: Waiting, b: Waiting): boolean {
  return a.due < b.due || (a.due === b.due && a.number < b.number);
}

/** Runs a function at a time that can be changed until then. */
export class Timer {
  #set: { readonly at: number; readonly cancel: Cancel } | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly fn: () => void,
  ) {}

  /** Sets the time, in epoch milliseconds, instead of the one that was set before. Infinity: the function isn't run. */
  set(at: number): void {
    if (this.#set?.at === at) return;
    this.#set?.cancel();
    this.#set = undefined;
    if (at === Number.POSITIVE_INFINITY) return;
    const run = (): void => {
      this.#set = undefined;
      this.fn();
    };
    this.#set = { at, cancel: this.clock.after(Math.max(0, at - this.clock.now()), run) };
  }
}
