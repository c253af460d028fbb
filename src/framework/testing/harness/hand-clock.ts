import { channel, type Channel } from 'node:diagnostics_channel';
import { EVALUATION_ENDS, EVALUATION_STARTS } from '../../base/local-protocol.js';
import { BaseClock, type Cancel } from '../../base/time/clock.js';
import { TimerHeap } from '../../base/time/timers.js';
import { show } from '../../base/show.js';
import { nap, nextTurn, realNow } from '../work/real-time.js';

/** The process is considered idle after this many turns of the event loop, if it has no HTTP traffic. */
const QUIET_TURNS = 12;
/** The process is considered idle after this many turns of the event loop if its code waits only for promises. */
const PROMISE_TURNS = 1;
/** A process with HTTP traffic is considered idle when there was no more traffic for this many real milliseconds. */
const QUIET_MS = 5;
/**
 * Shortly after HTTP traffic, for this many real milliseconds, turns of the event loop follow each other without a
 * pause. Later there is a pause of 1 ms between them, so that other processes can use the processor.
 */
const BUSY_MS = 1;
/** The most real milliseconds that `settle(until)` waits for its condition to become true. */
const SETTLE_LIMIT_MS = 10_000;

const HTTP_CHANNELS: readonly Channel[] = [
  'http.client.request.start',
  'http.client.response.finish',
  'http.server.request.start',
  'http.server.response.finish',
  'net.client.socket',
  'net.server.socket',
].map((name) => channel(name));

/** The number of evaluations of JSONata in this process's local services that are in another thread. */
let evaluations = 0;
const isEvaluating = (): boolean => evaluations > 0;
/** The real time of this process's last HTTP traffic; -Infinity if there was none. */
let lastHttpMove = Number.NEGATIVE_INFINITY;
let watching = false;

function watchProcess(): void {
  if (watching) return;
  watching = true;
  channel(EVALUATION_STARTS).subscribe(() => void evaluations++);
  channel(EVALUATION_ENDS).subscribe(() => void evaluations--);
  for (const each of HTTP_CHANNELS) each.subscribe(() => (lastHttpMove = realNow()));
}

/**
 * A clock that stands still until a test moves it. `advance` fires the timers one by one: it waits until the HTTP
 * exchanges that one timer has started are finished, and only then fires the next. So things happen in the order in
 * which the test describes them, although sockets are real.
 */
export class HandClock extends BaseClock {
  #now: number;
  readonly #timers = new TimerHeap();
  readonly #quietTurns: number;

  /**
   * Creates a clock.
   * @param start the time at which the clock begins, in epoch milliseconds. @default 2026-01-01T00:00:00Z
   * @param promisesOnly true if the code under test waits only for this clock and for promises, not for sockets,
   * threads or immediates of Node. Finding out that the process is idle then takes one turn of the event loop instead of
   * twelve. @default false
   */
  constructor(start: number = Date.UTC(2026, 0, 1), { promisesOnly = false } = {}) {
    super();
    this.#now = start;
    this.#quietTurns = promisesOnly ? PROMISE_TURNS : QUIET_TURNS;
    watchProcess();
  }

  override now(): number {
    return this.#now;
  }

  override after(ms: number, fn: () => void): Cancel {
    // No timer is set for a time that never comes.
    if (ms === Number.POSITIVE_INFINITY) return () => {};
    return this.#timers.add(this.#now + Math.max(ms, 0), fn);
  }

  /** The number of waiting timers. */
  get pending(): number {
    return this.#timers.size;
  }

  /** The time at which the next timer is due, in epoch milliseconds; undefined if no timer is waiting. */
  get next(): number | undefined {
    return this.#timers.due;
  }

  /**
   * Moves the time on by `ms` milliseconds, and fires every timer that is due by then, in order. After each time at
   * which timers fire, waits until the process is idle, so that timers that it sets meanwhile fire too.
   * @throws RangeError if `ms` isn't a number that is at least 0
   */
  async advance(ms: number): Promise<void> {
    const target = this.#now + lengthOf(ms);
    await this.settle();
    for (;;) {
      const { due } = this.#timers;
      if (due === undefined || due > target) break;
      this.#now = Math.max(this.#now, due);
      this.#fireDue();
      await this.settle();
    }
    this.#now = Math.max(this.#now, target);
    await this.settle();
  }

  /**
   * Moves the time on by `ms` milliseconds without running anything, as if the process had been suspended or its event
   * loop blocked. Timers that are due by then fire later.
   * @throws RangeError if `ms` isn't a number that is at least 0
   */
  stall(ms: number): void {
    this.#now += lengthOf(ms);
  }

  /**
   * Waits until the process is idle: timers that are due now have fired, promises have settled, HTTP exchanges are
   * finished, and no local service evaluates JSONata in another thread.
   * @param until a condition to wait for instead. It is waited for even if sockets take long
   * @throws Error if the condition isn't true after 10 real seconds
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
    do {
      while (isEvaluating()) await this.#turn(began);
      for (let turn = 0; turn < this.#quietTurns; turn++) await this.#turn();
      while (realNow() - lastHttpMove < QUIET_MS) await this.#turn(lastHttpMove);
    } while (isEvaluating());
  }

  /**
   * Fires the timers that are due, and waits for one turn of the event loop.
   * @param movedAt the real time of the last HTTP traffic. If that was more than BUSY_MS ago, waits 1 ms instead, so
   * that other processes can use the processor
   */
  async #turn(movedAt = Number.POSITIVE_INFINITY): Promise<void> {
    this.#fireDue();
    if (realNow() - movedAt > BUSY_MS) await nap(1);
    else await nextTurn();
  }

  #fireDue(): void {
    for (let fire = this.#timers.take(this.#now); fire; fire = this.#timers.take(this.#now)) fire();
  }
}

function lengthOf(ms: unknown): number {
  if (Number.isFinite(ms) && Number(ms) >= 0) return Number(ms);
  throw new RangeError(`expected a number of milliseconds from 0 up, got ${show(ms)}`);
}
