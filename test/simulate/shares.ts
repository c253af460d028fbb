import type { Invariants } from './invariants.js';
import type { Member } from './member.js';
import type { HandlerKey } from './plan.js';

/** A handler that has tasks and free slots has no poll in so many of 10 s at most. */
const IDLE = { most: 4, ofMs: 10_000 } as const;
/** Handlers that wait for the same quota are compared after this time. */
const COMPARED_MS = 40_000;
/** No handler gets less than this part of the mean, where that is enough to tell. */
const LEAST = { share: 0.4, mean: 10 } as const;

interface Race {
  readonly since: number;
  /** The tasks that each handler had received when it began, of those that had tasks and slots ever since. */
  readonly received: ReadonlyMap<HandlerKey, number>;
}

/** Checks that no handler of one worker lives at the cost of another. */
export class Shares {
  readonly #broken: Invariants['broken'];
  /** The last seconds in which each handler had tasks and free slots, and no poll. */
  readonly #idle = new Map<HandlerKey, number[]>();
  #race: Race | undefined;

  constructor({ broken }: Pick<Invariants, 'broken'>) {
    this.#broken = broken;
  }

  /** Notes that a handler that nothing slows has tasks and slots, and no poll. */
  idles(member: Member, key: HandlerKey, now: number): void {
    const last = [...(this.#idle.get(key) ?? []), now].filter((at) => now - at < IDLE.ofMs);
    this.#idle.set(key, last);
    if (last.length > IDLE.most)
      this.#broken('fair', `${key} of ${member.process.name} has tasks and slots, and hardly polls`);
  }

  forget(key: HandlerKey): void {
    this.#idle.delete(key);
  }

  /** Compares the handlers that have waited for a common quota all the time. @param received all tasks of each so far */
  compare(member: Member, received: ReadonlyMap<HandlerKey, number>, now: number): void {
    const race = this.#race;
    const still = [...received].filter(([key]) => !race || race.received.has(key));
    if (!race || still.length < 2) {
      this.#race = received.size < 2 ? undefined : { since: now, received };
      return;
    }
    this.#race = { ...race, received: new Map([...race.received].filter(([key]) => received.has(key))) };
    if (now - race.since < COMPARED_MS) return;
    this.#race = undefined;
    const gained = still.map(([key, count]) => [key, count - (race.received.get(key) ?? 0)] as const);
    const mean = gained.reduce((sum, [, count]) => sum + count, 0) / gained.length;
    const least = Math.min(...gained.map(([, count]) => count));
    if (mean >= LEAST.mean && least < LEAST.share * mean)
      this.#broken('shares', `under one quota, ${member.process.name} got ${show(gained)}`);
  }
}

const show = (gained: readonly (readonly [HandlerKey, number])[]): string =>
  gained.map(([key, count]) => `${count} tasks of ${key}`).join(', ');
