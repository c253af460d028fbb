import type { PollTrouble } from '../../aws/activity-port.js';
import type { Linked, LinkedList } from '../../base/linked-list.js';
import type { PublicPolls } from '../../base/worker-status.js';

/**
 * How long a failed poll waits before it is repeated, in milliseconds, for each kind of trouble. The wait starts at
 * `least`, doubles with each further failure in a row, and is never longer than `most`.
 */
const WAIT_MS: Record<PollTrouble, readonly [least: number, most: number]> = {
  unreachable: [50, 1_500],
  throttled: [200, 2_000],
  crowded: [1_000, 20_000],
  refused: [1_000, 30_000],
};
/** The same for a probe (a single poll that tests whether the trouble is over) while the service throttles polls. */
const THROTTLED_PROBE_MS = [1_000, 5_000] as const;
/**
 * How long a poll waits after the service has refused it because too many polls are open on the activity, if this
 * handler has others open: those end within this time.
 */
const NO_ROOM_MS = 60_000;
/**
 * After this many failures in a row, the handler counts as blocked: no poll gets through. If the failures are
 * throttles, they must also have lasted for some time, since a quota may just be used up for a moment.
 */
const NOTHING_THROUGH = 8;
const THROTTLED_MS = 3_000;
/**
 * If a probe hasn't been refused within this time, in milliseconds, it counts as accepted: the service sends a refusal
 * at once.
 */
const GRANTED_MS = 1_000;
/**
 * A poll that ended without an answer after more than this time was never answered by the service, which holds a poll
 * for 60 s and asks clients to wait 5 s longer.
 */
const NEVER_ANSWERED_MS = 65_000;
/** Once a poll was never answered, other polls that have been open for longer than this time may hang too. */
const HANGS_MS = 12_000;

/** An open poll. Its times are epoch milliseconds. */
export interface OpenPoll extends Linked<OpenPoll> {
  readonly sentAt: number;
  /** The number of failures in a row of the poll that this one repeats; 0 if it repeats none. */
  readonly tries: number;
  /** The time at which the request was on an established and trusted connection; undefined before that. */
  connectedAt: number | undefined;
}

interface FailureContext {
  readonly others: LinkedList<OpenPoll>;
  readonly isQueued: boolean;
}

/**
 * Decides when a handler's polls are sent again after failures. A poll that failed waits before it is repeated, and
 * still counts as open in the meantime. If no poll gets through, only one poll at a time is sent, as a probe. The
 * trouble is over when a poll is answered that was sent after the failures began. Once a poll was never answered, other
 * old polls may hang too, so they don't count as open any more.
 */
export class Backoff {
  readonly #random: () => number;
  /** The polls that have failed and wait to be repeated. */
  #resting: { readonly until: number; readonly tries: number }[] = [];
  /** The number of failures in a row, and the time of the first of them. */
  #failures = { count: 0, since: Number.POSITIVE_INFINITY };
  /** The kind of trouble that blocks all polls; undefined if polls get through. */
  #blockedBy: PollTrouble | undefined;
  #probe: OpenPoll | undefined;
  /** The number of probes since the last answer. */
  #probes = 0;
  /** The latest time at which a poll was sent that has been answered. */
  #answeredSentAt = Number.NEGATIVE_INFINITY;
  #mayHang = false;

  constructor(random: () => number) {
    this.#random = random;
  }

  get state(): PublicPolls['state'] {
    if (!this.#blockedBy) return 'open';
    return this.#probe ? 'probing' : 'waiting';
  }

  /** The kind of trouble that blocks all polls; undefined if polls get through. */
  get blockedBy(): PollTrouble | undefined {
    return this.#blockedBy;
  }

  /** True if no more than the minimum number of polls should be open. */
  get isTroubled(): boolean {
    return this.#blockedBy !== undefined || this.#mayHang;
  }

  /** The time at which an open probe counts as accepted, because it hasn't been refused. */
  get grantedAt(): number {
    return (this.#probe?.connectedAt ?? Infinity) + GRANTED_MS;
  }

  /**
   * Returns the time at which another poll may be sent; Infinity if it has to wait until an open poll ends.
   * @param wanted the number of polls that should be open
   * @param most the number of polls that may be open
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

  /**
   * Returns true if the answer to a poll that was sent at this time says anything about the present: it was sent after
   * the failures began.
   */
  isNews(sentAt: number): boolean {
    return this.#failures.count === 0 || sentAt > this.#failures.since;
  }

  /** Records that a poll is sent: one that waited to be repeated, or else a new one. Returns it. */
  open(now: number): OpenPoll {
    const index = this.#resting.findIndex(({ until }) => until <= now);
    const tries = index === -1 ? 0 : (this.#resting.splice(index, 1)[0]?.tries ?? 0);
    const poll = { sentAt: now, tries, connectedAt: undefined, previous: undefined, next: undefined };
    if (this.#blockedBy) this.#probe = poll;
    return poll;
  }

  /** Records that a poll was answered. @returns true if no poll had got through before */
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

  /** Ends the blocked state, so that polls are sent again. */
  unblock(): void {
    this.#blockedBy = undefined;
    this.#probe = undefined;
  }

  /**
   * Records that a poll failed. @param context `others`: the other open polls. `isQueued`: true if the poll is already
   * queued for its next turn
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

  /** Makes one of the polls that may be open wait until this time. */
  rest(until: number, tries: number): void {
    this.#resting.push({ until, tries });
  }

  /**
   * If polls were refused, sends the next probe at once, since they may be allowed now. @returns true if polls were
   * refused
   */
  mended(now: number): boolean {
    if (this.#blockedBy !== 'refused' || this.#probe) return false;
    this.#resting = [{ until: now, tries: 0 }];
    return true;
  }

  /** Returns true if one of the open polls was sent after the failures began and counts as accepted. */
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
