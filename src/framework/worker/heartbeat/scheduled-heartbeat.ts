import type { Clock } from '../../base/time/clock.js';
import type { ReportAnswer } from '../../aws/activity-port.js';
import type { Heap, HeapItem } from './heap.js';
import type { Heartbeat, TrackedLease } from './heartbeats.js';
import { withResolvers } from '../../base/time/wait.js';

type Failure = Exclude<ReportAnswer, { kind: 'ok' | 'gone' }>;

export const isThrottled = (answer: ReportAnswer): boolean =>
  answer.kind === 'retry' && answer.pace === 'throttled';

/**
 * The worker doesn't know a task's HeartbeatSeconds. It assumes that the task times out this many heartbeat intervals
 * after its last accepted heartbeat, since the documentation asks users for a HeartbeatSeconds of at least that.
 */
const LEASE_INTERVALS = 2;
/**
 * A heartbeat is sent early by a random part of its interval, up to this, so that tasks that started together don't
 * keep sending their heartbeats together.
 */
const JITTER = 0.05;
/**
 * The wait before a failed heartbeat is sent again, as a share of the time since the last accepted one, so the waits
 * get longer. `fast`: about twenty attempts between the first and the third interval. `throttled`: shorter waits,
 * because the rate of all heartbeats is reduced then. `slow`: longer waits, for failures that last until a person fixes
 * the cause.
 *
 * No wait is shorter than REPEAT_LEAST: a twentieth of the interval or a second, whichever is less.
 */
const REPEAT = {
  fast: { share: 1 / 20, mostMs: 5_000 },
  throttled: { share: 1 / 40, mostMs: 20_000 },
  slow: { share: 1 / 8, mostMs: 20_000 },
} as const;
const REPEAT_LEAST = { share: 1 / 20, mostMs: 1_000 } as const;
const REPEAT_JITTER = 0.1;
/**
 * The least time from an attempt to send a heartbeat until one that the handler requests with `heartbeat()` is sent.
 */
const ASKED_GAP_MS = 1_000;
/** A heartbeat that the handler has requested is sorted as if its task timed out this long after the request. */
const ASKED_LAPSE_MS = 10_000;
/** Used instead of an interval for a task without one, whose heartbeats are sent only if the handler requests them. */
export const ASKED_ONLY_MS = 20_000;

export interface ScheduledHeartbeatOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** Called when the heartbeat may have become due earlier than before. */
  onChanged(beat: ScheduledHeartbeat): void;
  onReleased(beat: ScheduledHeartbeat): void;
}

/**
 * The heartbeat of one task, with what the scheduler has to know: when it is due next, when the task would time out,
 * and if the handler waits for its result.
 */
export class ScheduledHeartbeat implements Heartbeat, HeapItem {
  readonly lease: TrackedLease;
  /**
   * The task's interval in milliseconds; {@link ASKED_ONLY_MS} if heartbeats are sent only if the handler requests
   * them.
   */
  readonly everyMs: number;
  lastAt: number | undefined;
  released = false;
  inFlight = false;
  /**
   * The heap that contains this heartbeat while its interval isn't over, or while it is due. Undefined while an attempt
   * waits for its response.
   */
  heap: Heap<ScheduledHeartbeat> | undefined;
  heapIndex = 0;
  readonly #options: ScheduledHeartbeatOptions;
  readonly #part: number;
  /** The time of the last attempt to send it. */
  #triedAt = Number.NEGATIVE_INFINITY;
  /** The time of the last attempt that failed for another reason than throttling. */
  #failedAt = Number.NEGATIVE_INFINITY;
  #dueAt = Number.POSITIVE_INFINITY;
  /**
   * The time at which this heartbeat was due before the service refused it, and a longer wait was set; undefined if it
   * wasn't refused.
   */
  #refusedDueAt: number | undefined;
  #asked: { readonly at: number; readonly answered: Promise<void>; readonly resolve: () => void } | undefined;

  /**
   * @param part how early this task's first heartbeat is sent: from 0 to 1, as a part of the most that `planFirst`
   * allows
   */
  constructor(lease: TrackedLease, part: number, options: ScheduledHeartbeatOptions) {
    this.lease = lease;
    this.everyMs = Number.isFinite(lease.everyMs) ? lease.everyMs : ASKED_ONLY_MS;
    this.#part = part;
    this.#options = options;
  }

