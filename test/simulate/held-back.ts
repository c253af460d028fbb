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
  readonly by: 'control' | 'task';
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
  #limit: Limit | undefined;
  #pause: Pause | undefined;
  /** True for each of the last tasks that failed by the breaker's name, since a pause last began or ended. */
  #last: boolean[] = [];
  /** The instant at which a task last paused the handler: its breaker counts nothing that was received before. */
  #pausedAt = 0;

  constructor(
    { key, rate = 0, breaker, run }: HandlerPlan,
    private readonly broken: Broken,
  ) {
    this.#name = key;
    // Each thread and process of a pool counts its own tasks.
    this.#breaker = run === 'main' ? breaker : undefined;
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
      this.broken('rate', `${limit.begun.length} tasks of ${this.#name} began in ${RATE_MS} ms`);
  }

  /**
   * Notes an outcome that leaves for the first time.
   *
   * @param error the name of a failure
   * @param receivedAt the instant at which its task was received
   */
  reported(error: string | undefined, receivedAt: number): void {
    const { of = 0 } = this.#breaker ?? {};
    if (of === 0 || this.#pause || receivedAt < this.#pausedAt) return;
    this.#last = [...this.#last, error === 'Planned'].slice(-of);
    if (this.#last.length === of && this.#last.every(Boolean))
      this.broken('breaker', `the last ${of} tasks of ${this.#name} failed, and its breaker is closed`);
  }

  /** @param polls the polls that are open */
  paused({ by, until }: Pick<Pause, 'by' | 'until'>, polls: number, now: number): void {
    this.#last = [];
    if (by === 'task') this.#pausedAt = now;
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
  pollLeft({ polls: { open } }: HandlerStatus): void {
    const pause = this.#pause;
    if (!pause) return;
    if (open > pause.polls)
      this.broken('pause', `a poll of ${this.#name} left while it was paused by ${pause.by}`);
  }

  /** True while tasks may wait although slots are free. */
  holds({ paused, polls }: HandlerStatus, now: number): boolean {
    if (paused) return true;
    const limit = this.#limit;
    if (!limit) return false;
    return limit.begun.filter((at) => now - at < RATE_MS).length + polls.open >= limit.most;
  }
}
