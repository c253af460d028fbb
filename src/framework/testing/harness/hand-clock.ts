import { channel, type Channel } from 'node:diagnostics_channel';
import { BaseClock, type Cancel } from '../../base/time/clock.js';
import { show } from '../../base/show.js';
import { nap, nextTurn, realNow } from './real-time.js';

interface HandTimer {
  readonly due: number;
  readonly order: number;
  readonly fn: () => void;
  /** The timer's index in the heap; -1 if the timer has fired or was cancelled. */
  place: number;
}

/** If a process without sockets does nothing for this many turns of the event loop, it is considered to be at rest. */
const QUIET_TURNS = 12;
/** After this many turns, everything is settled that waits only for promises. */
const PROMISE_TURNS = 1;
/** If a process with sockets has no HTTP traffic for this many real milliseconds, it is considered to be at rest. */
const QUIET_MS = 5;
/**
 * For this many real milliseconds after the last HTTP traffic, the process waits for the next turn at once. After that
 * it sleeps for 1 ms between turns.
 */
const BUSY_MS = 1;
/** The most real milliseconds that `settle(until)` waits for its condition. */
const SETTLE_LIMIT_MS = 10_000;

const HTTP_CHANNELS: readonly Channel[] = [
  'http.client.request.start',
  'http.client.response.finish',
  'http.server.request.start',
  'http.server.response.finish',
  'net.client.socket',
  'net.server.socket',
].map((name) => channel(name));

/** The real time of the last HTTP traffic of this process; -Infinity if there was none. */
let lastHttpMove = Number.NEGATIVE_INFINITY;
let watching = false;

function watchHttp(): void {
  if (watching) return;
  watching = true;
  for (const each of HTTP_CHANNELS) each.subscribe(() => (lastHttpMove = realNow()));
}

/**
 * A clock that stands still until a test moves it. Sockets are real. After each timer, `advance` waits until the HTTP
 * exchanges that the timer has started are finished, and only then fires the next timer. So events happen in the order
 * in which the test describes them.
 */
export class HandClock extends BaseClock {
  #now: number;
  #order = 0;
  readonly #timers = new TimerHeap();
  readonly #quietTurns: number;

  /**
   * Makes a clock.
   * @param start the time at which the clock begins, in epoch milliseconds. @default 2026-01-01T00:00:00Z
   * @param promisesOnly true if all code waits only for this clock and for promises, and not for sockets, threads or
   * immediates. Waiting for rest then takes one turn of the event loop instead of twelve. @default false
   */
  constructor(start: number = Date.UTC(2026, 0, 1), { promisesOnly = false } = {}) {
    super();
    this.#now = start;
    this.#quietTurns = promisesOnly ? PROMISE_TURNS : QUIET_TURNS;
    watchHttp();
  }

  override now(): number {
    return this.#now;
  }

