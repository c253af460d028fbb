import type { Cancel, Clock } from '../clock.js';
import type { ActivityPort, PollAnswer, PollTrouble } from '../service/port.js';
import { slowly } from '../backoff.js';
import type { Lease } from '../task/task.js';
import type { Emit, PollRef } from './observe/events.js';
import type { Slots } from './slots.js';

export interface PollerOptions {
  readonly handler: PollRef;
  readonly port: ActivityPort;
  readonly slots: Slots;
  /** Polls at once: `min` while idle, up to `max` while tasks come in. */
  readonly pollers: { readonly min: number; readonly max: number };
  readonly workerName: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly emit: Emit;
  /** Takes a lease, and the slot that was reserved for it. Must not throw. */
  readonly onLease: (lease: Lease, freeSlot: () => void) => void;
}

/** How a handler's polls are doing. */
export interface PollerStatus {
  /** Polls that are open now. */
  readonly open: number;
  /** How many may be open. */
  readonly target: number;
  /** When the service last answered a poll, in epoch milliseconds. */
  readonly lastAnswerAt: number | undefined;
  /** When the newest open poll was sent, in epoch milliseconds. */
  readonly sentAt: number | undefined;
  readonly trouble: { readonly kind: PollTrouble; readonly error: Error } | undefined;
}

/**
 * The service holds a poll for 60 s, and its documentation asks clients to wait for at least 65. A poll without
 * an answer after this long hangs: no socket, proxy or half-open connection can keep it.
 */
export const POLL_LIMIT_MS = 75_000;

/** The least and the greatest wait after trouble; it doubles from one to the other. */
const BACKOFF_MS: Record<PollTrouble, readonly [number, number]> = {
  throttled: [1_000, 20_000],
  refused: [5_000, 30_000],
  unreachable: [100, 5_000],
};

/** An empty answer that came sooner is none of the service's, which holds a poll: asked at once again, it never ends. */
const NO_HOLD_MS = 1_000;

/** From the first failure of a handler's polls to their next answer. */
interface Trouble {
  readonly kind: PollTrouble;
  readonly error: Error;
  readonly since: number;
  readonly failures: number;
  /** The kinds that were told: trouble that changes to and fro is no news. */
  readonly told: Set<PollTrouble>;
}

interface OpenPoll {
  readonly sentAt: number;
}

/**
 * The managed poll loop of one handler. A slot is reserved before a poll is sent, and travels with the lease; the
 * poller never waits for the work. A poll that brings a task asks for one more beside it, one that ends empty for
 * one less; throttling halves them. While there is trouble, one poll at a time feels whether it is over.
 */
export class Poller {
  readonly #options: PollerOptions;
  readonly #open = new Set<OpenPoll>();
  #target: number;
  #lastAnswerAt: number | undefined;
  #trouble: Trouble | undefined;
  /** The one poll that feels whether trouble is over. */
  #probe: OpenPoll | undefined;
  #backoff: Cancel | undefined;
  #stopping = false;
  #holdUntil = Number.NEGATIVE_INFINITY;
  #idle: (() => void) | undefined;

  constructor(options: PollerOptions) {
    this.#options = options;
    this.#target = options.pollers.min;
  }

