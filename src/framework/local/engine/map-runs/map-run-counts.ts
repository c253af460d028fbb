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
  constructor(all: number | undefined) {
    this.total = all ?? 0;
  }

  /** Those that have not started yet. */
  get pending(): number {
    const { running, succeeded, failed, timedOut, aborted, pendingRedrive } = this;
    return this.total - running - succeeded - failed - timedOut - aborted - pendingRedrive;
  }

  /** The object of the API, with the ten members that were measured at the live service. */
  get described(): object {
    const { pending, running, succeeded, failed, timedOut, aborted, total, pendingRedrive } = this;
    return {
      pending,
      ...{ running, succeeded, failed, timedOut, aborted, total, resultsWritten: 0 },
      ...{ failuresNotRedrivable: 0, pendingRedrive },
    };
  }
}

const MEMBERS = {
  SUCCEEDED: 'succeeded',
  FAILED: 'failed',
  TIMED_OUT: 'timedOut',
  ABORTED: 'aborted',
} as const;

/** The numbers of a map run's items and child executions. */
export class MapRunCounts {
  readonly items: Counts;
  readonly executions: Counts;

  /** Each is undefined if it isn't known before all items are read. */
  constructor(
    private readonly allItems: number | undefined,
    private readonly allExecutions: number | undefined,
  ) {
    this.items = new Counts(allItems);
    this.executions = new Counts(allExecutions);
  }

  /** A child with this many items was started; again, if it was so before a redrive. */
  started(items: number, again: boolean): void {
    this.items.running += items;
    this.executions.running++;
    if (again) {
      this.items.pendingRedrive -= items;
      this.executions.pendingRedrive--;
      return;
    }
    if (this.allItems === undefined) this.items.total += items;
    if (this.allExecutions === undefined) this.executions.total++;
  }

  ended(status: keyof typeof MEMBERS | 'RUNNING', items: number): void {
    if (status === 'RUNNING') return;
    this.items.running -= items;
    this.executions.running--;
    this.items[MEMBERS[status]] += items;
    this.executions[MEMBERS[status]]++;
  }

  /** The run goes on: those that haven't succeeded run again. */
  redriven(): void {
    for (const counts of [this.items, this.executions]) {
      counts.pendingRedrive += counts.failed + counts.timedOut + counts.aborted;
      counts.failed = counts.timedOut = counts.aborted = 0;
    }
  }

  /** @param areWritten true if the run has ended, so that the results are written */
  described(areWritten: boolean): { itemCounts: object; executionCounts: object } {
    const describe = (counts: Counts): object => {
      const { succeeded, failed, timedOut } = counts;
      return { ...counts.described, resultsWritten: areWritten ? succeeded + failed + timedOut : 0 };
    };
    return { itemCounts: describe(this.items), executionCounts: describe(this.executions) };
  }
}
