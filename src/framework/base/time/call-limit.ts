import type { Cancel, Clock } from './clock.js';
import { type Linked, LinkedList } from '../linked-list.js';
import { callEach } from './turn.js';

/** A timer that fires this late was held up by a blocked event loop or a stopped process. */
const HELD_UP_MS = 250;
/** The time that the sockets then get. The event loop serves them after its timers. */
const IO_TURN_MS = 100;

/**
 * Runs `fn` when a call takes longer than until `at`. Where the process was held up, the answer may lie unread in the
 * socket, so that the event loop gets a turn to read it first.
 * @param at epoch milliseconds
 */
export function limitCallAt(clock: Clock, at: number, fn: () => void): Cancel {
  let cancel = clock.after(at - clock.now(), () => {
    cancel = fallDue(clock, clock.now() - at, fn) ?? cancel;
  });
  return () => cancel();
}

/** As `limitCallAt`, for the many limits that are nearly all cancelled: those of one length share a timer. */
export function limitCallAfter(clock: Clock, ms: number, fn: () => void): Cancel {
  let lengths = limits.get(clock);
  if (!lengths) limits.set(clock, (lengths = new Map()));
  let queue = lengths.get(ms);
  if (!queue) lengths.set(ms, (queue = new Limits(clock, ms, lengths)));
  return queue.add(fn);
}

/** Runs `fn` now, or after a turn of input where its timer was held up. @param lateMs how late the timer fired */
function fallDue(clock: Clock, lateMs: number, fn: () => void): Cancel | undefined {
  if (lateMs >= HELD_UP_MS) return clock.after(IO_TURN_MS, fn);
  fn();
  return undefined;
}

/** The open limits of each clock, by length. */
const limits = new WeakMap<Clock, Map<number, Limits>>();

interface Limit extends Linked<Limit> {
  readonly due: number;
  /** Undefined once the limit is cancelled. */
  fn: (() => void) | undefined;
  /** Ends the turn of input that a late limit waits for. */
  cancel?: Cancel;
}

/** Limits of one length, in the order of their additions, in which they also fall due. */
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

  /** Forgets an empty queue, since limits may be of any length. */
  #end(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#lengths.delete(this.#ms);
  }

  #arm(ms: number): void {
    this.#cancel = this.#clock.after(ms, () => this.#ring());
  }

  /** The limit that set the timer may have been cancelled since. */
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
