import type { ActivityPort, PollAnswer } from '../../aws/activity-port.js';
import { LinkedList } from '../../base/collections.js';
import type { Clock } from '../../base/time/clock.js';
import { Timer } from '../../base/time/timers.js';
import type { PollFailure, PollStatus, QueueStatus } from '../../base/worker-status.js';
import type { Emit, HandlerRef } from '../../declare/worker-events.js';
import type { Caller, CallLimiter } from '../../aws/call-limiter.js';
import type { ReceivedTask } from '../task/received-task.js';
import { OpenPoll, PollRecord } from './poll.js';
import type { Slot, Slots } from './slots.js';

interface PollLimits {
  readonly min: number;
  readonly max: number;
}

interface PollerOptions {
  readonly handler: HandlerRef;
  readonly port: ActivityPort;
  readonly slots: Slots;
  /** The minimum and maximum number of open polls: `min` while there are no tasks, up to `max` while tasks arrive. */
  readonly pollers: PollLimits;
  /** Limits the polls of all handlers in the same region. */
  readonly limiter: CallLimiter;
  readonly workerName: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly emit: Emit;
  /** Called with each leased task and the slot that was reserved for it. Must not throw. */
  readonly onTask: (task: ReceivedTask, slot: Slot) => void;
}

/**
 * How long a poll waits after a failure, in milliseconds, for each kind of trouble: at first `least`, twice as long after
 * each further failure in a row, and never longer than `most`.
 */
const WAIT_MS: Record<PollFailure, readonly [least: number, most: number]> = {
  unreachable: [50, 1_500],
  throttled: [200, 4_000],
  crowded: [1_000, 20_000],
  refused: [1_000, 30_000],
  unhealthy: [1_000, 30_000],
};
/** How long a poll waits for which the activity has no room, if this handler has others open: those end by then. */
const NO_ROOM_MS = 60_000;
/** A task whose poll was open for longer than this wasn't waiting, so no more polls are needed. */
const WAITED_MS = 1_000;
/**
 * An empty answer that arrives sooner than this can't come from Step Functions, which holds polls. The next poll then
 * waits, so that polls aren't sent in a tight loop.
 */
const NO_HOLD_MS = 1_000;
/**
 * After this many failures in a row no poll gets through. If the failures are throttles, they must also have lasted for
 * some time, since a quota may just be used up for a moment.
 */
const NOTHING_THROUGH = 8;
const THROTTLED_MS = 3_000;
/** The service holds a poll for 60 s and asks clients to wait 5 s longer. After that, a poll was never answered. */
const NEVER_ANSWERED_MS = 65_000;

/**
 * Polls for the tasks of one handler. Before it sends a poll, it reserves a slot and takes its turn. It passes each leased
 * task on together with the slot, and doesn't wait for the task's handler.
 *
 * - The number of polls follows the answers, between `min` and `max`: it doubles with a task that was waiting, falls by
 *   one where none was, and halves where the activity has no room for more polls.
 * - A poll that failed waits by itself, and counts as open in the meantime.
 * - If no poll gets through, one is sent at a time, as a probe. Only an answer to a poll that was sent after the failures
 *   began ends that.
 */
export class Poller implements Caller {
  readonly #record: PollRecord;
  readonly #open = new LinkedList<OpenPoll>();
  readonly #timer: Timer;
  #limits: PollLimits;
  #target: number;
  /** The times at which polls that failed may be sent again. */
  #resting: number[] = [];
  /** The number of failures in a row. */
  #failures = 0;
  /** The end of a poll that was sent before this says nothing about the present. */
  #freshFrom = Number.NEGATIVE_INFINITY;
  /** Why no poll gets through; undefined if polls get through. */
  #blockedBy: PollFailure | undefined;
  /** Infinity until `start`: credentials may be renewed, and limits set, before the worker runs, or where it never does. */
  #startsAt = Number.POSITIVE_INFINITY;
  /** Set when the poller is stopped: the time until which polls may stay open in any case. */
  #holdUntil: number | undefined;
  #idle: (() => void) | undefined;

