import type { Abortable } from './abort.js';
import { type Linked, LinkedList } from './linked-list.js';

/** Takes a timer back. Calling it twice, or after the timer fired, does nothing. */
export type Cancel = () => void;

/**
 * All the time there is. Everything in Stepwright that waits or measures does it through a clock that was
 * passed in, so that a test can own time. Instants are milliseconds since the epoch.
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

/** Calls all of them, whatever one does. @throws what the first threw that did */
function callEach(fns: readonly (() => void)[]): void {
  let thrown: { readonly error: unknown } | undefined;
  for (const fn of fns)
    try {
      fn();
    } catch (error) {
      thrown ??= { error };
    }
  if (thrown) throw thrown.error;
}

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
