import { type Linked, LinkedList } from '../../base/linked-list.js';
import type { PollTrouble } from '../../aws/activity-port.js';
import type { Pace } from './pace.js';
import { ExtraPolls } from './extra-polls.js';
import { PollRoom } from './poll-room.js';

/** Constants that were chosen by the simulated fleet: `npm run bench -- fleet`, docs/deploy.md. */
const POLICY = {
  /**
   * The polls that are added for the first poll that is answered at once; doubled for each further one in a row. Four
   * round trips so fill a hundred slots, and a single task that came at once adds few.
   */
  growth: 3,
  /**
   * A poll is answered *at once* if that took at most this much longer than the quickest answer: a task was waiting.
   */
  atOnceMs: 200,
  /** A poll that waited longer for its task was not needed. */
  idleMs: 1_000,
  /**
   * The number of failures in a row after which nothing gets through; throttles must also last for `nothingThroughMs`,
   * since a quota may just be used up.
   */
  nothingThrough: 8,
  nothingThroughMs: 3_000,
  /** A poll that is not refused within this time was granted: the service refuses at once. */
  grantedMs: 1_000,
  /**
   * A poll that ends later than this was not answered: the service's hold, and the 5 s that it asks clients to wait
   * beyond the hold.
   */
  neverAnsweredMs: 65_000,
} as const;

/**
 * The wait of a failed poll before it is repeated, in milliseconds: the least, doubled with each further failure, and
 * the most.
 */
const OWN_WAIT_MS: Record<PollTrouble, readonly [number, number]> = {
  unreachable: [50, 1_500],
  throttled: [200, 2_000],
  crowded: [1_000, 20_000],
  refused: [1_000, 30_000],
};
/**
 * The wait before each probe that is sent while nothing gets through, in milliseconds: the least, doubled with each
 * further probe, and the most.
 */
const PROBE_WAIT_MS: Record<PollTrouble, readonly [number, number]> = {
  unreachable: [100, 1_500],
  throttled: [1_000, 5_000],
  crowded: [1_000, 20_000],
  refused: [1_000, 30_000],
};
/**
 * An empty answer that comes sooner than this is not the service's, which holds polls. The next poll waits, so that
 * polls do not loop.
 */
const NO_HOLD_MS = 1_000;

export interface PollPolicyOptions {
  readonly min: number;
  readonly max: number;
  readonly pace: Pace;
  readonly random: () => number;
}

/** An open poll, as the policy knows it. */
export interface PolicedPoll extends Linked<PolicedPoll> {
  readonly sentAt: number;
  /** The number of failures in a row before this poll, which repeats a failed one; 0 where it repeats none. */
  readonly tries: number;
  /** The time at which the poll's request was on an established and trusted connection; undefined before. */
  connectedAt: number | undefined;
}

/** The end of a poll: a task, no task, or a failure. */
export type PollEnd =
  | { readonly kind: 'task' | 'empty' }
  | { readonly kind: 'failed'; readonly trouble: PollTrouble; readonly ofKey?: boolean };

/**
 * The state of a handler's polls.
 * - `open`: as many polls as are wanted are open. A failed poll waits by itself, and the others go on.
 * - `waiting`: nothing gets through, because of `reason`, and no poll is opened before `until`.
 * - `probing`: one poll is open, to see whether polls get through again.
 */
export type PollState =
  | { readonly kind: 'open' }
  | { readonly kind: 'waiting'; readonly reason: PollTrouble; readonly until: number }
  | { readonly kind: 'probing'; readonly reason: PollTrouble };

/**
 * Decides when a handler may open another poll, from the ends of its polls and the time that is passed in. Has no
 * timers and no callbacks. The number of polls follows the work: more for each poll that found a task waiting, one less
 * for each that waited for its task. `ThrottlingException` governs the pace, `ActivityWorkerLimitExceeded` the number.
 */
export class PollPolicy {
  #options: PollPolicyOptions;
  readonly #open = new LinkedList<PolicedPoll>();
  /** The failed polls that wait to be repeated, each until its time. */
  #resting: { readonly until: number; readonly tries: number }[] = [];
  #state: PollState = { kind: 'open' };
  #wanted: number;
  readonly #room = new PollRoom();
  #quickestMs: number = POLICY.idleMs;
  #atOnceInARow = 0;
  #failuresInARow = 0;
  /** The latest time at which a poll was sent that has been answered. */
  #answeredSentAt = Number.NEGATIVE_INFINITY;
  /** The time at which the current failures in a row began; Infinity while there are none. */
  #since = Number.POSITIVE_INFINITY;
  #probe: PolicedPoll | undefined;
  #probes = 0;
  /** The extra polls beside those that the work calls for; undefined before the first poll. */
  #extra: ExtraPolls | undefined;

  constructor(options: PollPolicyOptions) {
    this.#options = options;
    this.#wanted = options.min;
  }

  /** Sets another least and most number of polls. */
  setPollers({ min, max }: Pick<PollPolicyOptions, 'min' | 'max'>): void {
    this.#options = { ...this.#options, min, max };
    this.#wanted = Math.min(max, Math.max(min, this.#wanted));
  }

