import type { PollTrouble } from '../../aws/activity-port.js';
import type { Linked, LinkedList } from '../../base/linked-list.js';
import type { PublicPolls } from '../../base/worker-status.js';

/** The wait of a failed poll, in milliseconds: the least, doubled with each further failure, and the most. */
const WAIT_MS: Record<PollTrouble, readonly [least: number, most: number]> = {
  unreachable: [50, 1_500],
  throttled: [200, 2_000],
  crowded: [1_000, 20_000],
  refused: [1_000, 30_000],
};
/** The same for a probe while polls are throttled. */
const THROTTLED_PROBE_MS = [1_000, 5_000] as const;
/** A poll that the activity had no room for waits for so long where others are open: until these have ended. */
const NO_ROOM_MS = 60_000;
/** The failures in a row after which nothing gets through. Throttles must also last: a quota may just be used up. */
const NOTHING_THROUGH = 8;
const THROTTLED_MS = 3_000;
/** A probe that is not refused within this time was granted: the service refuses at once. */
const GRANTED_MS = 1_000;
/** A poll that ends later was never answered: the service's hold, and the 5 s that it asks clients to wait beyond it. */
const NEVER_ANSWERED_MS = 65_000;
/** The time after which a poll may hang, once one was never answered. */
const HANGS_MS = 12_000;

/** An open poll. Instants are epoch milliseconds. */
export interface OpenPoll extends Linked<OpenPoll> {
  readonly sentAt: number;
  /** The failures in a row of the polls that it repeats. */
  readonly tries: number;
  /** The time at which its request was on an established and trusted connection; undefined before. */
  connectedAt: number | undefined;
}

interface FailureContext {
  readonly others: LinkedList<OpenPoll>;
  readonly isQueued: boolean;
}

/**
 * The back-off of a handler's polls. A failed poll waits by itself, and counts as open meanwhile. Where none gets through,
 * one at a time probes whether that is over; only the answer to a poll that was sent after the failures began is news of
 * their end. Once a poll was never answered, others that are old may hang, too, and do not count as open.
 */
export class Backoff {
  readonly #random: () => number;
  /** The failed polls that wait to be repeated. */
  #resting: { readonly until: number; readonly tries: number }[] = [];
  /** The failures in a row, and when the first of them was noted. */
  #failures = { count: 0, since: Number.POSITIVE_INFINITY };
  /** The trouble for which nothing gets through. */
  #blockedBy: PollTrouble | undefined;
  #probe: OpenPoll | undefined;
  /** The probes since the last answer. */
  #probes = 0;
  /** The time at which the latest of the answered polls was sent. */
  #answeredSentAt = Number.NEGATIVE_INFINITY;
  #mayHang = false;

  constructor(random: () => number) {
    this.#random = random;
  }