  /** The earliest time at which the heartbeat may be sent (again). */
  get readyAt(): number {
    return Math.min(this.#dueAt, this.#asked ? this.#askedFor(this.#asked.at) : Number.POSITIVE_INFINITY);
  }

  /**
   * The time at which the task would time out. Heartbeats are sent in the order of these times. A failed attempt can
   * move this time to one interval after the attempt; otherwise a heartbeat whose attempts all fail would always be
   * sent before all others. A throttled attempt doesn't, since the cause isn't this heartbeat.
   */
  get lapsesAt(): number {
    const lapses = Math.max(
      this.#countedFrom + LEASE_INTERVALS * this.everyMs,
      this.#failedAt + this.everyMs,
    );
    return this.#asked ? Math.min(lapses, this.#asked.at + ASKED_LAPSE_MS) : lapses;
  }

  /**
   * Plans when to send the first heartbeat, unless that was tried already.
   * @param early the most that it may be early, as a share of its interval
   */
  planFirst(early: number): void {
    if (this.#triedAt === Number.NEGATIVE_INFINITY) this.#dueAt = this.#nextDue(early * this.#part);
  }

  now(): Promise<void> {
    const now = this.#options.clock.now();
    if (this.released || (this.lastAt !== undefined && now - this.lastAt < ASKED_GAP_MS))
      return Promise.resolve();
    if (!this.#asked) {
      const { promise: answered, resolve } = withResolvers<void>();
      this.#asked = { at: now, answered, resolve };
      if (!this.inFlight) this.#options.onChanged(this);
    }
    return this.#asked.answered;
  }

  release(): void {
    if (this.released) return;
    this.released = true;
    this.#options.onReleased(this);
    this.#answerAsked();
  }

  /** Records that an attempt is sent now. */
  leave(now: number): void {
    this.inFlight = true;
    this.#triedAt = now;
    this.#refusedDueAt = undefined;
  }

  /** Records that the service has accepted the last attempt. */
  accepted(): void {
    this.lastAt = this.#triedAt;
    this.#dueAt = this.#nextDue(0);
    this.#answerAsked();
  }

  /**
   * Records that the last attempt has failed, and plans when to repeat it. If the handler had requested it before it
   * was due, the next one isn't sent before the regular heartbeat is due.
   */
  failed(failure: Failure): void {
    if (!isThrottled(failure)) this.#failedAt = this.#triedAt;
    if (failure.kind === 'retry' && failure.pace === 'slow') this.#refusedDueAt = this.#dueAt;
    this.#dueAt = Math.max(this.#dueAt, this.#options.clock.now() + this.#repeatAfter(failure));
    this.#answerAsked();
  }

  /**
   * If the heartbeat waits because the service refused it, makes it due again at the time that was planned before.
   * Called when the cause of the refusal may be gone.
   */
  mended(): void {
    this.#dueAt = this.#refusedDueAt ?? this.#dueAt;
    this.#refusedDueAt = undefined;
  }

  #repeatAfter(failure: Failure): number {
    const { share, mostMs } = REPEAT[failure.kind === 'retry' ? failure.pace : 'slow'];
    const age = this.#options.clock.now() - this.#countedFrom;
    const least = Math.min(REPEAT_LEAST.mostMs, this.everyMs * REPEAT_LEAST.share);
    return Math.min(mostMs, Math.max(least, age * share)) * (1 + REPEAT_JITTER * this.#options.random());
  }

  #nextDue(early: number): number {
    if (!Number.isFinite(this.lease.everyMs)) return Number.POSITIVE_INFINITY;
    const share = Math.min(1, JITTER * this.#options.random() + early);
    return this.#countedFrom + (1 - share) * this.lease.everyMs;
  }

  /**
   * Returns the earliest time at which a heartbeat may be sent that the handler requested at the time `at`. There is a
   * pause after the last attempt, so a handler that requests heartbeats in a loop doesn't repeat failed ones at once.
   */
  #askedFor(at: number): number {
    return Math.max(at, this.#triedAt + ASKED_GAP_MS);
  }

  get #countedFrom(): number {
    return this.lastAt ?? this.lease.leasedAt;
  }

  #answerAsked(): void {
    this.#asked?.resolve();
    this.#asked = undefined;
  }
}
