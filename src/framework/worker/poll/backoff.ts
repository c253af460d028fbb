import type { PollTrouble } from '../../aws/activity-port.js';
import type { LinkedList } from '../../base/linked-list.js';
import type { PublicPolls } from '../../base/worker-status.js';
import type { OpenPoll } from './poll-record.js';
import type { PollTarget } from './poll-target.js';

/**
 * How long a poll waits after a failure, in milliseconds, for each kind of trouble: at first `least`, twice as long after
 * each further failure in a row, and never longer than `most`.
 */
const WAIT_MS: Record<PollTrouble, readonly [least: number, most: number]> = {
  unreachable: [50, 1_500],
  throttled: [200, 4_000],
  crowded: [1_000, 20_000],
  refused: [1_000, 30_000],
};
/** How long a poll waits for which the activity has no room, if this handler has others open: those end by then. */
const NO_ROOM_MS = 60_000;
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
/** A poll that the service hasn't refused within this time got through: the service sends a refusal at once. */
const GRANTED_MS = 1_000;
/** The service holds a poll for 60 s and asks clients to wait 5 s longer. After that, a poll was never answered. */
const NEVER_ANSWERED_MS = 65_000;
/** Once a poll was never answered, other polls that have been open for longer than this time may hang too. */
const HANGS_MS = 12_000;

/**
 * Decides when a handler may send another poll. A poll that failed waits before it is repeated, and still counts as open
 * in the meantime. If no poll gets through, only one poll at a time is sent, as a probe. That ends when a poll gets
 * through that was sent after the failures began. Once a poll was never answered, other old polls may hang too, so they
 * don't count as open until one is answered.
 */
export class Backoff {
  readonly #target: PollTarget;
  readonly #open: LinkedList<OpenPoll>;
  readonly #random: () => number;
  /** The times at which polls that wait may be sent. */
  #resting: number[] = [];
  /** The number of failures in a row. */
  #failures = 0;
  /** The end of a poll that was sent before this says nothing about the present. */
  #newsFrom = Number.NEGATIVE_INFINITY;
  /** The kind of trouble that blocks all polls; undefined if polls get through. */
  #blockedBy: PollTrouble | undefined;
  #probe: OpenPoll | undefined;
  /** The number of probes since the last answer. */
  #probes = 0;
  #mayHang = false;

  /** @param target set to its minimum while no poll gets through. @param open the open polls */
  constructor(target: PollTarget, open: LinkedList<OpenPoll>, random: () => number) {
    this.#target = target;
    this.#open = open;
    this.#random = random;
  }

