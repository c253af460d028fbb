import type { Invariants } from './invariants.js';
import type { Member } from './member.js';
import type { HandlerKey, Plan } from './plan.js';

/** A handler that has tasks and free slots has no poll in so many of 10 s at most. */
const IDLE = { most: 4, ofMs: 10_000 } as const;

/** Of handlers that wait for their turns, none lets another go before it so often, or only in so many waits. */
const OVERTAKEN = { most: 4, waits: 8 } as const;
/** Handlers wait for their turns from this time after the beginning of a quota. */
const TURNS_MS = 10_000;

/** True where the plan has nothing against polls but a quota of some a second. */
export const isOnlyThrottled = ({ events }: Plan): boolean =>
  events.every((each) => each.kind === 'tasks' || (each.kind === 'throttle' && each.perSecond > 1));

/** True while the handlers wait for their turns, and for nothing else. @param at milliseconds since the start */
export const isInTurns = (plan: Plan, at: number): boolean =>
  isOnlyThrottled(plan) &&
  plan.events.some(
    (each) =>
      each.kind === 'throttle' &&
      each.operation === 'GetActivityTask' &&
      at > each.at + TURNS_MS &&
      at < each.at + each.ms,
  );

/** Checks that no handler of one worker lives at the cost of another. */
export class Shares {
  readonly #broken: Invariants['broken'];
  /** The last seconds in which each handler had tasks and free slots, and no poll. */
  readonly #idle = new Map<HandlerKey, number[]>();
  /** Since when each handler waits for its turn, and the turns that others had meanwhile. */
  readonly #turns = new Map<
    HandlerKey,
    { readonly since: number; readonly turns: Map<HandlerKey, number> }
  >();
  #overtaken = 0;

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

  /** Notes that a poll of a handler leaves, so that it no longer waits for its turn. */
  polls(key: HandlerKey): void {
    this.#turns.delete(key);
  }

  /**
   * Notes that a poll was answered which was not refused.
   * @param waiting the handlers that have tasks and free slots, and no poll
   */
  granted(key: HandlerKey, sentAt: number, waiting: readonly HandlerKey[], now: number): void {
    for (const each of this.#turns.keys()) if (!waiting.includes(each)) this.#turns.delete(each);
    for (const each of waiting) {
      const wait = this.#turns.get(each) ?? { since: now, turns: new Map<HandlerKey, number>() };
      this.#turns.set(each, wait);
      if (sentAt < wait.since) continue;
      const turns = (wait.turns.get(key) ?? 0) + 1;
      wait.turns.set(key, turns);
      if (turns === OVERTAKEN.most + 1 && ++this.#overtaken > OVERTAKEN.waits)
        this.#broken('turns', `${key} had ${turns} turns, again, while ${each} waited for one`);
    }
  }
}
