import type { Cancel, Clock } from './clock.js';
import { type Linked, LinkedList } from '../collections.js';
import { callEach } from './turn.js';
import { getOrMake } from '../collections.js';

/**
 * If a timer fires at least this many milliseconds late, the event loop was blocked or the process was stopped
 * meanwhile.
 */
const HELD_UP_MS = 250;
/**
 * If a timeout fires late because the event loop was blocked, its function runs this many milliseconds later still. The
 * event loop runs timers before it reads sockets, so the call's response may already be in a socket.
 */
const IO_TURN_MS = 100;

/**
 * Runs `fn` after `ms` milliseconds, unless the returned function was called first (call it when the call ends). If the
 * event loop was blocked past that time, the response may already be in the socket, so the event loop gets 100 ms to
 * read it before `fn` runs. All timeouts of the same duration share one timer.
 * @returns a function that cancels the timeout
 */
export function limitCallAfter(clock: Clock, ms: number, fn: () => void): Cancel {
  const lengths = getOrMake(limits, clock, () => new Map<number, Limits>());
  return getOrMake(lengths, ms, () => new Limits(clock, ms, lengths)).add(fn);
}

/** For each clock, the time limits (timeouts) of calls still in progress, grouped by duration in milliseconds. */
const limits = new WeakMap<Clock, Map<number, Limits>>();

interface Limit extends Linked<Limit> {
  readonly due: number;
  /**
   * The function to run when the timeout is over. Undefined once the timeout is cancelled, because the call ended in
   * time.
   */
  fn: (() => void) | undefined;
  /**
   * Cancels the run of `fn` that was delayed by 100 ms because the timer fired late. Absent if there is no such run.
   */
  cancel?: Cancel;
}

/**
 * The timeouts of one duration that are neither over nor cancelled, in the order in which they were set, which is also
 * the order in which they end.
 */
class Limits {
  readonly #open = new LinkedList<Limit>();
  #cancel: Cancel | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly ms: number,
    private readonly lengths: Map<number, Limits>,
  ) {}

  add(fn: () => void): Cancel {
    const due = this.clock.now() + this.ms;
    const limit: Limit = { due, fn, previous: undefined, next: undefined };
    this.#open.add(limit);
    if (this.#open.size === 1) this.#cancel = this.clock.after(this.ms, () => this.#ring());
    return () => {
      limit.fn = undefined;
      limit.cancel?.();
      if (this.#open.remove(limit) && this.#open.size === 0) this.#end();
    };
  }

  /**
   * Removes this queue from the table of durations when the queue is empty. Otherwise the table would grow without end,
   * since a timeout may have any duration.
   */
  #end(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.lengths.delete(this.ms);
  }

  /**
   * Runs the timeouts that are over now. There may be none, because the one that the timer was set for may have been
   * cancelled.
   */
  #ring(): void {
    const now = this.clock.now();
    const due: Limit[] = [];
    let next = this.#open.first;
    for (; next && next.due <= now; next = this.#open.first) {
      due.push(next);
      this.#open.remove(next);
    }
    if (next) this.#cancel = this.clock.after(next.due - now, () => this.#ring());
    else this.#end();
    callEach(
      due.map((limit) => () => {
        if (now - limit.due < HELD_UP_MS) limit.fn?.();
        else limit.cancel = this.clock.after(IO_TURN_MS, () => limit.fn?.());
      }),
    );
  }
}
