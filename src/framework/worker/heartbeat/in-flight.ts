import { Abort } from '../../base/abort.js';
import type { Cancel, Clock } from '../../base/time/clock.js';
import { limitCallAt } from '../../base/time/call-limit.js';
import type { ReportAnswer } from '../../aws/activity-port.js';
import { Heap, type HeapItem } from './heap.js';
import { hasLongInterval } from './due-heartbeats.js';
import type { ScheduledHeartbeat } from './scheduled-heartbeat.js';

/**
 * The most heartbeats of a worker in flight at one time, which the number of its connections follows. At the default
 * rate of 250 a second, a service may take four seconds for each answer and no interval stretches; with eight seconds,
 * 2,000 tasks of 20 s still get theirs in time. More heartbeats in flight would burden a service that is slow because
 * it is overloaded.
 */
export const MOST_IN_FLIGHT = 1_000;
/**
 * The part of MOST_IN_FLIGHT that is kept for short intervals, which can't wait until a heartbeat in flight is
 * answered.
 */
const KEPT_FOR_SHORT_INTERVALS = MOST_IN_FLIGHT / 8;

/**
 * An attempt is given up after half its task's interval, so that another attempt fits before a lease of two intervals
 * lapses. Where the service usually takes longer, an attempt is given up after one and a half times the usual time:
 * aborting a call that would be answered keeps no lease.
 */
const ATTEMPT = { share: 0.5, leastMs: 200, mostMs: 10_000, usual: 1.5 } as const;
/**
 * The factor by which one answer moves the usual time of an answer. The usual time thus follows the median, not the
 * slowest answers.
 */
const STEP = 1.25;

interface Attempt extends HeapItem {
  readonly beat: ScheduledHeartbeat;
  readonly limit: Abort;
  readonly limitMs: number;
  readonly limitAt: number;
}

/**
 * The heartbeats in flight: limits their number, and the time that each may wait for an answer. One timer serves all.
 */
export class InFlight {
  readonly #clock: Clock;
  readonly #limits = new Heap<Attempt>((attempt) => attempt.limitAt);
  #all = 0;
  #long = 0;
  #usualMs = 1;
  #timer: { readonly at: number; readonly cancel: Cancel } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Returns true where this heartbeat may be sent now. */
  hasRoom(beat: ScheduledHeartbeat): boolean {
    if (this.#all >= MOST_IN_FLIGHT) return false;
    return !hasLongInterval(beat) || this.#long < MOST_IN_FLIGHT - KEPT_FOR_SHORT_INTERVALS;
  }

  /** Sends a heartbeat, whose time limit begins now, and resolves with the answer. */
  async send(beat: ScheduledHeartbeat): Promise<ReportAnswer> {
    const attempt = this.#begin(beat);
    const answer = await beat.lease.port.heartbeat(beat.lease.token, attempt.limit);
    this.#end(attempt);
    return answer;
  }

  #begin(beat: ScheduledHeartbeat): Attempt {
    const limitMs = this.#limitMs(beat.everyMs);
    const limitAt = this.#clock.now() + limitMs;
    const attempt = { beat, limit: new Abort(), limitMs, limitAt, heapIndex: 0 };
    this.#limits.add(attempt);
    this.#all++;
    if (hasLongInterval(beat)) this.#long++;
    this.#arm();
    return attempt;
  }

  #end(attempt: Attempt): void {
    const { beat, limit, limitAt, limitMs } = attempt;
    this.#all--;
    if (hasLongInterval(beat)) this.#long--;
    if (!limit.aborted) this.#limits.remove(attempt);
    const slow = limit.aborted || this.#clock.now() - (limitAt - limitMs) > this.#usualMs;
    this.#usualMs = Math.max(1, slow ? this.#usualMs * STEP : this.#usualMs / STEP);
    if (this.#limits.size === 0) this.#disarm();
  }

  #limitMs(everyMs: number): number {
    const half = Math.max(ATTEMPT.leastMs, Math.min(ATTEMPT.mostMs, everyMs * ATTEMPT.share));
    return Math.max(half, Math.min(everyMs, this.#usualMs * ATTEMPT.usual));
  }

  /**
   * Sets the timer for the earliest limit. Where that attempt ends before, the timer fires without effect and is set
   * again.
   */
  #arm(): void {
    const at = this.#limits.first?.limitAt;
    if (at === undefined || (this.#timer && this.#timer.at <= at)) return;
    this.#disarm();
    this.#timer = { at, cancel: limitCallAt(this.#clock, at, () => this.#giveUp()) };
  }

  #disarm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #giveUp(): void {
    this.#timer = undefined;
    const now = this.#clock.now();
    for (let first = this.#limits.first; first && first.limitAt <= now; first = this.#limits.first) {
      this.#limits.remove(first);
      first.limit.abort(new Error(`no answer to a heartbeat within ${Math.round(first.limitMs)} ms`));
    }
    this.#arm();
  }
}