  get state(): PublicPolls['state'] {
    if (!this.#blockedBy) return 'open';
    return this.#probe ? 'probing' : 'waiting';
  }

  /** The number of polls that should be open. */
  get wanted(): number {
    return this.#blockedBy ? 1 : this.#target.size;
  }

  /** The time since which the service holds a poll that was sent after the failures began; undefined if it holds none. */
  get heldSince(): number | undefined {
    const since = Array.from(this.#open).flatMap((poll) =>
      this.#isNews(poll) ? (poll.connectedAt ?? []) : [],
    );
    return since.length > 0 ? Math.min(...since) : undefined;
  }

  /**
   * Returns the time at which another poll may be sent; `now` or earlier if it may be sent at once. To be asked again at
   * that time, and when a poll has ended.
   * @param room the number of polls that there are slots for, in addition to those that are open
   */
  nextAt(now: number, room: number): number {
    const grantedAt = (this.#probe?.connectedAt ?? Infinity) + GRANTED_MS;
    if (now >= grantedAt) this.#unblock(now);
    this.#target.tick(now);
    return Math.min(this.#opensAt(now, room), this.#probe ? grantedAt : this.#target.growsAt);
  }

  /** Records that a poll is sent. */
  sent(poll: OpenPoll): void {
    if (this.#blockedBy) this.#probe = poll;
  }

  /** Records that a poll was answered. @returns true if no poll had got through before */
  answered(poll: OpenPoll, kind: 'task' | 'empty', now: number): boolean {
    const isNews = this.#isNews(poll);
    const isFirst = isNews && this.#probes > 0;
    if (isNews) {
      this.#failures = this.#probes = 0;
      this.#newsFrom = Math.max(this.#newsFrom, poll.sentAt);
      this.#mayHang = false;
      if (this.#blockedBy) this.#unblock(now);
    }
    this.#target.answered(kind, now - poll.sentAt);
    // More tasks may wait, and no other poll is open that would get them: the ones that found no room, which alone wait
    // for so long, are sent now.
    if (kind === 'task' && this.#open.size === 0)
      this.#resting = this.#resting.filter((until) => until - now <= WAIT_MS.throttled[1]);
    if (kind === 'empty' && now - poll.sentAt < NO_HOLD_MS) this.#resting.push(now + NO_HOLD_MS);
    return isFirst;
  }

  /** Records that a poll failed, which isn't open any more. */
  failed(poll: OpenPoll, trouble: PollTrouble, now: number): void {
    if (this.#blockedBy && poll !== this.#probe) return;
    const hung = now - poll.sentAt > NEVER_ANSWERED_MS;
    if (hung && poll.sentAt < this.#newsFrom) return;
    // Where there is no room for one more, the polls that are open get through.
    if (trouble === 'crowded' && this.#open.size > 0 && !this.#blockedBy)
      return void this.#resting.push(now + NO_ROOM_MS);
    if (hung) this.#target.reset();
    this.#mayHang ||= hung;
    if (!this.#mayHang && now - (this.heldSince ?? Infinity) >= GRANTED_MS) this.#failures = 0;
    if (this.#failures++ === 0) this.#newsFrom = now;
    if (this.#blockedBy || this.#isBlocked(trouble, now)) this.#block(trouble, now);
    else this.#resting.push(now + this.#wait(trouble, this.#failures - 1));
  }

  /** Sends the next probe at once if polls are refused, since they may be allowed now. */
  mended(now: number): void {
    if (this.#blockedBy === 'refused') this.#resting = [now];
  }

  #opensAt(now: number, room: number): number {
    if (room <= 0 || this.#probe) return Infinity;
    if (this.#resting.length > 0) this.#resting = this.#resting.filter((until) => until > now);
    const isHanging = this.#mayHang && !this.#blockedBy;
    const counted = isHanging || this.#blockedBy ? 0 : this.#open.size;
    const more = Math.min(this.wanted, this.#open.size + room) - counted;
    if (more <= 0) return Infinity;
    if (this.#resting.length === 0 && !isHanging) return now;
    const hangsAt = isHanging ? Array.from(this.#open, ({ sentAt }) => sentAt + HANGS_MS) : [];
    // Polls that wait, and those that may hang, count until their time has come.
    return [...this.#resting, ...hangsAt].sort((one, other) => one - other).at(-more) ?? now;
  }

  #isNews({ sentAt }: OpenPoll): boolean {
    return this.#failures === 0 || sentAt > this.#newsFrom;
  }

  #isBlocked(trouble: PollTrouble, now: number): boolean {
    if (trouble === 'refused' || trouble === 'crowded') return true;
    const isLong = trouble !== 'throttled' || now - this.#newsFrom >= THROTTLED_MS;
    return this.#failures >= NOTHING_THROUGH && isLong;
  }

  #block(trouble: PollTrouble, now: number): void {
    this.#blockedBy = trouble;
    this.#probe = undefined;
    this.#resting = [now + this.#wait(trouble, this.#probes++)];
    this.#target.reset();
  }

  /** Polls are sent as after a start. */
  #unblock(now: number): void {
    this.#blockedBy = this.#probe = undefined;
    this.#target.start(now);
  }

  #wait(trouble: PollTrouble, doublings: number): number {
    const [least, most] = WAIT_MS[trouble];
    return Math.round(Math.min(most, least * 2 ** doublings) * (0.5 + this.#random() / 2));
  }
}
