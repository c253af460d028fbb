import type { PollAnswer } from '../../aws/activity-port.js';
import { plainReason } from '../../aws/advice.js';
import { Abort } from '../../base/abort.js';
import type { Linked } from '../../base/collections.js';
import { limitCallAfter } from '../../base/time/call-limit.js';
import type { Cancel, Clock } from '../../base/time/clock.js';
import {
  type PollFailure,
  type PollStatus,
  QUEUE_MINUTES,
  type QueueStatus,
} from '../../base/worker-status.js';
import type { Emit, HandlerRef } from '../../declare/worker-events.js';
import { OutageTracker } from '../../base/time/outage.js';

/**
 * An open poll. Its signal ends it when it has been open for {@link POLL_LIMIT_MS}, which is longer than the service
 * holds a poll. Its times are epoch milliseconds.
 */
export class OpenPoll implements Linked<OpenPoll> {
  readonly signal = new Abort();
  readonly sentAt: number;
  /** The time at which the request was on an established and trusted connection; undefined before that. */
  connectedAt: number | undefined;
  /** To be called when the poll has ended. */
  cancel: Cancel;
  previous: OpenPoll | undefined;
  next: OpenPoll | undefined;

  /** @param holdUntil returns a time until which the poll may stay open in any case, in epoch milliseconds */
  constructor(
    private readonly clock: Clock,
    private readonly holdUntil: () => number,
  ) {
    this.sentAt = clock.now();
    this.cancel = this.#limit();
  }

  /**
   * Called when the request is on its connection. Gives the poll its whole time again: waiting for credentials doesn't
   * count.
   */
  readonly onSent = (): void => {
    this.cancel();
    this.cancel = this.#limit();
    this.connectedAt = this.clock.now();
  };

  #limit(): Cancel {
    return limitCallAfter(this.clock, POLL_LIMIT_MS, () => {
      const until = this.holdUntil();
      const leftMs = until - this.clock.now();
      if (leftMs <= 0) this.#end();
      else this.cancel = limitCallAfter(this.clock, leftMs, () => this.#end());
    });
  }

  #end(): void {
    const error = new Error(`no answer to a poll within ${POLL_LIMIT_MS / 1000} s`);
    // The name says what is wrong where the message is not shown.
    this.signal.abort(Object.assign(error, { name: 'TimeoutError' }));
  }
}

/**
 * The longest time for which a poll may stay open: the service holds it for 60 s, and its documentation asks clients to
 * wait for 65 s at least. A poll that is open for longer hangs.
 */
export const POLL_LIMIT_MS = 75_000;

/**
 * Before a worker's first poll is answered, a poll that the service has held for this long counts as answered, because
 * the service sends a refusal at once.
 */
export const HELD_MS = 2_000;

type FailedPoll = Extract<PollAnswer, { kind: 'failed' }>;

/**
 * Records how a handler's open polls end, for the worker's status, and emits their events.
 */
export class PollRecord {
  readonly #outage: OutageTracker<PollFailure>;
  readonly #queue = new QueueWatch();
  #lastAnswerAt: number | undefined;
  #heldInVain = false;

