/** The most parts into which the time of an activity is divided, and the first length of a part, in milliseconds. */
const MOST_PARTS = 60;
const FIRST_PART_MS = 5_000;
/** The most activities whose traffic is kept: those that had their first task latest. */
const MOST_ACTIVITIES = 200;
/** The most names of failures that are counted by themselves. */
const MOST_NAMES = 20;
const OTHER_NAMES = '(other names)';

/** The traffic of one activity since its first task. */
export class ActivityTraffic {
  scheduled = 0;
  readonly wait = new Durations();
  readonly work = new Durations();
  readonly failures = new Map<string, number>();
  /** The number of tasks that waited for a worker at the end of each part. When there are too many parts, each two become one. */
  waited = [0];
  partMs = FIRST_PART_MS;

  constructor(
    /** The time at which the first part begins. */
    readonly from: number,
  ) {}

  /** Notes how many tasks wait for a worker from this time on. @default as many as before */
  waits(now: number, count: number = this.waited.at(-1) ?? 0): void {
    while ((now - this.from) / this.partMs >= this.waited.length) {
      if (this.waited.length < MOST_PARTS) this.waited.push(this.waited.at(-1) ?? 0);
      else {
        this.waited = this.waited.filter((_, at) => at % 2 === 1);
        this.partMs *= 2;
      }
    }
    this.waited[this.waited.length - 1] = count;
  }

  failed(name: string): void {
    const counted = this.failures.has(name) || this.failures.size < MOST_NAMES ? name : OTHER_NAMES;
    this.failures.set(counted, (this.failures.get(counted) ?? 0) + 1);
  }
}

/** The tasks that were scheduled, taken and ended since the service started, for each activity, in bounded memory. */
export class Traffic {
  readonly #activities = new Map<string, ActivityTraffic>();
  /** Grows with each change. */
  version = 0;

  [Symbol.iterator](): IterableIterator<[arn: string, ActivityTraffic]> {
    return this.#activities.entries();
  }

  /** @param waiting the number of tasks that wait now */
  scheduled(arn: string, now: number, waiting: number): void {
    const own = this.#of(arn, now);
    own.scheduled++;
    own.waits(now, waiting);
  }

  /** @param since the time at which the task was scheduled */
  started(arn: string, now: number, waiting: number, since: number): void {
    const own = this.#of(arn, now);
    own.wait.add(now - since);
    own.waits(now, waiting);
  }

  /** Records that tasks were removed from the queue before a worker took them. */
  removed(arn: string, now: number, waiting: number): void {
    this.#of(arn, now).waits(now, waiting);
  }

  /** @param failure the name of its error; undefined if it succeeded */
  ended(arn: string, now: number, since: number, failure: string | undefined): void {
    const own = this.#of(arn, now);
    own.work.add(now - since);
    if (failure !== undefined) own.failed(failure);
  }

  #of(arn: string, now: number): ActivityTraffic {
    this.version++;
    const known = this.#activities.get(arn);
    if (known) return known;
    const [oldest = ''] = this.#activities.keys();
    if (this.#activities.size >= MOST_ACTIVITIES) this.#activities.delete(oldest);
    const made = new ActivityTraffic(now);
    this.#activities.set(arn, made);
    return made;
  }
}

/** The ratio of two neighbouring steps of the counts. */
const STEP = 1.2;

/** Durations in milliseconds, counted by their approximate length, so that any number of them takes the same memory. */
export class Durations {
  readonly #counts: number[] = [];
  #size = 0;

  add(ms: number): void {
    const at = ms < 1 ? 0 : 1 + Math.floor(Math.log(ms) / Math.log(STEP));
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#size++;
  }

  /** Returns the duration that a share of them does not exceed, to within a tenth. Undefined if there are none. */
  percentile(share: number): number | undefined {
    let left = share * this.#size;
    for (const [at, count] of this.#counts.entries()) {
      left -= count ?? 0;
      if (this.#size > 0 && left <= 0 && count > 0) return at === 0 ? 0 : Math.round(STEP ** (at - 0.5));
    }
    return undefined;
  }
}
