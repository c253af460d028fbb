import { Abort } from '../../base/abort.js';
import type { Cancel, Clock } from '../../base/time/clock.js';
import { RateWindow } from '../../base/time/rate-window.js';
import type { LateHeartbeats } from '../../declare/worker-events.js';
import type { ReportAnswer } from '../../aws/activity-port.js';
import {
  type Heartbeat,
  type Heartbeats,
  isThrottled,
  ScheduledHeartbeat,
  type Lease,
} from './heartbeats.js';

export interface SchedulerOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** The most heartbeats per second. */
  readonly rate: number;
  /** Called when heartbeats begin to be late, and again when twice as many are. */
  readonly onLate: (late: LateHeartbeats) => void;
  /**
   * Called when a heartbeat was accepted, or has failed with `error`. Not called if the service no longer wants the
   * task. A failed heartbeat is soon sent again.
   */
  readonly onAnswer: (error?: Error) => void;
  /**
   * True if another scheduler has sent these heartbeats until now. This scheduler then waits a second before it sends
   * the first one, because it doesn't know how many the other has just sent.
   * @default false
   */
  readonly takesOver?: boolean;
  /** Called when a heartbeat is sent. @param lateMs the milliseconds since the heartbeat became due */
  readonly onSent?: (lateMs: number) => void;
  /** Returns true while no heartbeat is to be sent. @default never */
  readonly isStopped?: () => boolean;
}

const TICK_MS = 100;
/**
 * The most heartbeats of a worker that may wait for their responses at once, and so of connections for them. At 250 per
 * second none is late even if each response takes four seconds.
 */
export const MOST_IN_FLIGHT = 1_000;
/**
 * The first heartbeats of tasks that arrive together are sent early, each by a random part of its interval: up to
 * `ahead` times the share of the rate that the tasks need, if that is `from` or more.
 */
const SPREAD = { ahead: 1.25, from: 0.05 } as const;
/**
 * After the service has throttled a heartbeat, fewer heartbeats are sent for `forMs`: `share` times what the tasks
 * need, but at least `leastPerSecond`.
 */
const THROTTLED = { forMs: 5_000, share: 1.5, leastPerSecond: 0.2 } as const;
/** A heartbeat is late if it is due for longer than this, or than a tenth of its interval. */
const LATE_MS = 1_000;
const LATE_SHARE = 0.1;
const COUNT_MS = 1_000;

/**
 * Sends the heartbeats of a worker. Each tick sends those whose interval is nearly over, beginning with the task that
 * would time out first, as far as the rate and the number of unanswered ones allow it. A failed heartbeat is due again
 * after a shorter time.
 */
export class HeartbeatScheduler implements Heartbeats {
  readonly #rate: RateLimiter;
  readonly #beats = new Set<ScheduledHeartbeat>();
  /** The heartbeats that wait for their responses, also of tasks that were released meanwhile. */
  readonly #flying = new Set<ScheduledHeartbeat>();
  /** The heartbeats per second that the intervals of the tasks require. */
  #needed = 0;
  #stop: Cancel | undefined;
  #countedAt = Number.NEGATIVE_INFINITY;
  #told = 0;

  constructor(private readonly options: SchedulerOptions) {
    this.#rate = new RateLimiter(options.rate);
    if (options.takesOver) this.#rate.fill(options.clock.now());
  }