  get state(): PublicPolls['state'] {
    if (!this.#blockedBy) return 'open';
    return this.#probe ? 'probing' : 'waiting';
  }

  /** The trouble for which nothing gets through; undefined where polls do. */
  get blockedBy(): PollTrouble | undefined {
    return this.#blockedBy;
  }

  /** True where no more than the least number of polls should be open. */
  get isTroubled(): boolean {
    return this.#blockedBy !== undefined || this.#mayHang;
  }

  /** The time at which a probe that is still open counts as granted. */
  get grantedAt(): number {
    return (this.#probe?.connectedAt ?? Infinity) + GRANTED_MS;
  }

  /**
   * Returns when a poll may be opened; Infinity where only the end of one allows it.
   * @param wanted the number of polls that should be open @param most the number that may be
   */
  opensAt(now: number, open: Iterable<OpenPoll>, wanted: number, most: number): number {
    if (most <= 0 || this.#probe) return Infinity;
    const sentAt = Array.from(open, (poll) => poll.sentAt);
    const hangs = this.#mayHang ? sentAt.map((at) => at + HANGS_MS).sort((one, other) => one - other) : [];
    const hanging = hangs.filter((at) => at <= now).length;
    const allowed = this.#blockedBy ? 1 : Math.min(most, wanted - sentAt.length + hanging);
    if (allowed <= 0) return hangs[hanging - allowed] ?? Infinity;
    const resting = this.#resting.flatMap(({ until }) => (until > now ? until : []));
    return allowed > resting.length ? now : Math.min(...resting);
  }

  /** Returns true where an answer to a poll that was sent then tells of the present. */
  isNews(sentAt: number): boolean {
    return this.#failures.count === 0 || sentAt > this.#failures.since;
  }

  /** Opens a poll: a failed one again, or a new one. */
  open(now: number): OpenPoll {
    const index = this.#resting.findIndex(({ until }) => until <= now);
    const tries = index === -1 ? 0 : (this.#resting.splice(index, 1)[0]?.tries ?? 0);
    const poll = { sentAt: now, tries, connectedAt: undefined, previous: undefined, next: undefined };
    if (this.#blockedBy) this.#probe = poll;
    return poll;
  }

  /** Notes an answer. @returns true where it is the first after nothing had got through */
  answered({ sentAt }: OpenPoll): boolean {
    const isFirst = this.#probes > 0 && this.isNews(sentAt);
    if (this.isNews(sentAt)) {
      this.#failures = { count: 0, since: Number.POSITIVE_INFINITY };
      this.#probes = 0;
      this.#mayHang = false;
      this.unblock();
    }
    this.#answeredSentAt = Math.max(this.#answeredSentAt, sentAt);
    return isFirst;
  }

  /** Lets polls through again. */
  unblock(): void {
    this.#blockedBy = undefined;
    this.#probe = undefined;
  }

  /**
   * Notes a failure.
   * @param context `others`: the other open polls. `isQueued`: the poll waits for its turn already
   */
  failed(poll: OpenPoll, trouble: PollTrouble, now: number, { others, isQueued }: FailureContext): void {
    const hung = now - poll.sentAt > NEVER_ANSWERED_MS;
    // Where a later poll was answered, one that hung says nothing of the present.
    if (hung && poll.sentAt < this.#answeredSentAt) return;
    // Where there is no room for one more, the polls that are open get through.
    if (trouble === 'crowded' && others.size > 0 && !this.#blockedBy) return this.rest(now + NO_ROOM_MS, 0);
    if (isQueued) return this.rest(now, poll.tries + 1);
    this.#mayHang ||= hung;
    if (!this.#mayHang && this.#holdsOne(others, now)) this.#failures = { count: 0, since: Infinity };
    if (this.#failures.count++ === 0) this.#failures.since = now;
    if (this.#blockedBy ? poll === this.#probe : this.#nothingThrough(trouble, now)) {
      this.#blockedBy = trouble;
      this.#probe = undefined;
      this.#resting = [];
      this.rest(now + this.#wait(trouble, this.#probes++), 0);
    } else if (!this.#blockedBy) this.rest(now + this.#wait(trouble, poll.tries), poll.tries + 1);
  }

  /** Lets one of the polls that are allowed wait until then. */
  rest(until: number, tries: number): void {
    this.#resting.push({ until, tries });
  }

  /** Lets the probe go at once where polls were refused, since they may be allowed now. @returns true where they were */
  mended(now: number): boolean {
    if (this.#blockedBy !== 'refused' || this.#probe) return false;
    this.#resting = [{ until: now, tries: 0 }];
    return true;
  }

  /** Returns true where one of the polls was sent after the failures began, and was not refused. */
  #holdsOne(open: Iterable<OpenPoll>, now: number): boolean {
    return Array.from(open).some(
      ({ sentAt, connectedAt = Infinity }) =>
        sentAt > this.#failures.since && now - connectedAt >= GRANTED_MS,
    );
  }

  #nothingThrough(trouble: PollTrouble, now: number): boolean {
    if (trouble === 'refused') return true;
    if (this.#failures.count < NOTHING_THROUGH) return false;
    return trouble !== 'throttled' || now - this.#failures.since >= THROTTLED_MS;
  }

  #wait(trouble: PollTrouble, tries: number): number {
    const [least, most] = this.#blockedBy === 'throttled' ? THROTTLED_PROBE_MS : WAIT_MS[trouble];
    const ceiling = Math.min(most, least * 2 ** Math.min(tries, 20));
    return this.#between(ceiling / 2, ceiling);
  }

  #between(from: number, to: number): number {
    return Math.round(from + this.#random() * (to - from));
  }
}
