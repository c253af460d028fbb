import { Abort } from '../../base/abort.js';
import { LinkedList } from '../../base/linked-list.js';
import type { Cancel, Clock } from '../../base/time/clock.js';
import { limitCallAfter, limitCallAt } from '../../base/time/call-limit.js';
import type { ActivityPort, PollAnswer, PollTrouble } from '../../aws/activity-port.js';
import type { PublicPolls, PublicQueue } from '../../base/worker-status.js';
import type { Lease } from '../task/task.js';
import { Backoff, type OpenPoll } from './backoff.js';
import type { EmitPoll, PollRef } from './poll-events.js';
import { type PollLimits, PollTarget } from './poll-target.js';
import { QueueWatch } from './queue-watch.js';
import type { Slot, Slots } from './slots.js';
import { TroubleTracker } from './trouble.js';
import type { Turns } from './turns.js';

export interface PollerOptions {
  readonly handler: PollRef;
  readonly port: ActivityPort;
  readonly slots: Slots;
  /** The minimum and maximum number of open polls: `min` while there are no tasks, up to `max` while tasks arrive. */
  readonly pollers: PollLimits;
  /** Decides which handler sends the next poll. All handlers in the same region share this object. */
  readonly turns: Turns;
  readonly workerName: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly emit: EmitPoll;
  /**
   * Called with each leased task and the slot that was reserved for it. Must not throw. @param sentAt the time at which
   * the poll was sent that returned the task
   */
  readonly onLease: (lease: Lease, slot: Slot, sentAt: number) => void;
}

/** The state of a handler's polls. Times are epoch milliseconds. */
export interface PollerStatus extends Omit<PublicPolls, 'trouble'> {
  /**
   * Why polls fail. Set from the first failure until no poll has failed for a while or, if no poll got through, until
   * one is answered again.
   */
  readonly trouble: { readonly kind: PollTrouble; readonly error: Error; readonly since: number } | undefined;
}

/**
 * The longest time for which a poll may stay open. The service holds a poll for 60 s, and its documentation asks
 * clients to wait at least 65 s. A poll that is open for longer hangs, for example on a half-open connection.
 */
export const POLL_LIMIT_MS = 75_000;

/**
 * Before a worker's first poll is answered, a poll that the service has held for this long counts as answered, because
 * the service sends a refusal at once.
 */
export const HELD_MS = 2_000;

/**
 * An empty answer that arrives sooner than this can't come from Step Functions, which holds polls. The next poll then
 * waits, so that polls aren't sent in a tight loop.
 */
const NO_HOLD_MS = 1_000;

type FailedPoll = Extract<PollAnswer, { kind: 'failed' }>;

/**
 * Polls for the tasks of one handler. Before it sends a poll, it reserves a slot and waits for its turn. It passes each
 * leased task on together with the slot, and doesn't wait for the task's handler.
 */
export class Poller {
  readonly #options: PollerOptions;
  readonly #target: PollTarget;
  readonly #backoff: Backoff;
  readonly #trouble: TroubleTracker<PollTrouble>;
  readonly #queue = new QueueWatch();
  readonly #open = new LinkedList<OpenPoll>();
  #lastAnswerAt: number | undefined;
  #heldInVain = false;
  #wake: { readonly at: number; readonly cancel: Cancel } | undefined;
  #stopping = false;
  #holdUntil = Number.NEGATIVE_INFINITY;
  #idle: (() => void) | undefined;

