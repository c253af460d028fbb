import { type Linked, LinkedList } from '../../base/linked-list.js';
import type { PollTrouble } from '../../aws/port.js';
import type { Pace } from './pace.js';
import { ExtraPolls } from './extra-polls.js';
import { PollRoom } from './poll-room.js';

/** The constants were chosen by the simulated fleet: `npm run bench -- fleet`, docs/deploy.md. */
const POLICY = {
  /**
   * Polls that are opened more for the first one that is answered at once, and twice as many for each more in a row:
   * four round trips fill a hundred slots, and a single task that came at once opens few.
   */
  growth: 3,
  /** An answer is *at once* if it took at most this much longer than the quickest: there was a task waiting. */
  atOnceMs: 200,
  /** A poll that waited longer for its task was one too many. */
  idleMs: 1_000,
  /** So many failures in a row, and nothing gets through; of throttles, for so long: a quota that is used up is none. */
  nothingThrough: 8,
  nothingThroughMs: 3_000,
  /** A poll that was not refused for so long was granted: what the service refuses, it refuses at once. */
  grantedMs: 1_000,
  /** A poll that ended later than this was not answered: the service's hold, and what it asks clients to wait beyond it. */
  neverAnsweredMs: 65_000,
} as const;

/** What a failed poll waits by itself: the least, doubled each time it fails again, and the most. */
const OWN_WAIT_MS: Record<PollTrouble, readonly [number, number]> = {
  unreachable: [50, 1_500],
  throttled: [200, 2_000],
  crowded: [1_000, 20_000],
  refused: [1_000, 30_000],
};
/** The same for the one poll that feels its way where nothing gets through. */
const PROBE_WAIT_MS: Record<PollTrouble, readonly [number, number]> = {
  unreachable: [100, 1_500],
  throttled: [1_000, 5_000],
  crowded: [1_000, 20_000],
  refused: [1_000, 30_000],
};
/** An empty answer that came sooner is none of the service's, which holds a poll: asked at once again, it never ends. */
const NO_HOLD_MS = 1_000;

export interface PollPolicyOptions {
  readonly min: number;
  readonly max: number;
  readonly pace: Pace;
  readonly random: () => number;
}

/** A poll as the policy knows it. */
export interface PolicedPoll extends Linked<PolicedPoll> {
  readonly sentAt: number;
  /** How often its place has failed in a row before. */
  readonly tries: number;
  /** When it was on a connection that was made and trusted. */
  connectedAt: number | undefined;
}

/** What a poll came to. */
export type PollEnd =
  | { readonly kind: 'task' | 'empty' }
  | { readonly kind: 'failed'; readonly trouble: PollTrouble };

/**
 * - `open`: as many polls as are wanted; one that failed waits by itself, and the others go on.
 * - `waiting`: nothing gets through for this reason, and no poll is opened until then.
 * - `probing`: one poll feels whether that is over.
 */
export type PollState =
  | { readonly kind: 'open' }
  | { readonly kind: 'waiting'; readonly reason: PollTrouble; readonly until: number }
  | { readonly kind: 'probing'; readonly reason: PollTrouble };

/**
 * Says when a handler may open another poll. It is told what each poll came to, and the time; it waits for nothing and
 * calls nobody. The number of polls follows the work: more for each poll that found a task waiting, one less for each
 * that waited for its task. `ThrottlingException` governs the pace, `ActivityWorkerLimitExceeded` the number.
 */
export class PollPolicy {
  readonly #options: PollPolicyOptions;
  readonly #open = new LinkedList<PolicedPoll>();
  /** Places of failed polls, until they may be tried again. */
  #resting: { readonly until: number; readonly tries: number }[] = [];
  #state: PollState = { kind: 'open' };
  #wanted: number;
  readonly #room = new PollRoom();
  #quickestMs: number = POLICY.idleMs;
  #atOnceInARow = 0;
  #failuresInARow = 0;
  /** When the latest poll of those that were answered was sent. */
  #answeredSentAt = Number.NEGATIVE_INFINITY;
  /** When the failures in a row began. */
  #since = Number.POSITIVE_INFINITY;
  #probe: PolicedPoll | undefined;
  #probes = 0;
  /** Undefined before the first poll. */
  #extra: ExtraPolls | undefined;

  constructor(options: PollPolicyOptions) {
    this.#options = options;
    this.#wanted = options.min;
  }

  get state(): PollState {
    return this.#state;
  }

  /** Polls that are open. */
  get open(): number {
    return this.#open.size;
  }

  /** Polls that may be open together, as things stand. */
  get target(): number {
    return this.#state.kind === 'open' ? Math.min(this.#wanted, this.#room.size) : 1;
  }

