import type { Clock } from '../../base/time/clock.js';
import type { ReportAnswer } from '../../aws/port.js';
import type { Heap, HeapItem } from './heap.js';
import type { Heartbeat, TrackedLease } from './heartbeats.js';
import { deferred } from '../../base/time/wait.js';

type Failure = Exclude<ReportAnswer, { kind: 'ok' | 'gone' }>;

export const isThrottled = (answer: ReportAnswer): boolean =>
  answer.kind === 'retry' && answer.pace === 'throttled';

/** A lease is taken to lapse so many intervals after the last accepted beat; that is what the worker's users are told. */
const LEASE_INTERVALS = 2;
/** A beat may come this share of its interval early, so that tasks that began together drift apart. */
const JITTER = 0.05;
/**
 * A failed beat is repeated after this share of the lease's age: some twenty times between the first and the third
 * interval, and ever more seldom as hope fades. Sooner where it was throttled, because the worker keeps a pace then,
 * and later where somebody must act first. Never sooner than a twentieth of its interval or a second, whichever is less.
 */
const REPEAT = {
  fast: { share: 1 / 20, mostMs: 5_000 },
  throttled: { share: 1 / 40, mostMs: 20_000 },
  slow: { share: 1 / 8, mostMs: 20_000 },
} as const;
const REPEAT_LEAST = { share: 1 / 20, mostMs: 1_000 } as const;
const REPEAT_JITTER = 0.1;
/** Beats that a handler asks for are at least this far apart. */
const ASKED_GAP_MS = 1_000;
/** Among leases that would lapse, a beat that was asked for stands as if its own lapsed after this. */
const ASKED_LAPSE_MS = 10_000;
/** What stands for the interval of a task that is beaten only when asked. */
export const ASKED_ONLY_MS = 20_000;

/** What a beat needs of its scheduler. */
export interface ScheduledHeartbeatOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** Something may have become due earlier. */
  onChanged(beat: ScheduledHeartbeat): void;
  onReleased(beat: ScheduledHeartbeat): void;
}

/** One lease: when its next beat is due, when it would lapse, and who waits for its answer. */
export class ScheduledHeartbeat implements Heartbeat, HeapItem {
  readonly lease: TrackedLease;
  /** The interval; a usual one where it is only beaten when asked. */
  readonly everyMs: number;
  lastAt: number | undefined;
  released = false;
  inFlight = false;
  /** The heap that it stands in, while it waits or is ready. */
  heap: Heap<ScheduledHeartbeat> | undefined;
  heapIndex = 0;
  readonly #options: ScheduledHeartbeatOptions;
  readonly #part: number;
  /** When the last attempt left. */
  #triedAt = Number.NEGATIVE_INFINITY;
  /** When the last attempt left that failed, and not by throttling. */
  #failedAt = Number.NEGATIVE_INFINITY;
  #dueAt = Number.POSITIVE_INFINITY;
  #asked: { readonly at: number; readonly answered: Promise<void>; readonly resolve: () => void } | undefined;

  /** @param part which part of the time that first beats may come early this one does, from 0 to 1 */
  constructor(lease: TrackedLease, part: number, options: ScheduledHeartbeatOptions) {
    this.lease = lease;
    this.everyMs = Number.isFinite(lease.everyMs) ? lease.everyMs : ASKED_ONLY_MS;
    this.#part = part;
    this.#options = options;
  }

  /** From when on the next attempt may leave. */
  get readyAt(): number {
    return Math.min(this.#dueAt, this.#asked ? this.#askedFor(this.#asked.at) : Number.POSITIVE_INFINITY);
  }

  /**
   * When the lease would lapse. One whose attempts come to nothing is not before all others for ever: each gives it
   * another interval. One that was throttled stays where it is: that was no fault of its own.
   */
  get lapsesAt(): number {
    const lapses = Math.max(
      this.#countedFrom + LEASE_INTERVALS * this.everyMs,
      this.#failedAt + this.everyMs,
    );
    return this.#asked ? Math.min(lapses, this.#asked.at + ASKED_LAPSE_MS) : lapses;
  }

  /** Plans the first beat, unless it was attempted already. @param early how much of its interval it may come early */
  planFirst(early: number): void {
    if (this.#triedAt === Number.NEGATIVE_INFINITY) this.#dueAt = this.#nextDue(early * this.#part);
  }

  now(): Promise<void> {
    const now = this.#options.clock.now();
    if (this.released || (this.lastAt !== undefined && now - this.lastAt < ASKED_GAP_MS))
      return Promise.resolve();
    if (!this.#asked) {
      const { promise: answered, resolve } = deferred<void>();
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

  /** An attempt leaves. */
  leave(now: number): void {
    this.inFlight = true;
    this.#triedAt = now;
  }

  /** The service took the beat on its way. */
  accepted(): void {
    this.lastAt = this.#triedAt;
    this.#dueAt = this.#nextDue(0);
    this.#answerAsked();
  }

  /** The beat on its way came to nothing, and is repeated; one that was only asked for early is not. */
  failed(failure: Failure): void {
    if (!isThrottled(failure)) this.#failedAt = this.#triedAt;
    this.#dueAt = Math.max(this.#dueAt, this.#options.clock.now() + this.#repeatAfter(failure));
    this.#answerAsked();
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

  /** An attempt that failed a moment ago is not repeated at once because a handler asks in a loop. */
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
