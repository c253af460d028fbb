import { Abort } from '../../base/abort.js';
import type { Cancel, Clock } from '../../base/time/clock.js';
import { limitCallAfter, limitCallAt } from '../../base/time/call-limit.js';
import type { ActivityPort, PollAnswer, PollTrouble } from '../../aws/activity-port.js';
import type { PublicPolls, PublicQueue } from '../../base/worker-status.js';
import type { Lease } from '../task/task.js';
import type { EmitPoll, PollRef } from './poll-events.js';
import { TroubleTracker } from './trouble.js';
import type { Pace } from './pace.js';
import { type PolicedPoll, PollPolicy } from './poll-policy.js';
import { QueueWatch } from './queue-watch.js';
import type { Slot, Slots } from './slots.js';

export interface PollerOptions {
  readonly handler: PollRef;
  readonly port: ActivityPort;
  readonly slots: Slots;
  /** The number of open polls: `min` while idle, up to `max` while tasks come in. */
  readonly pollers: { readonly min: number; readonly max: number };
  /** The pace of all polls in the region, which all its handlers share. */
  readonly pace: Pace;
  readonly workerName: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly emit: EmitPoll;
  /**
   * Called with each lease and the slot that was reserved for it. Must not throw.
   * @param sentAt the time at which the lease's poll was sent
   */
  readonly onLease: (lease: Lease, slot: Slot, sentAt: number) => void;
}

/** The state of a handler's polls. Instants are epoch milliseconds. */
export interface PollerStatus extends Omit<PublicPolls, 'trouble'> {
  /**
   * Why polls fail: set from the first failure until no poll has failed for a while, or until blocked polls are
   * answered again.
   */
  readonly trouble: { readonly kind: PollTrouble; readonly error: Error; readonly since: number } | undefined;
}

/**
 * The longest that a poll may stay open. The service holds a poll for 60 s, and its documentation asks clients to wait
 * for at least 65. A poll that is open for longer hangs, on whatever socket, proxy or half-open connection.
 */
export const POLL_LIMIT_MS = 75_000;

/** The error of a poll that hung. Its name says so where the message is not shown. */
class PollTimeout extends Error {
  override readonly name = 'TimeoutError';

  constructor() {
    super(`no answer to a poll within ${POLL_LIMIT_MS / 1000} s`);
  }
}

/**
 * Before the first answer to a poll, one that the service has held for this long counts as an answer: a refusal comes
 * at once.
 */
export const HELD_MS = 2_000;

/**
 * The poll loop of one handler. It reserves a slot before it sends a poll, hands the slot on with the lease, and never
 * waits for the work. Its policy decides when a poll may be opened.
 */
export class Poller {
  readonly #options: PollerOptions;
  readonly #policy: PollPolicy;
  readonly #trouble: TroubleTracker<PollTrouble>;
  readonly #queue = new QueueWatch();
  #lastAnswerAt: number | undefined;
  #heldInVain = false;
  /** True while no poll has got through since the trouble began. */
  #blocked = false;
  #wake: { readonly at: number; readonly cancel: Cancel } | undefined;
  #stopping = false;
  #holdUntil = Number.NEGATIVE_INFINITY;
  #idle: (() => void) | undefined;

