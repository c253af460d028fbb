import type { Abort } from '../../base/abort.js';
import type { Clock } from '../../base/time/clock.js';
import { type Resolvers, withResolvers } from '../../base/time/wait.js';
import type { ActivityPort, ReportAnswer } from '../../aws/activity-port.js';

/** A task that heartbeats keep from timing out. */
export interface Lease {
  readonly port: ActivityPort;
  readonly token: string;
  /**
   * The milliseconds between two heartbeats. The first heartbeat is sent within this time after the task is tracked. If
   * this is Infinity, heartbeats are sent only when the handler requests them.
   */
  readonly everyMs: number;
  /**
   * The earliest time at which the service may have given out the task and started to count its timeouts, in epoch
   * milliseconds. Usually it is the time at which the worker received the task.
   */
  readonly leasedAt: number;
  /**
   * Called at most once, when the response to a heartbeat shows that the service no longer wants the task. No heartbeat
   * is sent after that.
   */
  readonly onGone: (error: Error) => void;
  /** Called with each heartbeat that the service accepts. @param sentAt the time at which it was sent */
  readonly onAccepted?: (sentAt: number) => void;
}

/** Sends the heartbeats of one task, until `release` is called. */
export interface Heartbeat {
  /**
   * Resolves when the task's heartbeats will be sent even if this thread is blocked from then on. A handler begins only
   * after that. @default they already are, or never will be
   */
  readonly known?: Promise<void> | undefined;
  /** The time, in epoch milliseconds, at which the last accepted heartbeat was sent; undefined before the first. */
  readonly lastAt: number | undefined;
  /**
   * Sends a heartbeat as soon as the worker's rate limit allows it. Resolves when that heartbeat has got its response,
   * or has failed. If this is called again before that, no second heartbeat is sent. Never rejects.
   */
  now(): Promise<void>;
  /** Stops sending heartbeats for the task. Calls of `now` and `release` after that do nothing. */
  release(): void;
}

/** Sends heartbeats for all tasks of a worker, at most `heartbeatRate` per second. */
export interface Heartbeats {
  track(lease: Lease): Heartbeat;
}

type Failure = Exclude<ReportAnswer, { kind: 'ok' | 'gone' }>;

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
 * The wait before a failed heartbeat is sent again, as a share of the time since the last accepted one; at least a
 * twentieth of the interval or a second, whichever is less. `throttled`: the rate of all is reduced then. `slow`: for
 * failures that last until a person fixes the cause.
 */
const REPEAT = {
  fast: { share: 1 / 20, mostMs: 5_000 },
  throttled: { share: 1 / 40, mostMs: 20_000 },
  slow: { share: 1 / 8, mostMs: 20_000 },
} as const;
const REPEAT_LEAST = { share: 1 / 20, mostMs: 1_000 } as const;
/** The least time from an attempt until a heartbeat is sent that the handler requests with `heartbeat()`. */
const ASKED_GAP_MS = 1_000;
/** A heartbeat that the handler has requested is sorted as if its task timed out this long after the request. */
const ASKED_LAPSE_MS = 10_000;
/** Used instead of an interval for a task without one, whose heartbeats are sent only if the handler requests them. */
const ASKED_ONLY_MS = 20_000;
/**
 * An attempt is given up after half of the task's interval, which leaves time for another. The next ones may take the
 * whole interval while the service is slow.
 */
const ATTEMPT = { share: 0.5, leastMs: 200, mostMs: 10_000 } as const;

/** The hooks of the scheduler that a heartbeat belongs to. */
interface BeatHooks {
  readonly clock: Clock;
  readonly random: () => number;
  /** Called when the handler has requested a heartbeat. */
  readonly onAsked: () => void;
  readonly onReleased: (beat: ScheduledHeartbeat) => void;
}

/** The heartbeat of one task: when it is due next, when the task would time out, and if the handler waits for it. */
export class ScheduledHeartbeat implements Heartbeat {
  /** The interval in milliseconds; {@link ASKED_ONLY_MS} if heartbeats are sent only if the handler requests them. */
  readonly everyMs: number;
  /** The earliest time at which the heartbeat may be sent (again). */
  readyAt = 0;
  lastAt: number | undefined;
  released = false;
  /** The attempt that waits for its answer; undefined if none does. */
  attempt:
    | { readonly limit: Abort; readonly limitMs: number; readonly until: number; isOver: boolean }
    | undefined;
  #dueAt: number;
  #lapsesAt = 0;
  #triedAt = Number.NEGATIVE_INFINITY;
  /** The time of the last attempt that failed for another reason than throttling. */
  #failedAt = Number.NEGATIVE_INFINITY;
  /** True if an attempt was given up, and none was answered since within the time that an attempt has at first. */
  #isSlow = false;
  #asked: (Resolvers<void> & { readonly at: number }) | undefined;

