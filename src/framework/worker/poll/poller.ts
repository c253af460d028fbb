import { Abort } from '../../base/abort.js';
import type { Cancel, Clock } from '../../base/time/clock.js';
import { limitCallAfter, limitCallAt } from '../../base/time/call-limit.js';
import type { ActivityPort, PollAnswer, PollTrouble } from '../../aws/port.js';
import type { PublicPolls } from '../../base/worker-status.js';
import type { Lease } from '../task/task.js';
import type { EmitPoll, PollRef } from './events.js';
import { TroubleTeller } from './trouble.js';
import type { Pace } from './pace.js';
import { type PolicedPoll, PollPolicy } from './poll-policy.js';
import type { Slot, Slots } from './slots.js';

export interface PollerOptions {
  readonly handler: PollRef;
  readonly port: ActivityPort;
  readonly slots: Slots;
  /** Polls at once: `min` while idle, up to `max` while tasks come in. */
  readonly pollers: { readonly min: number; readonly max: number };
  /** Shared by all handlers of the region. */
  readonly pace: Pace;
  readonly workerName: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly emit: EmitPoll;
  /** Takes a lease, and the slot that was reserved for it. Must not throw. @param sentAt when its poll was sent. */
  readonly onLease: (lease: Lease, slot: Slot, sentAt: number) => void;
}

/** The state of a handler's polls. Instants are epoch milliseconds. */
export interface PollerStatus extends Omit<PublicPolls, 'trouble'> {
  /** From the first failure until none has failed for a while, or until what was blocked is answered again. */
  readonly trouble: { readonly kind: PollTrouble; readonly error: Error; readonly since: number } | undefined;
}

/**
 * The service holds a poll for 60 s, and its documentation asks clients to wait for at least 65. A poll without
 * an answer after this long hangs: no socket, proxy or half-open connection can keep it.
 */
export const POLL_LIMIT_MS = 75_000;

/** By its name whoever may not see a message is told what is wrong. */
class PollTimeout extends Error {
  override readonly name = 'TimeoutError';

  constructor() {
    super(`no answer to a poll within ${POLL_LIMIT_MS / 1000} s`);
  }
}
/** A poll that the service has held this long counts as an answer, until the first one comes: what it refuses, it refuses at once. */
export const HELD_MS = 2_000;

/**
 * The managed poll loop of one handler. A slot is reserved before a poll is sent, and travels with the lease; the
 * poller never waits for the work. Its policy says when a poll may be opened; this carries it out.
 */
export class Poller {
  readonly #options: PollerOptions;
  readonly #policy: PollPolicy;
  readonly #trouble: TroubleTeller<PollTrouble>;
  #lastAnswerAt: number | undefined;
  #heldInVain = false;
  /** Nothing has got through since the trouble began. */
  #blocked = false;
  #wake: { readonly at: number; readonly cancel: Cancel } | undefined;
  #stopping = false;
  #holdUntil = Number.NEGATIVE_INFINITY;
  #idle: (() => void) | undefined;

  constructor(options: PollerOptions) {
    const { pollers, pace, random, clock, emit, handler } = options;
    this.#options = options;
    this.#policy = new PollPolicy({ ...pollers, pace, random });
    this.#trouble = new TroubleTeller(clock, {
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

  /** Begins after a wait, so that the handlers of a worker do not all call at once. */
  start(delayMs: number): void {
    this.#wakeAt(this.#options.clock.now() + delayMs);
  }

  /** Opens as many polls as policy and slots allow. To be called whenever a slot came free. */
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
   * Starts no new poll. Open ones are not aborted: the service could have leased a task to them already.
   * @param holdUntil polls may stay open until then even beyond their limit, in epoch milliseconds.
   * @returns when the last open poll has ended.
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
    const cancel = this.#limit(limit);
    const onSent = (): void => {
      this.#policy.connected(poll, clock.now());
      if (this.#policy.state.kind === 'probing') this.fill();
    };
    const onAgain = (): void => this.#policy.disconnected(poll);
    const answer = await port.poll(handler.activityArn, workerName, limit, onSent, onAgain);
    cancel();
    this.#tellEnded(poll, answer);
    if (answer.kind === 'task') {
      slot.work();
      const { token, input } = answer;
      const polledAt = poll.sentAt;
      this.#options.onLease({ token, input, receivedAt: clock.now(), polledAt }, slot, polledAt);
    } else slot.free();
    this.#learn(poll, answer);
    this.fill();
    if (this.#policy.open === 0) this.#idle?.();
  }

  #tellEnded({ sentAt }: PolicedPoll, answer: PollAnswer): void {
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

  #learn(poll: PolicedPoll, answer: PollAnswer): void {
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
    const { trouble, error, mayHaveLostToken } = answer;
    this.#policy.ended(poll, { kind: 'failed', trouble }, now);
    this.#heldInVain ||= poll.connectedAt !== undefined && now - poll.connectedAt >= HELD_MS;
    this.#blocked ||= this.#policy.state.kind !== 'open';
    if (mayHaveLostToken) emit('poll:token-possibly-lost', { ...handler, error });
    this.#trouble.failed(trouble, error);
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