  constructor(private readonly options: PollerOptions) {
    const { pollers, clock, emit, handler, port } = options;
    this.#limits = pollers;
    this.#target = pollers.min;
    this.#record = new PollRecord(clock, handler, emit);
    this.#timer = new Timer(clock, () => this.fill());
    port.onRenewed?.(() => this.#renewed());
  }

  get status(): PollStatus {
    const state = this.#state;
    const target = this.#blockedBy ? 1 : this.#target;
    return { open: this.#open.size, target, state, heldSince: this.#heldSince, ...this.#record.status };
  }

  /** What the answers to polls say about the activity's queue. */
  get queue(): QueueStatus {
    return this.#record.queue;
  }

  /** True if a poll may be sent now, but for the limiter. */
  get wants(): boolean {
    const now = this.options.clock.now();
    return this.#holdUntil === undefined && this.#nextAt(now) <= now;
  }

  /** Changes the minimum and maximum number of open polls. Polls that are already open stay open. */
  setPollers(pollers: PollLimits): void {
    this.#limits = pollers;
    this.#aim(this.#target);
    this.fill();
  }

  /**
   * Starts to poll after a delay in milliseconds. Handlers get different delays, so that they don't all send their
   * first poll at the same moment.
   */
  start(delayMs: number): void {
    this.#startsAt = this.options.clock.now() + delayMs;
    this.#timer.set(this.#startsAt);
  }

  /** Sends as many polls as are allowed now. Must be called when a slot becomes free. */
  fill(): void {
    if (this.#holdUntil !== undefined || this.#startsAt === Infinity) return;
    const { clock, limiter } = this.options;
    const now = clock.now();
    while (this.#nextAt(now) <= now && limiter.take(this)) this.#poll();
    const nextAt = this.#nextAt(now);
    // No timer is set while only the turn is missing, since the limiter calls then.
    this.#timer.set(nextAt > now ? nextAt : Infinity);
  }

  /** Sends one poll, whose turn has come, and asks for the next turn. */
  go(): void {
    this.#poll();
    this.fill();
  }

  /**
   * Stops polling. Resolves when the last open poll has ended. Doesn't abort open polls, because the service may
   * already have leased a task to one of them.
   * @param holdUntil polls may stay open until this time even if that exceeds their limit, in epoch milliseconds
   */
  async stop(holdUntil: number): Promise<void> {
    this.#holdUntil = holdUntil;
    this.#timer.set(Infinity);
    this.options.limiter.leave(this);
    if (this.#open.size > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
    this.#record.stop();
  }

  get #state(): PollStatus['state'] {
    if (!this.#blockedBy) return 'open';
    return this.#open.size > 0 && this.#resting.length === 0 ? 'probing' : 'waiting';
  }

  /** The time since which the service holds a poll that was sent after the failures began; undefined if it holds none. */
  get #heldSince(): number | undefined {
    const since = Array.from(this.#open).flatMap((poll) =>
      this.#isFresh(poll) ? (poll.connectedAt ?? []) : [],
    );
    return since.length > 0 ? Math.min(...since) : undefined;
  }

  /** Returns the time at which another poll may be sent; Infinity if one has to end first. */
  #nextAt(now: number): number {
    if (now < this.#startsAt) return this.#startsAt;
    const room = Math.min(this.options.slots.free, this.#limits.max - this.#open.size);
    if (room <= 0) return Infinity;
    if (this.#resting.length > 0) this.#resting = this.#resting.filter((until) => until > now);
    if (this.#blockedBy) return this.#resting[0] ?? (this.#probe ? Infinity : now);
    const more = this.#target - this.#open.size;
    if (more <= 0) return Infinity;
    // Polls that wait count until their time has come.
    return this.#resting.toSorted((one, other) => one - other).at(-more) ?? now;
  }

  #poll(): void {
    const { port, handler, workerName, clock, slots } = this.options;
    const slot = slots.reserve();
    if (!slot) return;
    const poll = new OpenPoll(clock, () => this.#holdUntil ?? 0);
    this.#open.add(poll);
    void port
      .poll(handler.activityArn, workerName, poll.signal, poll.onSent, {
        onAgain: () => void (poll.connectedAt = undefined),
        isWanted: () => this.#holdUntil === undefined,
      })
      .then((answer) => {
        poll.cancel();
        this.#answered(poll, answer, slot);
      });
  }

  #answered(poll: OpenPoll, answer: PollAnswer, slot: Slot): void {
    const { clock, onTask, limiter } = this.options;
    const { sentAt } = poll;
    this.#record.ended(poll, answer);
    if (answer.kind === 'task') {
      const { token, input } = answer;
      slot.pass('handler');
      onTask({ token, input, receivedAt: clock.now(), polledAt: sentAt }, slot);
    } else slot.pass('none');
    this.#open.remove(poll);
    if (answer.kind === 'failed') this.#failed(poll, answer);
    else {
      limiter.answered(false, sentAt);
      this.#gotThrough(poll, answer.kind);
    }
    this.fill();
    if (this.#open.size === 0) this.#idle?.();
  }

  #gotThrough(poll: OpenPoll, kind: 'task' | 'empty'): void {
    const now = this.options.clock.now();
    const openMs = now - poll.sentAt;
    const isFresh = this.#isFresh(poll);
    this.#record.answered(poll, isFresh && this.#blockedBy !== undefined);
    if (isFresh) {
      this.#failures = 0;
      this.#freshFrom = Math.max(this.#freshFrom, poll.sentAt);
      if (this.#blockedBy) this.#resting = [];
      this.#blockedBy = undefined;
    }
    if (kind === 'task' && openMs <= WAITED_MS) this.#aim(2 * this.#target);
    else this.#aim(this.#target - 1);
    if (kind === 'empty' && openMs < NO_HOLD_MS) this.#resting.push(now + NO_HOLD_MS);
  }

  #failed(poll: OpenPoll, answer: Extract<PollAnswer, { kind: 'failed' }>): void {
    const { trouble, ofKey } = answer;
    const { limiter } = this.options;
    // A poll that was not sent because of the stop is no trouble.
    if (this.#holdUntil !== undefined && poll.connectedAt === undefined) return;
    this.#record.failed(poll, answer);
    const ofAll = trouble === 'throttled' && !ofKey;
    if (ofAll) limiter.answered(true, poll.sentAt);
    // While polls are limited, a throttled poll waits for its turn only.
    if (!this.#isStale(poll)) this.#backOff(trouble, ofAll && limiter.isLimited);
  }

  /** Returns true if the failure of a poll says nothing about the present. */
  #isStale(poll: OpenPoll): boolean {
    if (this.#blockedBy && !this.#isFresh(poll)) return true;
    const hung = this.options.clock.now() - poll.sentAt > NEVER_ANSWERED_MS;
    return hung && poll.sentAt < this.#freshFrom;
  }

  /** Lets polls wait after a failure. @param isLimited true if the next poll waits for its turn anyway */
  #backOff(trouble: PollFailure, isLimited: boolean): void {
    const now = this.options.clock.now();
    if (trouble === 'crowded') this.#aim(Math.floor(this.#target / 2));
    // Where there is no room for one more, the polls that are open get through.
    if (trouble === 'crowded' && this.#open.size > 0 && !this.#blockedBy)
      return void this.#resting.push(now + NO_ROOM_MS);
    if (this.#failures++ === 0) this.#freshFrom = now;
    if (this.#blockedBy || this.#isBlocked(trouble, now)) this.#block(trouble, now);
    else if (!isLimited) this.#resting.push(now + this.#wait(trouble));
  }

  /** Returns true if a poll was sent after the failures began. */
  #isFresh({ sentAt }: OpenPoll): boolean {
    return this.#failures === 0 || sentAt > this.#freshFrom;
  }

  /** The poll that was sent to find out if polls get through again; undefined if none is open. */
  get #probe(): OpenPoll | undefined {
    const { last } = this.#open;
    return last && this.#isFresh(last) ? last : undefined;
  }

  #isBlocked(trouble: PollFailure, now: number): boolean {
    if (trouble === 'refused' || trouble === 'crowded' || trouble === 'unhealthy') return true;
    const isLong = trouble !== 'throttled' || now - this.#freshFrom >= THROTTLED_MS;
    return this.#failures >= NOTHING_THROUGH && isLong;
  }

  #block(trouble: PollFailure, now: number): void {
    if (!this.#blockedBy) [this.#failures, this.#freshFrom] = [1, now];
    this.#blockedBy = trouble;
    this.#resting = [now + this.#wait(trouble)];
    this.#aim(0);
  }

  #wait(trouble: PollFailure): number {
    const [least, most] = WAIT_MS[trouble];
    const ms = Math.min(most, least * 2 ** (this.#failures - 1));
    return Math.round(ms * (0.5 + this.options.random() / 2));
  }

  #aim(target: number): void {
    const { min, max } = this.#limits;
    this.#target = Math.min(max, Math.max(min, target));
  }

  /** Sends the next probe at once if polls are refused, since they may be allowed now. */
  #renewed(): void {
    if (this.#blockedBy === 'refused') this.#resting = [];
    this.fill();
  }
}
