import type { Cancel, Clock } from '../../base/time/clock.js';
import type { ReportAnswer } from '../../aws/activity-port.js';
import { Heap } from './heap.js';
import type { Heartbeat, TrackedLease, Heartbeats } from './heartbeats.js';
import { type HeartbeatLoad, LoadMeter } from './heartbeat-load.js';
import { InFlight } from './in-flight.js';
import { RateLimiter } from './rate-limiter.js';
import { DueHeartbeats } from './due-heartbeats.js';
import { ASKED_ONLY_MS, isThrottled, ScheduledHeartbeat } from './scheduled-heartbeat.js';

export interface SchedulerOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** The most heartbeats per second. */
  readonly rate: number;
  /**
   * Called with `true` when the rate isn't enough for all intervals, so that some are stretched, and again each time
   * that the needed rate has grown by a tenth. Called with `false` when the rate is enough again.
   */
  readonly onStretch: (stretched: boolean, load: HeartbeatLoad) => void;
  /**
   * Called when a heartbeat was accepted, or has failed with `error`. Not called if the service no longer wants the
   * task. A failed heartbeat is soon sent again.
   */
  readonly onAnswer: (error?: Error) => void;
  /**
   * True if the heartbeats were sent by another scheduler until now. The first ones then wait for a second, because it
   * isn't known how many the other one has just sent.
   * @default false
   */
  readonly takesOver?: boolean;
  /** Called when a heartbeat is sent. @param lateMs the time since the heartbeat was allowed to be sent */
  readonly onSent?: (lateMs: number) => void;
}

/** Heartbeats that become due within this time are sent together, so that many of them need few timers. */
const TOGETHER_MS = 20;
/**
 * The first heartbeat of a task is sent early: by at most the load's share of the interval, and each task's by a
 * different part of that. So if many tasks arrive together, all their heartbeats can be sent within their intervals.
 * The plan is made for `ahead` times the load, so that it seldom has to change while more tasks arrive. Below the load
 * `from`, no such plan is needed.
 */
const SPREAD = { ahead: 1.25, from: 0.05 } as const;
/** The golden ratio. The fractional parts of its multiples are evenly distributed, whatever their number. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;
/**
 * After a heartbeat was throttled, the rate is limited for `forMs`. The limit is `share` times the rate that the tasks
 * need, but at least `leastPerSecond`.
 */
const THROTTLED = { forMs: 5_000, share: 1.5, leastPerSecond: 0.2 } as const;

/**
 * Sends the heartbeats of a worker. A heartbeat becomes due when its interval is nearly over. Of those that are due,
 * the one whose task would time out first is sent first, as soon as the rate allows it and few enough heartbeats are in
 * flight. A failed heartbeat becomes due again after a shorter time. One timer serves all of them, and each heartbeat
 * costs one step in a heap.
 */