  override after(ms: number, fn: () => void): Cancel {
    const timer = { due: this.#now + Math.max(ms, 0), order: this.#order++, fn, place: -1 };
    this.#timers.add(timer);
    return () => this.#timers.remove(timer);
  }

  /** The number of waiting timers. */
  get pending(): number {
    return this.#timers.size;
  }

  /** The time at which the next timer is due, in epoch milliseconds; undefined if no timer is waiting. */
  get next(): number | undefined {
    return this.#timers.first?.due;
  }

  /**
   * Moves the time on by `ms` milliseconds, and fires every timer that falls due in that time, in order. After each
   * time at which timers fire, waits until the process is at rest, so that timers that are set meanwhile fire too.
   * @throws RangeError if `ms` isn't a number that is at least 0
   */
  async advance(ms: number): Promise<void> {
    const target = this.#now + lengthOf(ms);
    await this.settle();
    for (;;) {
      const timer = this.#timers.first;
      if (timer === undefined || timer.due > target) break;
      this.#now = Math.max(this.#now, timer.due);
      this.#fireDue();
      await this.settle();
    }
    this.#now = Math.max(this.#now, target);
    await this.settle();
  }

  /**
   * Moves the time on by `ms` milliseconds without running anything, as if the process had been stopped or its event
   * loop blocked. Timers that fall due in that time fire later.
   * @throws RangeError if `ms` isn't a number that is at least 0
   */
  stall(ms: number): void {
    this.#now += lengthOf(ms);
  }

  /**
   * Waits until everything has happened that needs no time on the clock: timers that are due now, promises, and the
   * HTTP traffic of this process.
   * @param until a condition to wait for instead, however long the sockets take
   * @throws Error if the condition isn't met after 10 real seconds
   */
  async settle(until?: () => boolean): Promise<void> {
    const began = realNow();
    if (until) {
      while (!until()) {
        if (realNow() - began > SETTLE_LIMIT_MS) {
          throw new Error(
            `HandClock.settle: the condition was not met within ${SETTLE_LIMIT_MS} ms: ${until.toString()}`,
          );
        }
        await this.#turn(Math.max(began, lastHttpMove));
      }
      return;
    }
    for (let turn = 0; turn < this.#quietTurns; turn++) await this.#turn();
    while (realNow() - lastHttpMove < QUIET_MS) await this.#turn(lastHttpMove);
  }

  /**
   * Fires the timers that are due, and waits for one turn of the event loop.
   * @param movedAt the real time of the last traffic. If it was more than BUSY_MS ago, the process sleeps for 1 ms, so
   * that other processes can use the core
   */
  async #turn(movedAt = Number.POSITIVE_INFINITY): Promise<void> {
    this.#fireDue();
    if (realNow() - movedAt > BUSY_MS) await nap(1);
    else await nextTurn();
  }

  #fireDue(): void {
    for (;;) {
      const timer = this.#timers.first;
      if (timer === undefined || timer.due > this.#now) return;
      this.#timers.remove(timer);
      timer.fn();
    }
  }
}

function lengthOf(ms: unknown): number {
  if (Number.isFinite(ms) && Number(ms) >= 0) return Number(ms);
  throw new RangeError(`expected a number of milliseconds from 0 up, got ${show(ms)}`);
}

const isBefore = (a: HandTimer, b: HandTimer): boolean =>
  a.due < b.due || (a.due === b.due && a.order < b.order);

/**
 * A heap of timers, ordered by due time and, for the same due time, by the order in which they were set. Reading the
 * first takes constant time; adding and removing take time proportional to log n.
 */
class TimerHeap {
  readonly #heap: HandTimer[] = [];

  get size(): number {
    return this.#heap.length;
  }

  get first(): HandTimer | undefined {
    return this.#heap[0];
  }

  add(timer: HandTimer): void {
    this.#rise(timer, this.#heap.length);
  }

  /** Removes a timer. Does nothing if the timer isn't in the heap. */
  remove(timer: HandTimer): void {
    const { place } = timer;
    if (place < 0) return;
    timer.place = -1;
    const last = this.#heap.pop();
    if (last === undefined || last === timer) return;
    const parent = this.#heap[(place - 1) >> 1];
    if (place > 0 && parent && isBefore(last, parent)) this.#rise(last, place);
    else this.#sink(last, place);
  }

  /** Puts a timer at the index `room`, or at an index nearer to the start of the heap if its order requires it. */
  #rise(timer: HandTimer, room: number): void {
    for (;;) {
      const above = (room - 1) >> 1;
      const parent = room > 0 ? this.#heap[above] : undefined;
      if (!parent || isBefore(parent, timer)) return this.#put(timer, room);
      this.#put(parent, room);
      room = above;
    }
  }

  /** Puts a timer at the index `room`, or at an index farther from the start of the heap if its order requires it. */
  #sink(timer: HandTimer, room: number): void {
    for (;;) {
      const [left, right] = [this.#heap[2 * room + 1], this.#heap[2 * room + 2]];
      const child = right && left && isBefore(right, left) ? right : left;
      if (!child || isBefore(timer, child)) return this.#put(timer, room);
      const below = child.place;
      this.#put(child, room);
      room = below;
    }
  }

  #put(timer: HandTimer, place: number): void {
    this.#heap[place] = timer;
    timer.place = place;
  }
}
