const MEMBERS = {
  SUCCEEDED: 'succeeded',
  FAILED: 'failed',
  TIMED_OUT: 'timedOut',
  ABORTED: 'aborted',
} as const;

type EndStatus = keyof typeof MEMBERS;

/** The numbers of items, or of child executions, of a map run. */
export class Counts {
  running = 0;
  succeeded = 0;
  failed = 0;
  timedOut = 0;
  aborted = 0;
  /** Those that have failed, and wait for their redrive. */
  pendingRedrive = 0;
  /** Those that were read so far. */
  total: number;

  /** @param all undefined if it isn't known before all were read */
  constructor(private readonly all: number | undefined) {
    this.total = all ?? 0;
  }

  /** Those that have not started yet. */
  get pending(): number {
    const { running, succeeded, failed, timedOut, aborted, pendingRedrive } = this;
    return this.total - running - succeeded - failed - timedOut - aborted - pendingRedrive;
  }

  /** So many were started; again, if they were so before a redrive. */
  started(count: number, again: boolean): void {
    this.running += count;
    if (again) this.pendingRedrive -= count;
    else if (this.all === undefined) this.total += count;
  }

  ended(status: EndStatus, count: number): void {
    this.running -= count;
    this[MEMBERS[status]] += count;
  }

  redriven(): void {
    this.pendingRedrive += this.failed + this.timedOut + this.aborted;
    this.failed = this.timedOut = this.aborted = 0;
  }

  /** Returns the object of the API, with the ten members that were measured at the live service. */
  described(areWritten: boolean): object {
    const { pending, running, succeeded, failed, timedOut, aborted, total, pendingRedrive } = this;
    const resultsWritten = areWritten ? succeeded + failed + timedOut : 0;
    return {
      pending,
      ...{ running, succeeded, failed, timedOut, aborted, total, resultsWritten },
      ...{ failuresNotRedrivable: 0, pendingRedrive },
    };
  }
}

/** The numbers of a map run's items and child executions. */
export class MapRunCounts {
  readonly items: Counts;
  readonly executions: Counts;

  /** Each is undefined if it isn't known before all items are read. */
  constructor(allItems: number | undefined, allExecutions: number | undefined) {
    this.items = new Counts(allItems);
    this.executions = new Counts(allExecutions);
  }

  /** A child with this many items was started; again, if it was so before a redrive. */
  started(items: number, again: boolean): void {
    this.items.started(items, again);
    this.executions.started(1, again);
  }

  ended(status: EndStatus | 'RUNNING', items: number): void {
    if (status === 'RUNNING') return;
    this.items.ended(status, items);
    this.executions.ended(status, 1);
  }

  /** The run goes on: those that haven't succeeded run again. */
  redriven(): void {
    this.items.redriven();
    this.executions.redriven();
  }

  /** @param areWritten true if the run has ended, so that the results are written */
  described(areWritten: boolean): { itemCounts: object; executionCounts: object } {
    return {
      itemCounts: this.items.described(areWritten),
      executionCounts: this.executions.described(areWritten),
    };
  }
}