  constructor(options: PollerOptions) {
    const { pollers, pace, random, clock, emit, handler } = options;
    this.#options = options;
    this.#policy = new PollPolicy({ ...pollers, pace, random });
    this.#trouble = new TroubleTracker(clock, {
      began: (trouble, error) => emit('poll:failed', { ...handler, trouble, error }),
      ended: (afterMs, failures) => emit('poll:recovered', { ...handler, afterMs, failures }),
    });
    options.port.onMended?.(() => {
      if (this.#policy.mended('refused', clock.now())) this.fill();
    });
  }

  get status(): PollerStatus {
    const { open, target, state, heldSince } = this.#policy;
    return {
      open,
      target,
      state: state.kind,
      lastAnswerAt: this.#lastAnswerAt,
      heldSince,
      heldInVain: this.#heldInVain,
      trouble: this.#trouble.current,
    };
  }

  /** The facts about the activity's queue that the polls prove. */
  get queue(): PublicQueue {
    return this.#queue.at(this.#options.clock.now());
  }

  /** Sets another least and most number of open polls. What is open stays open. */
  setPollers(pollers: PollerOptions['pollers']): void {
    this.#policy.setPollers(pollers);
    this.fill();
  }

  /** Starts polling after a delay in milliseconds, so that the handlers of a worker do not all poll at once. */
  start(delayMs: number): void {
    this.#wakeAt(this.#options.clock.now() + delayMs);
  }

  /** Opens as many polls as the policy and the free slots allow. To be called whenever a slot has come free. */
  fill(): void {
    if (this.#stopping) return;
    const { clock, slots } = this.#options;
    for (;;) {
      const poll = this.#policy.tryOpen(clock.now(), slots.free);
      const slot = poll && slots.reserve();
      if (!poll || !slot) break;
      void this.#poll(poll, slot);
    }
    this.#wakeAt(this.#policy.nextAt(clock.now(), slots.free));
  }

  /**
   * Stops polling. Resolves when the last open poll has ended. Open polls are not aborted, because the service may have
   * leased a task to them already.
   * @param holdUntil until then polls may stay open beyond their limit, in epoch milliseconds
   */
  async stop(holdUntil: number): Promise<void> {
    this.#stopping = true;
    this.#holdUntil = holdUntil;
    this.#wake?.cancel();
    if (this.#policy.open > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
    this.#trouble.stop();
  }

  async #poll(poll: PolicedPoll, slot: Slot): Promise<void> {
    const { port, handler, workerName, clock } = this.#options;
    const limit = new Abort();
    let cancel = this.#limit(limit);
    const onSent = (): void => {
      // The time that the poll waited for credentials, or was held before it is repeated with others, does not count.
      cancel();
      cancel = this.#limit(limit);
      this.#policy.connected(poll, clock.now());
      if (this.#policy.state.kind === 'probing') this.fill();
    };
    const answer = await port.poll(handler.activityArn, workerName, limit, onSent, {
      onAgain: () => this.#policy.disconnected(poll),
      isWanted: () => !this.#stopping,
    });
    cancel();
    if (answer.kind !== 'failed') this.#queue.answered(answer.kind, poll.connectedAt, clock.now());
    this.#emitEnded(poll, answer);
    if (answer.kind === 'task') {
      slot.work();
      const { token, input } = answer;
      const polledAt = poll.sentAt;
      this.#options.onLease({ token, input, receivedAt: clock.now(), polledAt }, slot, polledAt);
    } else slot.free();
    this.#noteAnswer(poll, answer);
    this.fill();
    if (this.#policy.open === 0) this.#idle?.();
  }

  #emitEnded({ sentAt }: PolicedPoll, answer: PollAnswer): void {
    const { clock, emit, handler } = this.#options;
    const trouble = answer.kind === 'failed' ? { trouble: answer.trouble } : {};
    emit('poll:ended', { ...handler, answer: answer.kind, ...trouble, openMs: clock.now() - sentAt });
  }

  #limit(limit: Abort): Cancel {
    const { clock } = this.#options;
    const end = (): void => limit.abort(new PollTimeout());
    let cancel = limitCallAfter(clock, POLL_LIMIT_MS, () => {
      if (this.#holdUntil > clock.now()) cancel = limitCallAt(clock, this.#holdUntil, end);
      else end();
    });
    return () => cancel();
  }

  #noteAnswer(poll: PolicedPoll, answer: PollAnswer): void {
    const { clock, emit, handler } = this.#options;
    const now = clock.now();
    if (answer.kind !== 'failed') {
      this.#policy.ended(poll, { kind: answer.kind }, now);
      this.#lastAnswerAt = now;
      this.#heldInVain = false;
      const news = this.#trouble.answered({ sentAt: poll.sentAt, atOnce: this.#blocked });
      if (news) this.#blocked = this.#policy.state.kind !== 'open';
      return;
    }
    const { trouble, error, mayHaveLostToken, ofKey = false } = answer;
    this.#policy.ended(poll, { kind: 'failed', trouble, ofKey }, now);
    this.#heldInVain ||= poll.connectedAt !== undefined && now - poll.connectedAt >= HELD_MS;
    this.#blocked ||= this.#policy.state.kind !== 'open';
    if (mayHaveLostToken) emit('poll:token-possibly-lost', { ...handler, error });
    // A poll that was not sent because of the stop is no trouble.
    if (!this.#stopping || poll.connectedAt !== undefined) this.#trouble.failed(trouble, error);
  }

  #wakeAt(at: number): void {
    if (this.#wake?.at === at) return;
    this.#wake?.cancel();
    this.#wake = undefined;
    if (at === Number.POSITIVE_INFINITY) return;
    const { clock } = this.#options;
    const cancel = clock.after(at - clock.now(), () => {
      this.#wake = undefined;
      this.fill();
    });
    this.#wake = { at, cancel };
  }
}