  /** @param early how early the first heartbeat is sent, as a part of the interval: from 0 to 1 */
  constructor(
    readonly lease: Lease,
    early: number,
    private readonly hooks: BeatHooks,
  ) {
    this.everyMs = Number.isFinite(lease.everyMs) ? lease.everyMs : ASKED_ONLY_MS;
    this.#dueAt = this.#nextDue(early);
    this.#plan();
  }

  /**
   * The milliseconds until the task would time out. After that time, the number of intervals since, as a negative
   * number: a second late is more for an interval of one second than for one of twenty.
   */
  spare(now: number): number {
    return this.#lapsesAt >= now ? this.#lapsesAt - now : (this.#lapsesAt - now) / this.everyMs;
  }

  now(): Promise<void> {
    const { clock, onAsked } = this.hooks;
    const now = clock.now();
    if (this.released || (this.lastAt !== undefined && now - this.lastAt < ASKED_GAP_MS))
      return Promise.resolve();
    if (!this.#asked) {
      this.#asked = { ...withResolvers<void>(), at: now };
      this.#plan();
      onAsked();
    }
    return this.#asked.promise;
  }

  release(): void {
    if (this.released) return;
    this.released = true;
    this.hooks.onReleased(this);
    this.#answerAsked();
  }

  /** Records that an attempt is sent now. Its time limit starts. */
  begin(now: number, limit: Abort): void {
    const share = this.#isSlow ? 1 : ATTEMPT.share;
    const limitMs = Math.max(ATTEMPT.leastMs, Math.min(ATTEMPT.mostMs, this.everyMs * share));
    this.attempt = { limit, limitMs, until: now + limitMs, isOver: false };
    this.#triedAt = now;
  }

  accepted(): void {
    this.lastAt = this.#triedAt;
    this.lease.onAccepted?.(this.#triedAt);
    const tookMs = this.hooks.clock.now() - this.#triedAt;
    this.#isSlow &&= tookMs > ATTEMPT.share * this.everyMs;
    this.#dueAt = this.#nextDue(0);
    this.#answerAsked();
  }

  /**
   * Records that the last attempt has failed, and plans when to repeat it. If the handler had requested it before it
   * was due, the next one isn't sent before the regular heartbeat is due.
   */
  failed(failure: Failure, wasGivenUp: boolean): void {
    const { clock, random } = this.hooks;
    const now = clock.now();
    this.#isSlow ||= wasGivenUp;
    if (!isThrottled(failure)) this.#failedAt = this.#triedAt;
    const { share, mostMs } = REPEAT[failure.kind === 'retry' ? failure.pace : 'slow'];
    const leastMs = Math.min(REPEAT_LEAST.mostMs, this.everyMs * REPEAT_LEAST.share);
    const waitMs = Math.min(mostMs, Math.max(leastMs, (now - this.#countedFrom) * share));
    this.#dueAt = Math.max(this.#dueAt, now + waitMs * (1 + 0.1 * random()));
    this.#answerAsked();
  }

  #nextDue(early: number): number {
    if (!Number.isFinite(this.lease.everyMs)) return Number.POSITIVE_INFINITY;
    const share = Math.min(1, JITTER * this.hooks.random() + early);
    return this.#countedFrom + (1 - share) * this.everyMs;
  }

  get #countedFrom(): number {
    return this.lastAt ?? this.lease.leasedAt;
  }

  #answerAsked(): void {
    this.#asked?.resolve();
    this.#asked = undefined;
    this.#plan();
  }

  /**
   * A failed attempt moves the time at which the task would time out to one interval after it, so that a task whose
   * attempts all fail isn't always the first. A throttled attempt moves nothing.
   */
  #plan(): void {
    const askedAt = this.#asked?.at ?? Infinity;
    const counted = this.#countedFrom + LEASE_INTERVALS * this.everyMs;
    this.readyAt = Math.min(this.#dueAt, Math.max(askedAt, this.#triedAt + ASKED_GAP_MS));
    this.#lapsesAt = Math.min(Math.max(counted, this.#failedAt + this.everyMs), askedAt + ASKED_LAPSE_MS);
  }
}

export const isThrottled = (answer: ReportAnswer): boolean =>
  answer.kind === 'retry' && answer.pace === 'throttled';