  /** Since when the service has held a poll that it could have refused; undefined where it holds none. */
  get heldSince(): number | undefined {
    const held = [...this.#open].filter(({ sentAt }) => this.#isNews(sentAt));
    const since = held.flatMap(({ connectedAt }) => connectedAt ?? []);
    return since.length > 0 ? Math.min(...since) : undefined;
  }

  /** Opens a poll, where one may be opened now. @param free slots that are free for one. */
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

  /** When to ask again, if nothing is told before; Infinity where only news can change anything. */
  nextAt(now: number, free: number): number {
    return Math.min(
      free > 0 ? this.#earliest(now, free) : Infinity,
      this.#probeGrantedAt(),
      this.#room.growsAt(this.#wanted),
    );
  }

  /** The poll's request is on its connection. */
  connected(poll: PolicedPoll, now: number): void {
    poll.connectedAt = now;
  }

  /** It was answered after all, and is made again. */
  disconnected(poll: PolicedPoll): void {
    poll.connectedAt = undefined;
  }

  /** Trouble that nothing got through for may be over. @returns whether a probe waits to find out, and now may */
  mended(trouble: PollTrouble, now: number): boolean {
    if (this.#state.kind !== 'waiting' || this.#state.reason !== trouble) return false;
    this.#state = { ...this.#state, until: now };
    return true;
  }

  ended(poll: PolicedPoll, end: PollEnd, now: number): void {
    this.#open.remove(poll);
    if (end.kind === 'failed') return this.#onFailure(poll, end.trouble, now);
    this.#answeredSentAt = Math.max(this.#answeredSentAt, poll.sentAt);
    // What was sent before the trouble began is no news of its end.
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

  #earliest(now: number, free: number): number {
    const paced = this.#options.pace.nextAt(now);
    if (this.#state.kind === 'probing') return this.#probe ? Infinity : paced;
    if (this.#state.kind === 'waiting') return Math.max(this.#state.until, paced);
    const places = this.#allowed(now) - this.#open.size;
    if (places <= 0) return Math.max(paced, this.#moreAllowedAt(now));
    // A poll that failed keeps its place while it waits; only what is left beside it may be opened.
    const resting = this.#resting.filter(({ until }) => until > now);
    if (Math.min(places, free) > resting.length) return paced;
    return Math.max(paced, Math.min(...resting.map(({ until }) => until)));
  }

  /** Polls that may be open together now, the extra ones counted. */
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

  /** A probe that was not refused for a second got through; and there may be room again. */
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
    // What was quick an hour ago need not be quick now: the measure forgets slowly.
    this.#quickestMs = Math.min(heldMs, this.#quickestMs * 1.05 + 1);
  }

  #onEmpty(poll: PolicedPoll, now: number): void {
    this.#wanted = Math.max(this.#options.min, this.#wanted - 1);
    const later = this.#extra?.answered(true);
    if (later !== undefined) this.#rest(later, 0);
    else if (now - poll.sentAt < NO_HOLD_MS) this.#rest(now + this.#between(NO_HOLD_MS / 2, NO_HOLD_MS), 0);
  }

  /** Only an answer makes the waits short again: what is held may still be refused. */
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

  #onFailure(poll: PolicedPoll, trouble: PollTrouble, now: number): void {
    if (now - poll.sentAt > POLICY.neverAnsweredMs) {
      // If a later one was answered, that this one never was is old news.
      if (poll.sentAt < this.#answeredSentAt) return this.#rest(now, poll.tries);
      this.#onNeverAnswered();
    }
    if (trouble === 'crowded' && this.#state.kind === 'open' && this.#open.size > 0)
      return this.#onCrowd(poll, now);
    if (this.#failuresInARow === 0) this.#since = now;
    this.#failuresInARow++;
    if (trouble === 'throttled') this.#options.pace.refused(poll.sentAt, now);
    if (trouble === 'crowded') this.#room.refused(poll.sentAt, this.#open.size, now);
    if (this.#state.kind === 'open') {
      if (this.#nothingThrough(trouble, now)) this.#block(trouble, now);
      else this.#rest(now + this.#wait(OWN_WAIT_MS[trouble], poll.tries), poll.tries + 1);
    } else if (poll === this.#probe) {
      this.#probe = undefined;
      this.#block(trouble, now);
    }
  }

  /** The others may hang, too, and hold slots that will be needed; and who else polls is not known any more. */
  #onNeverAnswered(): void {
    this.#extra?.doubt();
    this.#wanted = this.#options.min;
    this.#room.forget();
  }

  /** There is no room for one more. Those that are open get through. */
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
