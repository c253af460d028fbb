/** The most parts into which the time of an activity is divided, and the first length of a part, in milliseconds. */
const MOST_PARTS = 60;
const FIRST_PART_MS = 5_000;
/** The most activities whose traffic is kept: those that had their first task latest. */
const MOST_ACTIVITIES = 200;
/** The most names of failures that are counted by themselves. */
const MOST_NAMES = 20;
const OTHER_NAMES = '(other names)';

/** The traffic of an activity in one part of the time. */
export class TrafficPart {
  scheduled = 0;
  started = 0;
  /** The number of tasks that waited for a worker at the end. */
  waiting = 0;
  readonly wait = new Durations();
  readonly work = new Durations();

  /** Adds the part that follows this one. */
  join(next: TrafficPart): void {
    this.scheduled += next.scheduled;
    this.started += next.started;
    this.waiting = next.waiting;
    this.wait.addAll(next.wait);
    this.work.addAll(next.work);
  }
}

/** The traffic of one activity since its first task. When there are too many parts, each two become one. */
export class ActivityTraffic {
  readonly failures = new Map<string, number>();
  readonly parts: TrafficPart[] = [new TrafficPart()];
  partMs = FIRST_PART_MS;

  constructor(
    /** The time at which the first part begins. */
    readonly from: number,
  ) {}

  /** Returns the part to which this time belongs, which is always the last one. */
  partAt(now: number): TrafficPart {
    let last = this.parts[this.parts.length - 1] ?? new TrafficPart();
    while ((now - this.from) / this.partMs >= this.parts.length) {
      if (this.parts.length === MOST_PARTS) {
        this.#halve();
        continue;
      }
      const { waiting } = last;
      this.parts.push((last = new TrafficPart()));
      last.waiting = waiting;
    }
    return this.parts[this.parts.length - 1] ?? last;
  }

  failed(name: string): void {
    const counted = this.failures.has(name) || this.failures.size < MOST_NAMES ? name : OTHER_NAMES;
    this.failures.set(counted, (this.failures.get(counted) ?? 0) + 1);
  }

  #halve(): void {
    const parts = this.parts.splice(0);
    for (const [at, part] of parts.entries())
      if (at % 2 === 0) this.parts.push(part);
      else this.parts[this.parts.length - 1]?.join(part);
    this.partMs *= 2;
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
    const part = this.#of(arn, now).partAt(now);
    part.scheduled++;
    part.waiting = waiting;
  }

  /** @param since the time at which the task was scheduled */
  started(arn: string, now: number, waiting: number, since: number): void {
    const part = this.#of(arn, now).partAt(now);
    part.started++;
    part.waiting = waiting;
    part.wait.add(now - since);
  }

  /** Records that tasks were removed from the queue before a worker took them. */
  removed(arn: string, now: number, waiting: number): void {
    this.#of(arn, now).partAt(now).waiting = waiting;
  }

  /** @param failure the name of its error; undefined if it succeeded */
  ended(arn: string, now: number, since: number, failure: string | undefined): void {
    const own = this.#of(arn, now);
    own.partAt(now).work.add(now - since);
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

  get size(): number {
    return this.#size;
  }

  add(ms: number): void {
    const at = ms < 1 ? 0 : 1 + Math.floor(Math.log(ms) / Math.log(STEP));
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#size++;
  }

  /** Adds all durations of another count to this one. */
  addAll(other: Durations): void {
    for (const [at, count] of other.#counts.entries())
      if (count > 0) this.#counts[at] = (this.#counts[at] ?? 0) + count;
    this.#size += other.#size;
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