  constructor(options: PollerOptions) {
    const { pollers, random, clock, emit, handler, port } = options;
    this.#options = options;
    this.#target = new PollTarget(pollers, random);
    this.#backoff = new Backoff(random);
    this.#trouble = new TroubleTracker(clock, {
      began: (trouble, error) => emit('poll:failed', { ...handler, trouble, error }),
      ended: (afterMs, failures) => emit('poll:recovered', { ...handler, afterMs, failures }),
    });
    port.onMended?.(() => {
      if (this.#backoff.mended(clock.now())) this.fill();
    });
  }

  get status(): PollerStatus {
    const { state } = this.#backoff;
    const held = [...this.#open].filter(({ sentAt }) => this.#backoff.isNews(sentAt));
    const since = held.flatMap(({ connectedAt }) => connectedAt ?? []);
    return {
      open: this.#open.size,
      target: state === 'open' ? this.#target.size : 1,
      state,
      lastAnswerAt: this.#lastAnswerAt,
      heldSince: since.length > 0 ? Math.min(...since) : undefined,
      heldInVain: this.#heldInVain,
      trouble: this.#trouble.current,
    };
  }

  /** What the answers to polls say about the activity's queue. */
  get queue(): PublicQueue {
    return this.#queue.at(this.#options.clock.now());
  }

  /** Changes the minimum and maximum number of open polls. Polls that are already open stay open. */
  setPollers(pollers: PollLimits): void {
    this.#target.limit(pollers);
    this.fill();
  }

  /**
   * Starts to poll after a delay in milliseconds. Handlers get different delays, so that they don't all send their
   * first poll at the same moment.
   */
  start(delayMs: number): void {
    const { clock } = this.#options;
    this.#target.start(clock.now() + delayMs);
    this.#wakeAt(clock.now() + delayMs);
  }

  /**
   * Sends as many polls as are allowed now. Must be called when a slot becomes free. `Turns` calls it when it is this
   * poller's turn.
   */
  fill(): void {
    if (this.#stopping) return;
    const { clock, turns } = this.#options;
    const now = clock.now();
    if (now >= this.#backoff.grantedAt) this.#unblock(now);
    this.#target.tick(now);
    while (this.#opensAt(now) <= now && turns.take(this)) void this.#poll(now);
    const opensAt = this.#opensAt(now);
    // Where only the turn is missing, `turns` calls.
    this.#wakeAt(Math.min(opensAt > now ? opensAt : Infinity, this.#backoff.grantedAt, this.#target.growsAt));
  }

  /**
   * Stops polling. Resolves when the last open poll has ended. Doesn't abort open polls, because the service may
   * already have leased a task to one of them.
   * @param holdUntil polls may stay open until this time even if that exceeds their limit, in epoch milliseconds
   */
  async stop(holdUntil: number): Promise<void> {
    this.#stopping = true;
    this.#holdUntil = holdUntil;
    this.#wake?.cancel();
    this.#options.turns.leave(this);
    if (this.#open.size > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
    this.#trouble.stop();
  }

  /**
   * Returns the time at which another poll may be sent; Infinity if an open poll must end, or the target must rise,
   * before that.
   */
  #opensAt(now: number): number {
    const most = Math.min(this.#options.slots.free, this.#target.most - this.#open.size);
    return this.#backoff.opensAt(now, this.#open, this.#target.size, most);
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

  async #poll(sentAt: number): Promise<void> {
    const { port, handler, workerName, clock, slots, onLease } = this.#options;
    const slot = slots.reserve();
    if (!slot) return;
    const poll = this.#backoff.open(sentAt);
    this.#open.add(poll);
    const limit = new Abort();
    let cancel = this.#limit(limit);
    const onSent = (): void => {
      // The time that the poll waited for credentials, or was held before it is repeated with others, does not count.
      cancel();
      cancel = this.#limit(limit);
      poll.connectedAt = clock.now();
      if (this.#backoff.state === 'probing') this.fill();
    };
    const answer = await port.poll(handler.activityArn, workerName, limit, onSent, {
      onAgain: () => void (poll.connectedAt = undefined),
      isWanted: () => !this.#stopping,
    });
    cancel();
    if (answer.kind !== 'failed') this.#queue.answered(answer.kind, poll.connectedAt, clock.now());
    this.#emitEnded(poll, answer);
    if (answer.kind === 'task') {
      slot.work();
      const { token, input } = answer;
      onLease({ token, input, receivedAt: clock.now(), polledAt: sentAt }, slot, sentAt);
    } else slot.free();
    this.#open.remove(poll);
    if (answer.kind === 'failed') this.#noteFailure(poll, answer);
    else this.#noteAnswer(poll, answer.kind);
    this.fill();
    if (this.#open.size === 0) this.#idle?.();
  }

  #emitEnded({ sentAt }: OpenPoll, answer: PollAnswer): void {
    const { clock, emit, handler } = this.#options;
    const trouble = answer.kind === 'failed' ? { trouble: answer.trouble } : {};
    emit('poll:ended', { ...handler, answer: answer.kind, ...trouble, openMs: clock.now() - sentAt });
  }

  #limit(limit: Abort): Cancel {
    const { clock } = this.#options;
    // The name says what is wrong where the message is not shown.
    const error = new Error(`no answer to a poll within ${POLL_LIMIT_MS / 1000} s`);
    const end = (): void => limit.abort(Object.assign(error, { name: 'TimeoutError' }));
    let cancel = limitCallAfter(clock, POLL_LIMIT_MS, () => {
      if (this.#holdUntil > clock.now()) cancel = limitCallAt(clock, this.#holdUntil, end);
      else end();
    });
    return () => cancel();
  }

  #noteAnswer(poll: OpenPoll, kind: 'task' | 'empty'): void {
    const now = this.#options.clock.now();
    const openMs = now - poll.sentAt;
    this.#options.turns.granted(poll.sentAt);
    if (this.#backoff.blockedBy && this.#backoff.isNews(poll.sentAt)) this.#unblock(now);
    const atOnce = this.#backoff.answered(poll);
    if (kind === 'task') this.#target.gotTask(openMs);
    else this.#target.shrink();
    if (kind === 'empty' && openMs < NO_HOLD_MS) this.#backoff.rest(now + NO_HOLD_MS, 0);
    this.#lastAnswerAt = now;
    this.#heldInVain = false;
    this.#trouble.answered({ sentAt: poll.sentAt, atOnce });
  }

  /** Ends the blocked state: polls are sent as after a start. */
  #unblock(now: number): void {
    const { blockedBy } = this.#backoff;
    if (blockedBy === 'throttled') this.#options.turns.release();
    this.#backoff.unblock();
    // Polls that the activity had no room for come back each at a moment of its own.
    if (blockedBy !== 'crowded') this.#target.start(now);
  }

  #noteFailure(poll: OpenPoll, { trouble, ofKey, error, mayHaveLostToken }: FailedPoll): void {
    const { emit, handler, turns, clock } = this.#options;
    const now = clock.now();
    const isQueued = trouble === 'throttled' && !ofKey && turns.throttled(this, poll);
    this.#backoff.failed(poll, trouble, now, { others: this.#open, isQueued });
    if (this.#backoff.isTroubled || (trouble === 'crowded' && this.#open.size === 0)) this.#target.reset();
    this.#heldInVain ||= poll.connectedAt !== undefined && now - poll.connectedAt >= HELD_MS;
    if (mayHaveLostToken) emit('poll:token-possibly-lost', { ...handler, error });
    // A poll that was not sent because of the stop is no trouble.
    if (!this.#stopping || poll.connectedAt !== undefined) this.#trouble.failed(trouble, error);
  }
}
