/** The options of a breaker, with its pause in milliseconds. */
export interface BreakerRule {
  readonly failed: number;
  readonly of: number;
  readonly pauseMs: number;
  readonly on: readonly string[];
}

/**
 * - `closed`: tasks are taken.
 * - `open`: none is taken until `until`.
 * - `trying`: one is taken. Its outcome closes the breaker or opens it again.
 */
type State =
  | { readonly kind: 'closed' }
  | { readonly kind: 'open'; readonly until: number }
  | { readonly kind: 'trying'; readonly token: string | undefined };

const CLOSED: State = { kind: 'closed' };

/** Keeps a handler from tasks for a while where too many of the last ones failed by certain names. */
export class Breaker {
  readonly #rule: BreakerRule;
  /** Tells of each of the last tasks, at most `of`, whether it failed by one of the names. */
  #last: boolean[] = [];
  #state: State = CLOSED;

  constructor(rule: BreakerRule) {
    this.#rule = rule;
  }

  get isClosed(): boolean {
    return this.#state.kind === 'closed';
  }

  /** The time at which one task is tried; undefined where the breaker is not open. */
  get until(): number | undefined {
    return this.#state.kind === 'open' ? this.#state.until : undefined;
  }

  /** Returns how many polls may be open now. */
  room(): number {
    if (this.#state.kind === 'closed') return Number.POSITIVE_INFINITY;
    return this.#state.kind === 'trying' && this.#state.token === undefined ? 1 : 0;
  }

  begin(token: string): void {
    if (this.#state.kind === 'trying' && this.#state.token === undefined)
      this.#state = { kind: 'trying', token };
  }

  /**
   * Notes that a task has ended.
   * @param error the name that it failed by; undefined where it succeeded
   * @returns the reason where the breaker opens now; undefined otherwise
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

  /** Notes that a task ended and nobody knows how: another one is tried in its place. */
  gone(token: string): void {
    if (this.#state.kind === 'trying' && this.#state.token === token)
      this.#state = { kind: 'trying', token: undefined };
  }

  /** Lets one task be tried, where the pause is over. */
  tick(now: number): void {
    if (this.#state.kind === 'open' && now >= this.#state.until)
      this.#state = { kind: 'trying', token: undefined };
  }

  /** Closes the breaker, and forgets the last tasks. */
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
