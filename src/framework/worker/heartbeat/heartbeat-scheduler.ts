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
   * Called with `true` when the rate isn't enough for all tasks, so that some heartbeat intervals get longer (are
   * stretched). Called with `true` again each time that the needed rate has grown by a tenth. Called with `false` when
   * the rate is enough again.
   */
  readonly onStretch: (stretched: boolean, load: HeartbeatLoad) => void;
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
}

/** Heartbeats that become due within this time are sent together, so that many of them need few timers. */
const TOGETHER_MS = 20;
/**
 * If many tasks arrive together, their first heartbeats are sent early, each by a different part of its interval, so
 * that they aren't all due at once. The more of the rate the tasks need, the earlier a first heartbeat may be. `ahead`:
 * this is planned for more than the current need, so that the plan seldom has to change while more tasks arrive.
 * `from`: if the tasks need less than this share of the rate, nothing is sent early.
 */
const SPREAD = { ahead: 1.25, from: 0.05 } as const;
/**
 * The golden ratio. The fractional parts of its multiples are evenly spread over 0 to 1, however many there are. They
 * decide how early each task's first heartbeat is.
 */
const GOLDEN = (Math.sqrt(5) - 1) / 2;
/**
 * After the service has throttled a heartbeat, fewer heartbeats are sent for `forMs`. The limit then is `share` times
 * the rate that the tasks need, but at least `leastPerSecond`.
 */
const THROTTLED = { forMs: 5_000, share: 1.5, leastPerSecond: 0.2 } as const;

/**
 * Sends the heartbeats of a worker. A heartbeat becomes due when its interval is nearly over. Among the due ones, the
 * heartbeat whose task would time out first is sent first. It is sent as soon as the rate limit allows it and few
 * enough others wait for their responses. A failed heartbeat becomes due again after a shorter time.
 *
 * All heartbeats share one timer, and each costs one step in a heap.
 */
export class HeartbeatScheduler implements Heartbeats {
  readonly #options: SchedulerOptions;
  readonly #rate: RateLimiter;
  readonly #load: LoadMeter;
  readonly #inFlight: InFlight;
  readonly #waiting = new Heap<ScheduledHeartbeat>((beat) => beat.readyAt);
  readonly #due = new DueHeartbeats();
  /** The most that a task's first heartbeat may be early, as a part of its interval: from 0 to 1. */
  #spread = 0;
  /** The part of `#spread` by which the next task's first heartbeat will be early, from 0 to 1. */
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
   * Sends the heartbeats again that the service has refused (for example because of expired credentials), without their
   * usual wait. Called when the cause may be gone, such as when there are new credentials.
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
   * Sets the timer for the time at which the next heartbeat may be sent. No timer is set for a heartbeat that only
   * waits because too many others wait for their responses: this method is called again when one of them has got its
   * response.
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
   * Limits the rate for a while, because the service has throttled a heartbeat. Throttled heartbeats are repeated soon;
   * this limit keeps all of them together from exceeding what the service accepts.
   */
  #holdBack(): void {
    const { forMs, share, leastPerSecond } = THROTTLED;
    const { perSecond, askedOnly } = this.#load;
    const needed = perSecond + (askedOnly * 1000) / ASKED_ONLY_MS;
    this.#rate.hold(Math.max(leastPerSecond, share * needed), this.#options.clock.now() + forMs);
  }
}
