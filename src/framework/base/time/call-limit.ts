import type { Cancel, Clock } from './clock.js';
import { type Linked, LinkedList } from '../linked-list.js';
import { callEach } from './turn.js';

/** A timer that fires late by this much was held up by a blocked event loop or a stopped process. */
const HELD_UP_MS = 250;
/** The time for reading sockets after a timer that was held up: the event loop serves sockets after timers. */
const IO_TURN_MS = 100;

/**
 * Runs `fn` where a call is still open at `at`. Where the process was held up, the answer may lie unread in the socket,
 * so that the event loop first gets a turn to read it.
 * @param at epoch milliseconds
 * @returns ends the limit
 */
export function limitCallAt(clock: Clock, at: number, fn: () => void): Cancel {
  let cancel = clock.after(at - clock.now(), () => {
    cancel = fallDue(clock, clock.now() - at, fn) ?? cancel;
  });
  return () => cancel();
}

/**
 * Runs `fn` where a call is still open after `ms`, as `limitCallAt` does. For the many limits that are nearly all
 * cancelled: all limits of one length share a timer.
 */
export function limitCallAfter(clock: Clock, ms: number, fn: () => void): Cancel {
  let lengths = limits.get(clock);
  if (!lengths) limits.set(clock, (lengths = new Map()));
  let queue = lengths.get(ms);
  if (!queue) lengths.set(ms, (queue = new Limits(clock, ms, lengths)));
  return queue.add(fn);
}

/**
 * Runs `fn` now; where its timer was held up, after a turn of the event loop that reads the sockets.
 * @param lateMs the time by which the timer fired late
 */
function fallDue(clock: Clock, lateMs: number, fn: () => void): Cancel | undefined {
  if (lateMs >= HELD_UP_MS) return clock.after(IO_TURN_MS, fn);
  fn();
  return undefined;
}

/** The open limits of each clock, by their length in milliseconds. */
const limits = new WeakMap<Clock, Map<number, Limits>>();

interface Limit extends Linked<Limit> {
  readonly due: number;
  /** Undefined once the limit is cancelled: the call was answered in time. */
  fn: (() => void) | undefined;
  /** Cancels the extra turn of the event loop that a late limit gets; absent until it gets one. */
  cancel?: Cancel;
}

/**
 * The open limits of one length, in the order in which they were added, which is also the order in which they fall due.
 */
class Limits {
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #lengths: Map<number, Limits>;
  readonly #open = new LinkedList<Limit>();
  #cancel: Cancel | undefined;

  constructor(clock: Clock, ms: number, lengths: Map<number, Limits>) {
    this.#clock = clock;
    this.#ms = ms;
    this.#lengths = lengths;
  }

  add(fn: () => void): Cancel {
    const due = this.#clock.now() + this.#ms;
    const limit: Limit = { due, fn, previous: undefined, next: undefined };
    this.#open.add(limit);
    if (this.#open.size === 1) this.#arm(this.#ms);
    return () => this.#remove(limit);
  }

  #remove(limit: Limit): void {
    limit.fn = undefined;
    limit.cancel?.();
    if (this.#open.remove(limit) && this.#open.size === 0) this.#end();
  }

  /** Removes this queue, which is empty, from the table of lengths: limits may be of any length. */
  #end(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#lengths.delete(this.#ms);
  }

  #arm(ms: number): void {
    this.#cancel = this.#clock.after(ms, () => this.#ring());
  }

  /**
   * Runs the limits that are due now. There may be none: the limit that set the timer may have been cancelled since.
   */
  #ring(): void {
    const now = this.#clock.now();
    const due: Limit[] = [];
    let next = this.#open.first;
    for (; next && next.due <= now; next = this.#open.first) {
      due.push(next);
      this.#open.remove(next);
    }
    if (next) this.#arm(next.due - now);
    else this.#end();
    callEach(
      due.map((limit) => () => {
        limit.cancel = fallDue(this.#clock, now - limit.due, () => limit.fn?.());
      }),
    );
  }
}