  track(lease: Lease): Heartbeat {
    const { clock, random } = this.options;
    const beat = new ScheduledHeartbeat(lease, this.#early(), {
      clock,
      random,
      onAsked: () => this.#send(),
      onReleased: (released) => this.#release(released),
    });
    this.#beats.add(beat);
    this.#needed += 1_000 / beat.everyMs;
    this.#stop ??= clock.every(TICK_MS, () => this.#tick());
    return beat;
  }

  /** Sends nothing more, and gives up the heartbeats that wait for their responses. */
  close(): void {
    this.#stop?.();
    this.#stop = (): void => {};
    for (const { attempt } of this.#flying) attempt?.limit.abort(new Error('the worker has stopped'));
  }

  #early(): number {
    const share = this.#needed / this.#rate.perSecond;
    return share < SPREAD.from ? 0 : Math.min(1, share * SPREAD.ahead) * this.options.random();
  }

  #release(beat: ScheduledHeartbeat): void {
    this.#beats.delete(beat);
    // Without tasks it is set to exactly 0, since rounding errors would add up otherwise.
    this.#needed = this.#beats.size === 0 ? 0 : this.#needed - 1_000 / beat.everyMs;
    this.#rest();
  }

  /** Ends the ticks if there is nothing left to send or to wait for. */
  #rest(): void {
    if (this.#beats.size + this.#flying.size > 0) return;
    this.#stop?.();
    this.#stop = undefined;
  }

  #tick(): void {
    const now = this.options.clock.now();
    for (const beat of this.#flying) giveUp(beat, now);
    if (this.options.isStopped?.()) return;
    this.#send();
    if (now - this.#countedAt >= COUNT_MS) this.#countLate(now);
  }

  /** Sends the heartbeats that are due. */
  #send(): void {
    const now = this.options.clock.now();
    if (!this.#rate.allows(now)) return;
    const due: { readonly beat: ScheduledHeartbeat; readonly spare: number }[] = [];
    for (const beat of this.#beats)
      if (beat.readyAt <= now && !beat.attempt) due.push({ beat, spare: beat.spare(now) });
    if (due.length > 1) due.sort((one, other) => one.spare - other.spare);
    for (const { beat } of due) {
      if (!this.#rate.allows(now) || this.#flying.size >= MOST_IN_FLIGHT) return;
      void this.#beat(beat, now);
    }
  }

  async #beat(beat: ScheduledHeartbeat, now: number): Promise<void> {
    const { port, token } = beat.lease;
    const limit = new Abort();
    this.#rate.leave(now);
    this.options.onSent?.(Math.max(0, now - beat.readyAt));
    beat.begin(now, limit);
    this.#flying.add(beat);
    const answer = await port.heartbeat(token, limit, () => !beat.released && this.#mayLeave(now));
    this.#flying.delete(beat);
    beat.attempt = undefined;
    if (!beat.released) this.#answer(beat, answer, limit.aborted);
    this.#rest();
  }

  /** Returns true if a heartbeat may leave that has waited for credentials. It counts when it really leaves. */
  #mayLeave(sentAt: number): boolean {
    const now = this.options.clock.now();
    if (now - sentAt <= WAY_MS) return true;
    if (!this.#rate.allows(now)) return false;
    this.#rate.leave(now);
    return true;
  }

  #answer(beat: ScheduledHeartbeat, answer: ReportAnswer, wasGivenUp: boolean): void {
    if (answer.kind === 'gone') {
      beat.lease.onGone(answer.error);
      return beat.release();
    }
    if (answer.kind === 'ok') beat.accepted();
    else beat.failed(answer, wasGivenUp);
    if (isThrottled(answer)) this.#holdBack();
    if (answer.kind === 'ok') this.options.onAnswer();
    else if (answer.kind !== 'retry' || !answer.atOnce) this.options.onAnswer(answer.error);
  }

  /**
   * Limits the rate for a while, because the service has throttled a heartbeat. Throttled heartbeats are repeated soon;
   * this limit keeps all of them together from exceeding what the service accepts.
   */
  #holdBack(): void {
    const { forMs, share, leastPerSecond } = THROTTLED;
    this.#rate.hold(Math.max(leastPerSecond, share * this.#needed), this.options.clock.now() + forMs);
  }

  #countLate(now: number): void {
    this.#countedAt = now;
    let late = 0;
    for (const { attempt, readyAt, everyMs } of this.#beats)
      if (!attempt && now - readyAt > Math.max(LATE_MS, LATE_SHARE * everyMs)) late++;
    // One second without a late heartbeat doesn't make the next one news.
    if (late === 0) this.#told = Math.floor(this.#told / 2);
    if (late === 0 || late < 2 * this.#told) return;
    this.#told = late;
    this.options.onLate({ late, tasks: this.#beats.size });
  }
}

/**
 * Gives an attempt up whose time is over by more than a tick. After a stall of the process the answer may wait in its
 * socket, which is read between two ticks.
 */
function giveUp({ attempt }: ScheduledHeartbeat, now: number): void {
  if (!attempt || now < attempt.until) return;
  if (attempt.isOver) attempt.limit.abort(new Error(`no answer to a heartbeat within ${attempt.limitMs} ms`));
  attempt.isOver = true;
}

/**
 * Heartbeats are evenly spread over time, but sent in ticks of 100 ms: those that belong to this time leave together.
 */
const TOLERANCE_MS = 125;
/**
 * The window in which heartbeats are counted is longer than a second by this much, since a connection may be slower
 * than another by as much: in no second more than the rate arrive.
 */
const WAY_MS = 50;

/**
 * Limits the number of heartbeats to `rate` in any second, also right after the process was blocked, and spreads them
 * evenly. A rate that isn't a whole number is rounded up; below one per second, the time between two is at least 1 /
 * rate.
 */
class RateLimiter {
  /** The heartbeats per second that can be sent continuously. It is about a twentieth lower than the rate. */
  readonly perSecond: number;
  /** The most heartbeats within the window, which is about a second if the rate is a whole number. */
  readonly #most: number;
  readonly #window: RateWindow;
  #lastAt = Number.NEGATIVE_INFINITY;
  /** The time at which the next heartbeat would be sent if all were spread perfectly evenly. */
  #evenAt = Number.NEGATIVE_INFINITY;
  #held: { readonly perSecond: number; readonly until: number } | undefined;

  constructor(rate: number) {
    this.#most = Math.ceil(rate);
    const perMs = (this.#most * 1000) / rate + WAY_MS;
    this.#window = new RateWindow({ count: this.#most, perMs });
    this.perSecond = (this.#most * 1000) / perMs;
  }

  /** Returns true if a heartbeat may be sent now. */
  allows(now: number): boolean {
    return this.#evenAt - TOLERANCE_MS <= now && this.#window.room(now) > 0;
  }

  /**
   * Behaves as if a whole second's heartbeats had been sent just now. Called when another scheduler has sent heartbeats
   * until now, because it isn't known when.
   */
  fill(now: number): void {
    for (let n = 0; n < this.#most; n++) this.#window.begin(now);
    this.#lastAt = now;
  }

  /** Records that a heartbeat is sent now. */
  leave(now: number): void {
    this.#window.begin(now);
    this.#lastAt = now;
    const { perSecond } = this.#held && now < this.#held.until ? this.#held : this;
    this.#evenAt = Math.max(this.#evenAt, now) + 1000 / perSecond;
  }

  /**
   * Lowers the rate to `perSecond` until the time `until`. Has no effect if `perSecond` isn't below the normal rate.
   */
  hold(perSecond: number, until: number): void {
    const held = Math.min(perSecond, this.perSecond);
    this.#held = { perSecond: held, until };
    this.#evenAt = Math.max(this.#evenAt, this.#lastAt + 1000 / held);
  }
}
