import type { Cancel, Clock } from './clock.js';
import { type Linked, LinkedList } from '../linked-list.js';
import { callEach } from './turn.js';

/** A timer counts as held up if it fires late by this much: the event loop was blocked, or the process was stopped. */
const HELD_UP_MS = 250;
/**
 * The time that the event loop gets to read its sockets after a timer that was held up. The event loop runs timers
 * before it reads sockets.
 */
const IO_TURN_MS = 100;

/**
 * Runs `fn` at the time `at`, unless the call has ended and the limit was cancelled. If the process was held up, the
 * call's answer may be waiting unread in the socket, so the event loop gets a moment to read it before `fn` runs.
 * @param at epoch milliseconds
 * @returns a function that cancels the limit
 */
export function limitCallAt(clock: Clock, at: number, fn: () => void): Cancel {
  let cancel = clock.after(at - clock.now(), () => {
    cancel = fallDue(clock, clock.now() - at, fn) ?? cancel;
  });
  return () => cancel();
}

/**
 * Runs `fn` after `ms` milliseconds unless the limit is cancelled before, in the same way as {@link limitCallAt}. It
 * suits limits that are set often and nearly always cancelled: all limits of the same length share one timer.
 */
export function limitCallAfter(clock: Clock, ms: number, fn: () => void): Cancel {
  let lengths = limits.get(clock);
  if (!lengths) limits.set(clock, (lengths = new Map()));
  let queue = lengths.get(ms);
  if (!queue) lengths.set(ms, (queue = new Limits(clock, ms, lengths)));
  return queue.add(fn);
}

/**
 * Runs `fn` now. If the timer was held up, `fn` runs 100 ms later instead, so that the event loop can read its sockets
 * first.
 * @param lateMs the time by which the timer fired late
 * @returns cancels that later run
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
  /** Cancels the later run of a limit whose timer was held up. Absent until there is one. */
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

  /**
   * Removes this queue, once it is empty, from the table of lengths. Limits may have any length, so the table would
   * grow without end.
   */
  #end(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#lengths.delete(this.#ms);
  }

  #arm(ms: number): void {
    this.#cancel = this.#clock.after(ms, () => this.#ring());
  }

  /**
   * Runs the limits that are due now. There may be none, because the limit that the timer was set for may have been
   * cancelled.
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
