/** The ways in which a child execution ends. */
export type EndStatus = 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

const UNSUCCESSFUL = ['FAILED', 'TIMED_OUT', 'ABORTED'] as const;

/** The numbers of items, or of child executions, of a map run. */
export class Counts {
  /** Those that were read so far. */
  total: number;
  running = 0;
  /** Those that have failed, and wait for their redrive. */
  #pendingRedrive = 0;
  readonly #ended = { SUCCEEDED: 0, FAILED: 0, TIMED_OUT: 0, ABORTED: 0 };

  /** @param all undefined if it isn't known before all were read */
  constructor(private readonly all: number | undefined) {
    this.total = all ?? 0;
  }

  /** Those that have failed or timed out. */
  get failures(): number {
    return this.#ended.FAILED + this.#ended.TIMED_OUT;
  }

  /** So many were started; again, if they were so before a redrive. */
  started(count: number, again: boolean): void {
    this.running += count;
    if (again) this.#pendingRedrive -= count;
    else if (this.all === undefined) this.total += count;
  }

  ended(status: EndStatus, count: number): void {
    this.running -= count;
    this.#ended[status] += count;
  }

  /** The run goes on: those that haven't succeeded run again. */
  redriven(): void {
    for (const status of UNSUCCESSFUL) {
      this.#pendingRedrive += this.#ended[status];
      this.#ended[status] = 0;
    }
  }

  /**
   * Returns the object of the API, with the ten members that were measured at the live service.
   * @param areWritten true if the run has ended, so that the results are written
   */
  described(areWritten: boolean) {
    const { total, running } = this;
    const pendingRedrive = this.#pendingRedrive;
    const { SUCCEEDED: succeeded, FAILED: failed, TIMED_OUT: timedOut, ABORTED: aborted } = this.#ended;
    return {
      pending: total - running - succeeded - failed - timedOut - aborted - pendingRedrive,
      running,
      succeeded,
      failed,
      timedOut,
      aborted,
      total,
      resultsWritten: areWritten ? succeeded + failed + timedOut : 0,
      failuresNotRedrivable: 0,
      pendingRedrive,
    };
  }
}
