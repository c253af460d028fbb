import type { Cancel, Clock } from '../../base/time/clock.js';
import type { ReportAnswer } from '../../aws/port.js';
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
  /** The most heartbeats a second. */
  readonly rate: number;
  /**
   * Called with `true` when the rate no longer suffices for all intervals and some stretch, and again each time that is
   * a tenth worse; with `false` when it suffices again.
   */
  readonly onStretch: (stretched: boolean, load: HeartbeatLoad) => void;
  /**
   * Called when a heartbeat was answered, or failed (`error`) for another reason than *gone*; a failed one is repeated
   * soon.
   */
  readonly onAnswer: (error?: Error) => void;
  /** Called when a heartbeat is sent. @param lateMs since it could have been sent */
  readonly onSent?: (lateMs: number) => void;
}

/** Heartbeats that fall due within this time are sent together, so that a crowd costs few wake-ups. */
const TOGETHER_MS = 20;
/**
 * First heartbeats are sent early by up to the load's share of their interval, each by another part of it: then a crowd
 * of tasks that were leased together gets its heartbeats within its intervals, whatever else is due. They are planned
 * for `ahead` times the load, so that a growing crowd is seldom planned again; a load below `from` needs none of it.
 */
const SPREAD = { ahead: 1.25, from: 0.05 } as const;
/** The fractional parts of its multiples are evenly distributed, however many there are. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;
/** After a throttled heartbeat the rate is limited for a while to `share` times what the tasks need. */
const THROTTLED = { forMs: 5_000, share: 1.5, leastPerSecond: 0.2 } as const;

/**
 * The heartbeats of a worker. A heartbeat waits until its interval is nearly over and is then due. Of those that are
 * due the earliest lease that would lapse goes first, as soon as the rate allows it and few enough are in flight. A
 * failed one waits again, for a shorter time. One timer serves all; each heartbeat costs a step in a heap.
 */
export class HeartbeatScheduler implements Heartbeats {
  readonly #options: SchedulerOptions;
  readonly #rate: RateLimiter;
  readonly #load: LoadMeter;
  readonly #inFlight: InFlight;
  readonly #waiting = new Heap<ScheduledHeartbeat>((beat) => beat.readyAt);
  readonly #due = new DueHeartbeats();
  /** The load's share that first heartbeats are planned for. */
  #spread = 0;
  /** The part of that time by which the next one is early, from 0 to 1. */
  #part: number;
  #sentAt = Number.NEGATIVE_INFINITY;
  #wake: { readonly at: number; readonly cancel: Cancel } | undefined;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#rate = new RateLimiter(options.rate);
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

  /** Wakes when the next heartbeat may be sent. One that has no room in flight is looked at when an answer arrives. */
  #arm(): void {
    const { clock } = this.#options;
    const now = clock.now();
    const waits = this.#waiting.firstKey ?? Number.POSITIVE_INFINITY;
    const next = this.#nextDue(now) ? Math.min(waits, Math.max(now, this.#rate.nextAt())) : waits;
    if (next === Number.POSITIVE_INFINITY) return this.#disarm();
    const at = Math.max(next, this.#sentAt + TOGETHER_MS);
    if (this.#wake && this.#wake.at <= at) return;
    this.#disarm();
    // Whole milliseconds, so that a rounding error does not wake it early.
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
    // There is room for another, whether this one waits again or not.
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
    this.#options.onAnswer(answer.kind === 'ok' ? undefined : answer.error);
    this.#enter(beat);
  }

  /**
   * Limits the rate after a throttled heartbeat: refused ones are repeated soon, but all together no faster than this.
   */
  #holdBack(): void {
    const { forMs, share, leastPerSecond } = THROTTLED;
    const { perSecond, askedOnly } = this.#load;
    const needed = perSecond + (askedOnly * 1000) / ASKED_ONLY_MS;
    this.#rate.hold(Math.max(leastPerSecond, share * needed), this.#options.clock.now() + forMs);
  }
}
