import type { PollAnswer, PollTrouble } from '../../aws/activity-port.js';
import { plainReason } from '../../aws/plain-reason.js';
import type { Linked } from '../../base/linked-list.js';
import type { Clock } from '../../base/time/clock.js';
import type { PollStatus, QueueStatus } from '../../base/worker-status.js';
import type { EmitPoll, PollRef } from './poll-events.js';
import { QueueWatch } from './queue-watch.js';
import { TroubleTracker } from '../../base/time/trouble.js';

/** An open poll. Its times are epoch milliseconds. */
export interface OpenPoll extends Linked<OpenPoll> {
  readonly sentAt: number;
  /** The time at which the request was on an established and trusted connection; undefined before that. */
  connectedAt: number | undefined;
}

/**
 * Before a worker's first poll is answered, a poll that the service has held for this long counts as answered, because
 * the service sends a refusal at once.
 */
export const HELD_MS = 2_000;

type FailedPoll = Extract<PollAnswer, { kind: 'failed' }>;

/**
 * Records how a handler's polls end, for the worker's status, and emits their events. It has no influence on polling.
 */
export class PollRecord {
  readonly #clock: Clock;
  readonly #handler: PollRef;
  readonly #emit: EmitPoll;
  readonly #trouble: TroubleTracker<PollTrouble>;
  readonly #queue = new QueueWatch();
  #lastAnswerAt: number | undefined;
  #heldInVain = false;

  constructor(clock: Clock, handler: PollRef, emit: EmitPoll) {
    this.#clock = clock;
    this.#handler = handler;
    this.#emit = emit;
    this.#trouble = new TroubleTracker(clock, {
      began: (trouble, error) => emit('poll:failed', { ...handler, trouble, error }),
      ended: (afterMs, failures) => emit('poll:recovered', { ...handler, afterMs, failures }),
    });
  }

  get status(): Pick<PollStatus, 'lastAnswerAt' | 'heldInVain' | 'trouble'> {
    const { current } = this.#trouble;
    return {
      lastAnswerAt: this.#lastAnswerAt,
      heldInVain: this.#heldInVain,
      trouble: current && { kind: current.kind, reason: plainReason(current.error), since: current.since },
    };
  }

  /** What the answers to polls say about the activity's queue. */
  get queue(): QueueStatus {
    return this.#queue.at(this.#clock.now());
  }

  /** Emits `poll:ended`. To be called first, for each poll that ends. */
  ended({ sentAt, connectedAt }: OpenPoll, answer: PollAnswer): void {
    const now = this.#clock.now();
    const { kind } = answer;
    if (kind !== 'failed') this.#queue.answered(kind, connectedAt, now);
    const { handler, activityArn } = this.#handler;
    const ended = { handler, activityArn, answer: kind, openMs: now - sentAt };
    this.#emit('poll:ended', kind === 'failed' ? { ...ended, trouble: answer.trouble } : ended);
  }

  /** Records that a poll was answered. @param isFirst true if no poll had got through before */
  answered({ sentAt }: OpenPoll, isFirst: boolean): void {
    this.#lastAnswerAt = this.#clock.now();
    this.#heldInVain = false;
    this.#trouble.answered({ sentAt, atOnce: isFirst });
  }

  /** Records that a poll failed. */
  failed({ connectedAt = Infinity }: OpenPoll, { trouble, error, mayHaveLostToken }: FailedPoll): void {
    this.#heldInVain ||= this.#clock.now() - connectedAt >= HELD_MS;
    if (mayHaveLostToken) this.#emit('poll:token-possibly-lost', { ...this.#handler, error });
    this.#trouble.failed(trouble, error);
  }

  /** Emits no more changes. */
  stop(): void {
    this.#trouble.stop();
  }
}
