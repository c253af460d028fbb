import type { ActivityPort, PollAnswer } from '../../aws/activity-port.js';
import { LinkedList } from '../../base/linked-list.js';
import type { Clock } from '../../base/time/clock.js';
import { Timer } from '../../base/time/timer.js';
import type { PublicQueue } from '../../base/worker-status.js';
import type { Lease } from '../task/task.js';
import { Backoff } from './backoff.js';
import type { EmitPoll, PollRef } from './poll-events.js';
import { PollLimit } from './poll-limit.js';
import { type OpenPoll, type PollerStatus, PollRecord } from './poll-record.js';
import { type PollLimits, PollTarget } from './poll-target.js';
import type { Slot, Slots } from './slots.js';
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

/**
 * Polls for the tasks of one handler. Before it sends a poll, it reserves a slot and waits for its turn. It passes each
 * leased task on together with the slot, and doesn't wait for the task's handler.
 */
export class Poller {
  readonly #options: PollerOptions;
  readonly #target: PollTarget;
  readonly #backoff: Backoff;
  readonly #record: PollRecord;
  readonly #open = new LinkedList<OpenPoll>();
  readonly #timer: Timer;
  /** False until `start`: credentials may be renewed, and limits set, before the worker runs, or where it never does. */
  #started = false;
  /** Set when the poller is stopped: the time until which polls may stay open in any case. */
  #holdUntil: number | undefined;
  #idle: (() => void) | undefined;

  constructor(options: PollerOptions) {
    const { pollers, random, clock, emit, handler, port } = options;
    this.#options = options;
    this.#target = new PollTarget(pollers, random);
    this.#backoff = new Backoff(this.#target, this.#open, random);
    this.#record = new PollRecord(clock, handler, emit);
    this.#timer = new Timer(clock, () => this.fill());
    port.onMended?.(() => {
      this.#backoff.mended(clock.now());
      this.fill();
    });
  }

  get status(): PollerStatus {
    const { wanted: target, state, heldSince } = this.#backoff;
    return { open: this.#open.size, target, state, heldSince, ...this.#record.status };
  }

  /** What the answers to polls say about the activity's queue. */
  get queue(): PublicQueue {
    return this.#record.queue;
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
    const at = this.#options.clock.now() + delayMs;
    this.#started = true;
    this.#target.start(at);
    this.#timer.set(at);
  }

  /**
   * Sends as many polls as are allowed now. Must be called when a slot becomes free. `Turns` calls it when it is this
   * poller's turn.
   */
  fill(): void {
    if (!this.#started) return;
    if (this.#holdUntil !== undefined) return;
    const { clock, turns, slots } = this.#options;
    const now = clock.now();
    while (this.#nextAt(now, slots.free) <= now && turns.take(this)) this.#poll(now);
    const nextAt = this.#nextAt(now, slots.free);
    // No timer is set while only the turn is missing, since `turns` calls then.
    this.#timer.set(nextAt > now ? nextAt : Infinity);
  }

  /**
   * Stops polling. Resolves when the last open poll has ended. Doesn't abort open polls, because the service may
   * already have leased a task to one of them.
   * @param holdUntil polls may stay open until this time even if that exceeds their limit, in epoch milliseconds
   */
  async stop(holdUntil: number): Promise<void> {
    this.#holdUntil = holdUntil;
    this.#timer.set(Infinity);
    if (this.#open.size > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
    // One of the last polls may have been throttled, and have got the next turn.
    this.#options.turns.leave(this);
    this.#record.stop();
  }

  #nextAt(now: number, free: number): number {
    return this.#backoff.nextAt(now, Math.min(free, this.#target.most - this.#open.size));
  }

  #poll(sentAt: number): void {
    const { port, handler, workerName, clock, slots } = this.#options;
    const slot = slots.reserve();
    if (!slot) return;
    const poll: OpenPoll = { sentAt, connectedAt: undefined, previous: undefined, next: undefined };
    this.#open.add(poll);
    this.#backoff.sent(poll);
    const limit = new PollLimit(clock, () => this.#holdUntil ?? 0);
    const onSent = (): void => {
      limit.restart();
      poll.connectedAt = clock.now();
      if (this.#backoff.state === 'probing') this.fill();
    };
    void port
      .poll(handler.activityArn, workerName, limit.signal, onSent, {
        onAgain: () => void (poll.connectedAt = undefined),
        isWanted: () => this.#holdUntil === undefined,
      })
      .then((answer) => {
        limit.cancel();
        this.#answered(poll, answer, slot);
      });
  }

  #answered(poll: OpenPoll, answer: PollAnswer, slot: Slot): void {
    const { clock, onLease } = this.#options;
    const { sentAt } = poll;
    this.#record.ended(poll, answer);
    if (answer.kind === 'task') {
      const { token, input } = answer;
      slot.work();
      onLease({ token, input, receivedAt: clock.now(), polledAt: sentAt }, slot, sentAt);
    } else slot.free();
    this.#open.remove(poll);
    this.#learn(poll, answer);
    this.fill();
    if (this.#open.size === 0) this.#idle?.();
  }

  #learn(poll: OpenPoll, answer: PollAnswer): void {
    const { turns, clock } = this.#options;
    const now = clock.now();
    if (answer.kind !== 'failed') {
      turns.granted(poll.sentAt);
      this.#record.answered(poll, this.#backoff.answered(poll, answer.kind, now));
      return;
    }
    const { trouble, ofKey } = answer;
    const isQueued = trouble === 'throttled' && !ofKey && turns.throttled(this, poll.sentAt);
    // A poll that is throttled while polls are sent in turns waits for its turn, and for nothing else.
    if (!isQueued || this.#backoff.state !== 'open') this.#backoff.failed(poll, trouble, now);
    // A poll that was not sent because of the stop is no trouble.
    if (this.#holdUntil === undefined || poll.connectedAt !== undefined) this.#record.failed(poll, answer);
  }
}