  get state(): PollState {
    return this.#state;
  }

  /** The number of open polls. */
  get open(): number {
    return this.#open.size;
  }

  /** The number of polls that may be open at present, extra polls not included. */
  get target(): number {
    return this.#state.kind === 'open' ? Math.min(this.#wanted, this.#room.size) : 1;
  }

  /** The time since which the service has held a poll that it could have refused; undefined where it holds none. */
  get heldSince(): number | undefined {
    const held = [...this.#open].filter(({ sentAt }) => this.#isNews(sentAt));
    const since = held.flatMap(({ connectedAt }) => connectedAt ?? []);
    return since.length > 0 ? Math.min(...since) : undefined;
  }

  /** Opens a poll, where one may be opened now; otherwise returns undefined. @param free the number of free slots */
  tryOpen(now: number, free: number): PolicedPoll | undefined {
    this.#tick(now);
    if (free <= 0 || this.#earliest(now, free) > now) return undefined;
    if (!this.#extra) this.#planExtra(now);
    const tries = this.#takeRested(now);
    const poll = { sentAt: now, tries, connectedAt: undefined, previous: undefined, next: undefined };
    if (this.#state.kind === 'waiting') {
      this.#state = { kind: 'probing', reason: this.#state.reason };
      this.#probe = poll;
    }
    this.#open.add(poll);
    this.#options.pace.reserve(now);
    this.#options.pace.sent(now);
    return poll;
  }

  /**
   * Returns the time at which to call {@link tryOpen} again if no poll ends before; Infinity where only the end of a
   * poll can help.
   */
  nextAt(now: number, free: number): number {
    return Math.min(
      free > 0 ? this.#earliest(now, free) : Infinity,
      this.#probeGrantedAt(),
      this.#room.growsAt(this.#wanted),
    );
  }

  /** Notes that the poll's request is on its connection. */
  connected(poll: PolicedPoll, now: number): void {
    poll.connectedAt = now;
  }

  /** Notes that the poll's request was answered after all, and is sent again: the service holds no poll meanwhile. */
  disconnected(poll: PolicedPoll): void {
    poll.connectedAt = undefined;
  }

  /**
   * Lets the next probe go at once, because the trouble may be over.
   * @returns true where a probe was waiting for that trouble
   */
  mended(trouble: PollTrouble, now: number): boolean {
    if (this.#state.kind !== 'waiting' || this.#state.reason !== trouble) return false;
    this.#state = { ...this.#state, until: now };
    return true;
  }

  /** Notes how a poll ended. */
  ended(poll: PolicedPoll, end: PollEnd, now: number): void {
    this.#open.remove(poll);
    if (end.kind === 'failed') return this.#onFailure(poll, end.trouble, now, end.ofKey);
    this.#answeredSentAt = Math.max(this.#answeredSentAt, poll.sentAt);
    // An answer to a poll from before the trouble says nothing of its end.
    if (this.#isNews(poll.sentAt)) {
      this.#gotThrough(now);
      this.#probes = 0;
    }
    if (this.#probe === poll) this.#probe = undefined;
    if (end.kind === 'task') this.#onTask(now - poll.sentAt);
    else this.#onEmpty(poll, now);
  }

  #isNews(sentAt: number): boolean {
    return this.#failuresInARow === 0 || sentAt > this.#since;
  }

  /** Returns the time at which a poll may be opened; Infinity where only the end of another poll can allow it. */
  #earliest(now: number, free: number): number {
    const paced = this.#options.pace.nextAt(now);
    if (this.#state.kind === 'probing') return this.#probe ? Infinity : paced;
    if (this.#state.kind === 'waiting') return Math.max(this.#state.until, paced);
    const allowed = this.#allowed(now) - this.#open.size;
    if (allowed <= 0) return Math.max(paced, this.#moreAllowedAt(now));
    // A failed poll counts while it waits to be repeated; only the polls beyond it may be opened.
    const resting = this.#resting.filter(({ until }) => until > now);
    if (Math.min(allowed, free) > resting.length) return paced;
    return Math.max(paced, Math.min(...resting.map(({ until }) => until)));
  }

  /** Returns the number of polls that may be open now, extra polls included. */
  #allowed(now: number): number {
    const extra = this.#extra?.allowed(now, this.#open) ?? 0;
    return Math.min(this.#options.max, this.#room.size, this.#wanted + extra);
  }

  #moreAllowedAt(now: number): number {
    if (this.#open.size >= Math.min(this.#options.max, this.#room.size)) return Infinity;
    return this.#extra?.nextAt(now, this.#open) ?? Infinity;
  }

  #planExtra(now: number): void {
    this.#extra ??= new ExtraPolls();
    this.#extra.plan(this.#options.min, now, this.#options.random);
  }

  #takeRested(now: number): number {
    const index = this.#resting.findIndex(({ until }) => until <= now);
    return index === -1 ? 0 : (this.#resting.splice(index, 1)[0]?.tries ?? 0);
  }

  /** Ends the trouble where a probe was not refused for a second; lets the room for polls grow. */
  #tick(now: number): void {
    if (now >= this.#probeGrantedAt()) this.#gotThrough(now);
    this.#room.tick(now, this.#wanted, this.#options.max);
  }

  #probeGrantedAt(): number {
    return (this.#probe?.connectedAt ?? Infinity) + POLICY.grantedMs;
  }

  #onTask(heldMs: number): void {
    this.#extra?.answered(false);
    const { min, max } = this.#options;
    const quickest = Math.min(this.#quickestMs, POLICY.idleMs);
    const atOnce = heldMs <= quickest + POLICY.atOnceMs;
    this.#atOnceInARow = atOnce ? this.#atOnceInARow + 1 : 0;
    if (atOnce) this.#wanted = Math.min(max, this.#wanted + POLICY.growth * 2 ** (this.#atOnceInARow - 1));
    else if (heldMs > POLICY.idleMs) this.#wanted = Math.max(min, this.#wanted - 1);
    // The quickest answer is forgotten slowly, since what was quick an hour ago need not be quick now.
    this.#quickestMs = Math.min(heldMs, this.#quickestMs * 1.05 + 1);
  }

  #onEmpty(poll: PolicedPoll, now: number): void {
    this.#wanted = Math.max(this.#options.min, this.#wanted - 1);
    const later = this.#extra?.answered(true);
    if (later !== undefined) this.#rest(later, 0);
    else if (now - poll.sentAt < NO_HOLD_MS) this.#rest(now + this.#between(NO_HOLD_MS / 2, NO_HOLD_MS), 0);
  }

  /** Ends the trouble. The waits of later probes stay long until an answer comes: a held poll may still be refused. */
  #gotThrough(now: number): void {
    const before = this.#state;
    this.#failuresInARow = 0;
    this.#since = Number.POSITIVE_INFINITY;
    this.#state = { kind: 'open' };
    if (before.kind === 'open') return;
    this.#probe = undefined;
    this.#planExtra(now);
    if (before.reason === 'throttled') this.#options.pace.release();
  }

  #onFailure(poll: PolicedPoll, trouble: PollTrouble, now: number, ofKey = false): void {
    if (now - poll.sentAt > POLICY.neverAnsweredMs) {
      // Where a later poll was answered, this one says nothing of the present.
      if (poll.sentAt < this.#answeredSentAt) return this.#rest(now, poll.tries);
      this.#onNeverAnswered();
    }
    if (trouble === 'crowded' && this.#state.kind === 'open' && this.#open.size > 0)
      return this.#onCrowd(poll, now);
    if (this.#failuresInARow === 0) this.#since = now;
    this.#failuresInARow++;
    if (trouble === 'throttled' && !ofKey) this.#options.pace.refused(poll.sentAt, now);
    if (trouble === 'crowded') this.#room.refused(poll.sentAt, this.#open.size, now);
    if (this.#state.kind === 'open') {
      if (this.#nothingThrough(trouble, now)) this.#block(trouble, now);
      else this.#rest(now + this.#wait(OWN_WAIT_MS[trouble], poll.tries), poll.tries + 1);
    } else if (poll === this.#probe) {
      this.#probe = undefined;
      this.#block(trouble, now);
    }
  }

  /**
   * Doubts the other held polls, which may hang too, and drops the limit of the room: other workers may have changed.
   */
  #onNeverAnswered(): void {
    this.#extra?.doubt();
    this.#wanted = this.#options.min;
    this.#room.forget();
  }

  /** Lowers the room for polls after a refused poll. The polls that are open get through. */
  #onCrowd(poll: PolicedPoll, now: number): void {
    this.#extra?.crowded(now);
    this.#room.refused(poll.sentAt, this.#open.size, now);
    this.#rest(now + this.#wait(OWN_WAIT_MS.crowded, poll.tries), poll.tries + 1);
  }

  #nothingThrough(trouble: PollTrouble, now: number): boolean {
    if (trouble === 'refused') return true;
    if (this.#failuresInARow < POLICY.nothingThrough) return false;
    return trouble !== 'throttled' || now - this.#since >= POLICY.nothingThroughMs;
  }

  #block(reason: PollTrouble, now: number): void {
    this.#state = { kind: 'waiting', reason, until: now + this.#wait(PROBE_WAIT_MS[reason], this.#probes++) };
    this.#resting = [];
    this.#extra?.clear();
    this.#wanted = this.#options.min;
  }

  #rest(until: number, tries: number): void {
    this.#resting.push({ until, tries });
    if (this.#resting.length > this.#options.max) this.#resting.shift();
  }

  #wait([least, most]: readonly [number, number], times: number): number {
    const ceiling = Math.min(most, least * 2 ** Math.min(times, 20));
    return this.#between(ceiling / 2, ceiling);
  }

  #between(from: number, to: number): number {
    return Math.round(from + this.#options.random() * (to - from));
  }
}
