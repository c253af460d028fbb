import type { HandlerStatus } from 'stepwright';
import type { HandlerPlan } from './plan.js';

/** Tells of a broken promise. */
export type Broken = (invariant: string, what: string) => void;

interface Limit {
  readonly most: number;
  /** The polls that were open when it was set: each may bring a task, however many have begun. */
  readonly open: number;
  /** The instants at which tasks began. */
  begun: number[];
}

interface Pause {
  readonly by: 'control' | 'task' | 'breaker';
  readonly until: number | undefined;
  /** The polls that were open when it began, and still may be. */
  polls: number;
}

/** A rate is for so long. */
export const RATE_MS = 10_000;

/** Checks what keeps one handler of one worker from taking tasks: its rate, its breaker, and whoever pauses it. */
export class HeldBack {
  readonly #name: string;
  readonly #breaker: HandlerPlan['breaker'];
  readonly #broken: Broken;
  #limit: Limit | undefined;
  #pause: Pause | undefined;
  /** True for each of the last tasks that failed by the breaker's name, since the breaker last opened or closed. */
  #last: boolean[] = [];

  constructor({ key, rate = 0, breaker }: HandlerPlan, broken: Broken) {
    this.#name = key;
    this.#breaker = breaker;
    this.#broken = broken;
    this.limit(rate, 0);
  }

  /** Notes the most tasks that may begin in 10 s from now on; 0 for no limit. @param open the polls that are open */
  limit(most: number, open: number): void {
    this.#limit = most === 0 ? undefined : { most, open, begun: [] };
  }

  received(now: number): void {
    const limit = this.#limit;
    if (!limit) return;
    limit.begun = [...limit.begun.filter((at) => now - at < RATE_MS), now];
    if (limit.begun.length > limit.most + limit.open)
      this.#broken('rate', `${limit.begun.length} tasks of ${this.#name} began in ${RATE_MS} ms`);
  }

  /** Notes an outcome that leaves for the first time. @param error the name of a failure */
  reported(error: string | undefined): void {
    const { of = 0 } = this.#breaker ?? {};
    if (of === 0 || this.#pause) return;
    this.#last = [...this.#last, error === 'Planned'].slice(-of);
    if (this.#last.length === of && this.#last.every(Boolean))
      this.#broken('breaker', `the last ${of} tasks of ${this.#name} failed, and its breaker is closed`);
  }

  /** @param polls the polls that are open */
  paused({ by, until }: Pick<Pause, 'by' | 'until'>, polls: number): void {
    if (by === 'breaker') this.#last = [];
    this.#pause = { by, until, polls };
  }

  resumed(): void {
    this.#last = [];
    this.#pause = undefined;
  }

  pollEnded(): void {
    if (this.#pause) this.#pause.polls--;
  }

  /** Checks a poll that leaves. */
  pollLeft({ polls: { open } }: HandlerStatus, now: number): void {
    const pause = this.#pause;
    if (!pause) return;
    // A breaker lets one task be tried when its time is over.
    const tried = pause.by === 'breaker' && now >= (pause.until ?? 0) ? 1 : 0;
    if (open > Math.max(tried, pause.polls))
      this.#broken('pause', `a poll of ${this.#name} left while it was paused by ${pause.by}`);
  }

  /** True while tasks may wait although slots are free. */
  holds({ paused, running, undelivered, polls }: HandlerStatus, now: number): boolean {
    const isTried = paused?.by === 'breaker' && paused.until === undefined;
    if (paused && !isTried) return true;
    if (isTried && running + undelivered > 0) return true;
    const limit = this.#limit;
    if (!limit) return false;
    return limit.begun.filter((at) => now - at < RATE_MS).length + polls.open >= limit.most;
  }
}