  constructor(
    private readonly clock: Clock,
    private readonly handler: HandlerRef,
    private readonly emit: Emit,
  ) {
    this.#outage = new OutageTracker(clock, {
      began: (trouble, error) => emit('poll:failed', { ...handler, trouble, error }),
      ended: (afterMs, failures) => emit('poll:recovered', { ...handler, afterMs, failures }),
    });
  }

  get status(): Pick<PollStatus, 'lastAnswerAt' | 'heldInVain' | 'trouble'> {
    const { current } = this.#outage;
    return {
      lastAnswerAt: this.#lastAnswerAt,
      heldInVain: this.#heldInVain,
      trouble: current && { kind: current.kind, reason: plainReason(current.error), since: current.since },
    };
  }

  /** What the answers to polls say about the activity's queue. */
  get queue(): QueueStatus {
    return this.#queue.at(this.clock.now());
  }

  /** Emits `poll:ended`. To be called first, for each poll that ends. */
  ended({ sentAt, connectedAt }: OpenPoll, answer: PollAnswer): void {
    const now = this.clock.now();
    const { kind } = answer;
    if (kind !== 'failed') this.#queue.answered(kind, connectedAt, now);
    const { handler, activityArn } = this.handler;
    const ended = { handler, activityArn, answer: kind, openMs: now - sentAt };
    this.emit('poll:ended', kind === 'failed' ? { ...ended, trouble: answer.trouble } : ended);
  }

  /** Records that a poll was answered. @param isFirst true if no poll had got through before */
  answered({ sentAt }: OpenPoll, isFirst: boolean): void {
    this.#lastAnswerAt = this.clock.now();
    this.#heldInVain = false;
    if (this.#outage.current) this.#outage.answered({ sentAt, atOnce: isFirst });
  }

  /** Records that a poll failed. */
  failed({ connectedAt = Infinity }: OpenPoll, { trouble, error, mayHaveLostToken }: FailedPoll): void {
    this.#heldInVain ||= this.clock.now() - connectedAt >= HELD_MS;
    if (mayHaveLostToken) this.emit('poll:token-possibly-lost', { ...this.handler, error });
    this.#outage.failed(trouble, error);
  }

  /** Emits no more changes. */
  stop(): void {
    this.#outage.stop();
  }
}

const MINUTE_MS = 60_000;
/** If a poll is answered later than this after it reached the service, the service held it, so no task was waiting. */
const HELD_BY_SERVICE_MS = 1_000;
/** The longest time that an answer may take from the service to the worker. */
const TRAVEL_MS = 500;

/**
 * Records what the answers to a handler's polls prove about the activity's queue: the service answers at once if a task
 * waits. A poll that is still open proves nothing.
 */
export class QueueWatch {
  readonly #begun: number[] = [];
  #minute = 0;
  #emptyFrom = Number.POSITIVE_INFINITY;
  #emptyAt: number | undefined;
  #emptyMinuteAt: number | undefined;

  /**
   * Records the answer to a poll. @param since the time at which the poll reached the service; undefined if that isn't
   * known
   */
  answered(kind: 'task' | 'empty', since: number | undefined, now: number): void {
    if (kind === 'task') {
      this.#turnTo(now);
      this.#begun[0] = (this.#begun[0] ?? 0) + 1;
    }
    if (since === undefined || now - since < HELD_BY_SERVICE_MS) return;
    this.#noteEmpty(since, kind === 'task' ? now - TRAVEL_MS : now);
  }

  at(now: number): QueueStatus {
    this.#turnTo(now);
    const [emptyAt, emptyMinuteAt] = [this.#emptyAt, this.#emptyMinuteAt];
    return { emptyAt, emptyMinuteAt, minuteAt: this.#minute * MINUTE_MS, begun: [...this.#begun] };
  }

  /**
   * Records that no task was waiting from `from` to `to`. If this overlaps the latest such period, the two are joined,
   * so that together they can cover the beginning of a minute.
   */
  #noteEmpty(from: number, to: number): void {
    if (this.#emptyAt !== undefined && to <= this.#emptyAt) return;
    const joined = this.#emptyAt !== undefined && from <= this.#emptyAt;
    this.#emptyFrom = joined ? Math.min(from, this.#emptyFrom) : from;
    this.#emptyAt = to;
    const minuteAt = Math.floor(to / MINUTE_MS) * MINUTE_MS;
    if (minuteAt >= this.#emptyFrom) this.#emptyMinuteAt = minuteAt;
  }

  /** Starts a new count for each minute that has begun. If the wall clock is set back, the current minute continues. */
  #turnTo(now: number): void {
    const minute = Math.floor(now / MINUTE_MS);
    const passed = this.#begun.length === 0 ? 1 : Math.min(minute - this.#minute, QUEUE_MINUTES);
    for (let i = 0; i < passed; i++) this.#begun.unshift(0);
    this.#begun.length = Math.min(this.#begun.length, QUEUE_MINUTES);
    if (passed > 0) this.#minute = minute;
  }
}