  get status(): PollerStatus {
    return {
      open: this.#open.size,
      target: this.#target,
      lastAnswerAt: this.#lastAnswerAt,
      sentAt: [...this.#open].at(-1)?.sentAt,
      trouble: this.#trouble,
    };
  }

  /** Begins after a wait, so that the handlers of a worker do not all call at once. */
  start(delayMs: number): void {
    this.#backoff = this.#options.clock.after(delayMs, () => this.#resume());
  }

  /** Opens as many polls as target, slots and trouble allow. To be called whenever a slot came free. */
  fill(): void {
    while (!this.#stopping && !this.#backoff && !this.#probe && this.#open.size < this.#target) {
      const freeSlot = this.#options.slots.reserve();
      if (!freeSlot) return;
      const poll = { sentAt: this.#options.clock.now() };
      if (this.#trouble) this.#probe = poll;
      void this.#poll(poll, freeSlot);
    }
  }

  /**
   * Starts no new poll. Open ones are not aborted: the service could have leased a task to them already.
   * @param holdUntil polls may stay open until then even beyond their limit, in epoch milliseconds.
   * @returns when the last open poll has ended.
   */
  async stop(holdUntil: number): Promise<void> {
    this.#stopping = true;
    this.#holdUntil = holdUntil;
    this.#backoff?.();
    if (this.#open.size > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
  }

  async #poll(poll: OpenPoll, freeSlot: () => void): Promise<void> {
    const { port, handler, workerName, clock, onLease } = this.#options;
    this.#open.add(poll);
    const limit = new AbortController();
    const cancel = this.#limit(limit);
    const answer = await port.poll(handler.activityArn, workerName, limit.signal);
    cancel();
    this.#open.delete(poll);
    if (this.#probe === poll) this.#probe = undefined;
    if (answer.kind === 'task') {
      onLease({ token: answer.token, input: answer.input, receivedAt: clock.now() }, freeSlot);
    } else freeSlot();
    this.#learn(answer, poll);
    this.fill();
    if (this.#open.size === 0) this.#idle?.();
  }

  #limit(limit: AbortController): Cancel {
    const { clock } = this.#options;
    let cancel: Cancel;
    const arm = (ms: number): void => {
      cancel = clock.after(ms, () => {
        const holdMs = this.#holdUntil - clock.now();
        if (holdMs > 0) arm(holdMs);
        else limit.abort(new Error(`no answer to a poll within ${POLL_LIMIT_MS / 1000} s`));
      });
    };
    arm(POLL_LIMIT_MS);
    return () => cancel();
  }

  #learn(answer: PollAnswer, { sentAt }: OpenPoll): void {
    if (answer.kind === 'failed') {
      return this.#onTrouble(answer.trouble, answer.error, answer.mayHaveLostToken);
    }
    this.#lastAnswerAt = this.#options.clock.now();
    this.#target = this.#nextTarget(answer.kind === 'task');
    this.#onAnswer();
    const atOnce = this.#lastAnswerAt - sentAt < NO_HOLD_MS;
    if (answer.kind === 'empty' && atOnce) this.#wait(NO_HOLD_MS / 2, NO_HOLD_MS);
  }

  /** One more while tasks come in, one less while none do; step by step also back up to `min` after a throttle. */
  #nextTarget(broughtTask: boolean): number {
    const { min, max } = this.#options.pollers;
    const up = broughtTask || this.#target < min;
    return up ? Math.min(max, this.#target + 1) : Math.max(min, this.#target - 1);
  }

  #onAnswer(): void {
    if (!this.#trouble) return;
    const { since, failures } = this.#trouble;
    this.#trouble = undefined;
    this.#probe = undefined;
    this.#backoff?.();
    this.#backoff = undefined;
    const afterMs = this.#options.clock.now() - since;
    this.#options.emit('poll:recovered', { ...this.#options.handler, afterMs, failures });
  }

  #onTrouble(kind: PollTrouble, error: Error, mayHaveLostToken: boolean): void {
    const { emit, handler, clock } = this.#options;
    const { since, failures, told } = this.#trouble ?? { since: clock.now(), failures: 0, told: new Set() };
    if (mayHaveLostToken) emit('poll:token-possibly-lost', { ...handler, error });
    if (!told.has(kind)) emit('poll:failed', { ...handler, trouble: kind, error });
    told.add(kind);
    // Polls that were open together fail together: they are one failure, not ten.
    if (this.#backoff) return;
    if (kind === 'throttled') this.#target = Math.max(1, Math.floor(this.#target / 2));
    this.#trouble = { kind, error, since, failures: failures + 1, told };
    this.#pause(kind, failures + 1);
  }

  #pause(kind: PollTrouble, failures: number): void {
    const [leastMs, mostMs] = BACKOFF_MS[kind];
    const ceilingMs = Math.min(mostMs, leastMs * 2 ** Math.min(failures, 20));
    this.#wait(Math.max(leastMs, ceilingMs / 2), ceilingMs);
  }

  /** Opens no poll for a while, somewhere between the two. */
  #wait(leastMs: number, mostMs: number): void {
    if (this.#stopping) return;
    const { clock, random } = this.#options;
    this.#backoff?.();
    this.#backoff = clock.after(slowly(leastMs, mostMs, random), () => this.#resume());
  }

  #resume(): void {
    this.#backoff = undefined;
    this.fill();
  }
}
