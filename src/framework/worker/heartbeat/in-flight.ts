import { Abort } from '../../base/abort.js';
import type { Cancel, Clock } from '../../base/time/clock.js';
import { limitCallAt } from '../../base/time/call-limit.js';
import type { ReportAnswer } from '../../aws/activity-port.js';
import { Heap, type HeapItem } from './heap.js';
import { hasLongInterval } from './due-heartbeats.js';
import type { ScheduledHeartbeat } from './scheduled-heartbeat.js';

/**
 * The most heartbeats of a worker that may wait for their responses at once. It also limits the number of connections
 * for heartbeats. At the default rate of 250 per second, no interval gets longer even if each response takes four
 * seconds. If each takes eight, 2,000 tasks with an interval of 20 s still get their heartbeats in time. A higher limit
 * would burden a service that is slow because it is overloaded.
 */
export const MOST_IN_FLIGHT = 1_000;
/**
 * This many of the MOST_IN_FLIGHT places are reserved for heartbeats with short intervals, because these can't wait
 * until another heartbeat has got its response.
 */
const KEPT_FOR_SHORT_INTERVALS = MOST_IN_FLIGHT / 8;

/**
 * The time limit for one attempt to send a heartbeat. An attempt is given up after half of the task's interval
 * (`share`), which leaves time for another one before the task would time out (after two intervals). If the service
 * usually takes longer than that to respond, the limit is `usual` times its usual time, since aborting a call that
 * would succeed doesn't help the task.
 */
const ATTEMPT = { share: 0.5, leastMs: 200, mostMs: 10_000, usual: 1.5 } as const;
/**
 * Each response multiplies or divides the service's usual response time by this factor: it multiplies it if the
 * response took longer than usual, and divides it otherwise. So the usual time follows the median, not the slowest
 * responses.
 */
const STEP = 1.25;

interface Attempt extends HeapItem {
  readonly beat: ScheduledHeartbeat;
  readonly limit: Abort;
  readonly limitMs: number;
  readonly limitAt: number;
}

/**
 * The heartbeats that were sent and wait for their responses. Limits how many there are, and how long each of them may
 * wait. One timer serves all of them.
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

  /** Returns true if so few heartbeats wait for their responses that this one may be sent now. */
  hasRoom(beat: ScheduledHeartbeat): boolean {
    if (this.#all >= MOST_IN_FLIGHT) return false;
    return !hasLongInterval(beat) || this.#long < MOST_IN_FLIGHT - KEPT_FOR_SHORT_INTERVALS;
  }

  /** Sends a heartbeat, and resolves with the result. The attempt's time limit starts now. */
  async send(beat: ScheduledHeartbeat): Promise<ReportAnswer> {
    const attempt = this.#begin(beat);
    const { port, token } = beat.lease;
    const answer = await port.heartbeat(token, attempt.limit, () => !beat.released);
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
   * Sets the timer for the attempt that reaches its time limit first. If that attempt ends before its limit, the timer
   * isn't cancelled: it fires, finds nothing to do, and is set for the next attempt.
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
