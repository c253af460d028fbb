import type { Cancel, Clock } from './clock.js';
import { type Linked, LinkedList } from '../linked-list.js';
import { callEach } from './turn.js';

/** A timer that fires this late was held up: by a blocked event loop or a stopped process. */
const HELD_UP_MS = 250;
/** What the sockets are given then. Their turn comes after that of the timers. */
const IO_TURN_MS = 100;

/** Gives up on an answer: where that is late, it may lie in the socket already, and the loop gets a turn of input first. */
function giveUp(clock: Clock, lateMs: number, fn: () => void): Cancel | undefined {
  if (lateMs >= HELD_UP_MS) return clock.after(IO_TURN_MS, fn);
  fn();
  return undefined;
}

/** As `after`, for giving up on an answer that may only not have been read yet. @param at epoch milliseconds */
export function giveUpAt(clock: Clock, at: number, fn: () => void): Cancel {
  let cancel = clock.after(at - clock.now(), () => {
    cancel = giveUp(clock, clock.now() - at, fn) ?? cancel;
  });
  return () => cancel();
}

/** As `giveUpAt`, for limits of which nearly all are taken back: those of one length share a timer. */
export function giveUpAfter(clock: Clock, ms: number, fn: () => void): Cancel {
  let lengths = limits.get(clock);
  if (!lengths) limits.set(clock, (lengths = new Map()));
  let queue = lengths.get(ms);
  if (!queue) lengths.set(ms, (queue = new Limits(clock, ms, lengths)));
  return queue.add(fn);
}

/** By their lengths. */
const limits = new WeakMap<Clock, Map<number, Limits>>();

interface Limit extends Linked<Limit> {
  readonly due: number;
  /** Undefined once it was taken back. */
  fn: (() => void) | undefined;
  /** When it was late, for the turn that it gives the sockets. */
  cancel?: Cancel;
}

/** Limits of one length, in the order in which they fall due: that of their additions. */
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

  /** An empty one is forgotten: limits may be of any length. */
  #end(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#lengths.delete(this.#ms);
  }

  #arm(ms: number): void {
    this.#cancel = this.#clock.after(ms, () => this.#ring());
  }

  /** The timer is the one of a limit that may have been taken back since. */
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
        limit.cancel = giveUp(this.#clock, now - limit.due, () => limit.fn?.());
      }),
    );
  }
}