export class HeartbeatScheduler implements Heartbeats {
  readonly #options: SchedulerOptions;
  readonly #rate: RateLimiter;
  readonly #load: LoadMeter;
  readonly #inFlight: InFlight;
  readonly #waiting = new Heap<ScheduledHeartbeat>((beat) => beat.readyAt);
  readonly #due = new DueHeartbeats();
  /** The part of its interval by which a first heartbeat may be early, from 0 to 1. */
  #spread = 0;
  /** The part of `#spread` by which the next task's first heartbeat is early, from 0 to 1. */
  #part: number;
  #sentAt = Number.NEGATIVE_INFINITY;
  #wake: { readonly at: number; readonly cancel: Cancel } | undefined;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#rate = new RateLimiter(options.rate);
    if (options.takesOver) this.#rate.fill(options.clock.now());
    this.#load = new LoadMeter({ ...options, rate: this.#rate.perSecond });
    this.#inFlight = new InFlight(options.clock);
    this.#part = options.random();
  }

  track(lease: TrackedLease): Heartbeat {
    const { clock, random } = this.#options;
    const beat = new ScheduledHeartbeat(lease, this.#nextPart(), {
      clock,
      random,
      onChanged: (changed) => this.#enter(changed),
      onReleased: (released) => this.#leave(released),
    });
    this.#load.add(lease.everyMs);
    this.#widenSpread();
    beat.planFirst(this.#spread);
    this.#enter(beat);
    return beat;
  }

  /**
   * Sends refused heartbeats again without their usual wait, because the reason for which they were refused may be
   * gone.
   */
  mended(): void {
    this.#waiting.rebuild((beat) => beat.mended());
    this.#arm();
  }

  #nextPart(): number {
    const part = this.#part;
    this.#part = (part + GOLDEN) % 1;
    return part;
  }

  #widenSpread(): void {
    const { share } = this.#load;
    const wanted = share < SPREAD.from ? 0 : Math.min(1, share * SPREAD.ahead);
    const tooWide = share * SPREAD.ahead ** 2 < this.#spread;
    if (tooWide) this.#spread = wanted;
    if (Math.min(1, share) <= Math.max(this.#spread, SPREAD.from)) return;
    this.#spread = wanted;
    this.#waiting.rebuild((beat) => beat.planFirst(wanted));
  }

  #enter(beat: ScheduledHeartbeat): void {
    this.#takeOut(beat);
    if (beat.readyAt === Number.POSITIVE_INFINITY) return;
    this.#waiting.add(beat);
    beat.heap = this.#waiting;
    this.#arm();
  }

  #takeOut(beat: ScheduledHeartbeat): void {
    beat.heap?.remove(beat);
    beat.heap = undefined;
  }

  #leave(beat: ScheduledHeartbeat): void {
    this.#takeOut(beat);
    this.#load.remove(beat.lease.everyMs);
    this.#arm();
  }

  #look(): void {
    const now = this.#options.clock.now();
    this.#wake = undefined;
    for (let beat = this.#waiting.first; beat && beat.readyAt <= now; beat = this.#waiting.first) {
      this.#takeOut(beat);
      this.#due.add(beat);
    }
    while (this.#rate.nextAt() <= now) {
      const beat = this.#nextDue(now);
      if (!beat) break;
      this.#rate.leave(now);
      this.#sentAt = now;
      void this.#send(beat, now);
    }
    this.#arm();
  }

  #nextDue(now: number): ScheduledHeartbeat | undefined {
    return this.#due.first(now, (beat) => this.#inFlight.hasRoom(beat));
  }

  /**
   * Sets the timer for the time at which the next heartbeat may be sent. A heartbeat that waits only for another one in
   * flight needs no timer: when that one is answered, this method is called again.
   */
  #arm(): void {
    const { clock } = this.#options;
    const now = clock.now();
    const waits = this.#waiting.firstKey ?? Number.POSITIVE_INFINITY;
    const next = this.#nextDue(now) ? Math.min(waits, Math.max(now, this.#rate.nextAt())) : waits;
    if (next === Number.POSITIVE_INFINITY) return this.#disarm();
    const at = Math.max(next, this.#sentAt + TOGETHER_MS);
    if (this.#wake && this.#wake.at <= at) return;
    this.#disarm();
    // Rounded up to whole milliseconds, so that the timer doesn't fire early because of a rounding error.
    this.#wake = { at, cancel: clock.after(Math.ceil(at - now), () => this.#look()) };
  }

  #disarm(): void {
    this.#wake?.cancel();
    this.#wake = undefined;
  }

  async #send(beat: ScheduledHeartbeat, now: number): Promise<void> {
    this.#takeOut(beat);
    this.#options.onSent?.(Math.max(0, now - beat.readyAt));
    beat.leave(now);
    const answer = await this.#inFlight.send(beat);
    beat.inFlight = false;
    if (!beat.released) this.#answer(beat, answer);
    // Another heartbeat may be sent now, even if this one isn't due again.
    this.#arm();
  }

  #answer(beat: ScheduledHeartbeat, answer: ReportAnswer): void {
    if (answer.kind === 'gone') {
      beat.lease.onGone(answer.error);
      return beat.release();
    }
    if (answer.kind === 'ok') beat.accepted();
    else beat.failed(answer);
    if (isThrottled(answer)) this.#holdBack();
    if (answer.kind === 'ok') this.#options.onAnswer();
    else if (answer.kind !== 'retry' || !answer.isMended) this.#options.onAnswer(answer.error);
    this.#enter(beat);
  }

  /**
   * Limits the rate for a while after a throttled heartbeat. Throttled heartbeats are soon sent again, but all of them
   * together no faster than this limit.
   */
  #holdBack(): void {
    const { forMs, share, leastPerSecond } = THROTTLED;
    const { perSecond, askedOnly } = this.#load;
    const needed = perSecond + (askedOnly * 1000) / ASKED_ONLY_MS;
    this.#rate.hold(Math.max(leastPerSecond, share * needed), this.#options.clock.now() + forMs);
  }
}
