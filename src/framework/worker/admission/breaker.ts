/**
 * The options of a breaker (circuit breaker). It pauses the handler for `pauseMs` if more than the share `failed` (0 to
 * 1) of its last `of` tasks have failed with one of the error names in `on`.
 */
export interface BreakerRule {
  readonly failed: number;
  readonly of: number;
  readonly pauseMs: number;
  readonly on: readonly string[];
}

/**
 * - `closed`: tasks are received normally.
 * - `open`: no task is received until the time `until`.
 * - `trying`: one task is received. If it fails with a listed error name, the breaker opens again; otherwise it closes.
 */
type State =
  | { readonly kind: 'closed' }
  | { readonly kind: 'open'; readonly until: number }
  | { readonly kind: 'trying'; readonly token: string | undefined };

const CLOSED: State = { kind: 'closed' };

/**
 * A circuit breaker: if too many of a handler's last tasks have failed with certain error names, the worker receives no
 * tasks for it for a while.
 */
export class Breaker {
  readonly #rule: BreakerRule;
  /** One entry for each of the last tasks, at most `of`: true if the task failed with a listed error name. */
  #last: boolean[] = [];
  #state: State = CLOSED;

  constructor(rule: BreakerRule) {
    this.#rule = rule;
  }

  get isClosed(): boolean {
    return this.#state.kind === 'closed';
  }

  /** The time at which one task is tried; undefined if the breaker isn't open. */
  get until(): number | undefined {
    return this.#state.kind === 'open' ? this.#state.until : undefined;
  }

  /** Returns how many polls the breaker allows to be open now. */
  room(): number {
    if (this.#state.kind === 'closed') return Number.POSITIVE_INFINITY;
    return this.#state.kind === 'trying' && this.#state.token === undefined ? 1 : 0;
  }

  begin(token: string): void {
    if (this.#state.kind === 'trying' && this.#state.token === undefined)
      this.#state = { kind: 'trying', token };
  }

  /**
   * Records the outcome of a task.
   * @param error the error name of its failure; undefined if it succeeded
   * @returns why the breaker opens, in words; undefined if this task doesn't open it
   */
  ended(token: string, error: string | undefined, now: number): string | undefined {
    const { failed, of, on } = this.#rule;
    const fails = error !== undefined && on.includes(error);
    if (this.#state.kind === 'trying' && this.#state.token === token) {
      if (fails) return this.#open(now, `the task that was tried failed by ${error}, too`);
      this.reset();
    }
    if (this.#state.kind !== 'closed') return undefined;
    this.#last.push(fails);
    if (this.#last.length > of) this.#last.shift();
    const many = this.#last.filter(Boolean).length;
    if (many <= failed * of) return undefined;
    return this.#open(now, `${many} of the last ${this.#last.length} tasks failed by ${on.join(', ')}`);
  }

  /**
   * Records that a task has ended without a known outcome. If it was the task that was being tried, another one is
   * tried instead.
   */
  gone(token: string): void {
    if (this.#state.kind === 'trying' && this.#state.token === token)
      this.#state = { kind: 'trying', token: undefined };
  }

  /** To be called when time has passed: if the breaker's pause is over, lets one task be tried. */
  tick(now: number): void {
    if (this.#state.kind === 'open' && now >= this.#state.until)
      this.#state = { kind: 'trying', token: undefined };
  }

  /** Closes the breaker, and forgets the outcomes of the last tasks. */
  reset(): void {
    this.#state = CLOSED;
    this.#last = [];
  }

  #open(now: number, reason: string): string {
    this.#state = { kind: 'open', until: now + this.#rule.pauseMs };
    this.#last = [];
    return reason;
  }
}
