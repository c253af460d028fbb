import type { Cancel, Clock } from '../../base/time/clock.js';

/** The heartbeats that a worker's tasks need, compared with its `heartbeatRate`. */
export interface HeartbeatLoad {
  /** The number of tasks with a heartbeat interval. */
  readonly tasks: number;
  /** The heartbeats a second that the tasks' intervals need. */
  readonly neededRate: number;
  /**
   * The intervals that the rate can't keep, the longest first. `stretchedToMs` is the length that an interval then has
   * if all heartbeats are accepted.
   */
  readonly stretched: readonly StretchedInterval[];
}

export interface StretchedInterval {
  readonly everyMs: number;
  /** The number of tasks with this interval. */
  readonly tasks: number;
  readonly stretchedToMs: number;
}

export interface LoadMeterOptions {
  readonly clock: Clock;
  /** The number of heartbeats a second that can be kept up. */
  readonly rate: number;
  readonly onStretch: (stretched: boolean, load: HeartbeatLoad) => void;
}

/**
 * The time between a change of the load and its report: tasks come and go in crowds, of which all have then arrived.
 */
const TELL_MS = 1_000;
/**
 * The load, as a share of the rate, at which stretching is reported to begin and to end; `worse` is the growth after
 * which it is reported again. The first two differ, so that a load near the rate is not reported again and again. Tasks
 * that need exactly the configured `heartbeatRate` are slightly above the rate that can be kept up (see `RateLimiter`),
 * which is not worth a line.
 */
const STRETCHED = { from: 1.08, until: 1, worse: 1.1 } as const;

/**
 * Counts the heartbeats that tasks need. Reports when the rate no longer suffices, when the lack grows, and when the
 * rate suffices again.
 */
export class LoadMeter {
  readonly #options: LoadMeterOptions;
  /** The number of tasks, by their interval in milliseconds. */
  readonly #tasks = new Map<number, number>();
  #perSecond = 0;
  #askedOnly = 0;
  /** The heartbeats a second that were needed at the last report; 0 while no interval stretches. */
  #told = 0;
  #telling: Cancel | undefined;

  constructor(options: LoadMeterOptions) {
    this.#options = options;
  }

  /** The heartbeats a second that the tasks' intervals need. */
  get perSecond(): number {
    return this.#perSecond;
  }

  /** The number of tasks without an interval, whose heartbeats are sent only when the handler requests them. */
  get askedOnly(): number {
    return this.#askedOnly;
  }

  /** The needed heartbeats a second as a share of the rate; above 1, intervals stretch. */
  get share(): number {
    return this.#perSecond / this.#options.rate;
  }

  add(everyMs: number): void {
    this.#count(everyMs, 1);
  }

  remove(everyMs: number): void {
    this.#count(everyMs, -1);
  }

  #count(everyMs: number, step: 1 | -1): void {
    if (!Number.isFinite(everyMs)) {
      this.#askedOnly += step;
      return;
    }
    const tasks = (this.#tasks.get(everyMs) ?? 0) + step;
    if (tasks === 0) this.#tasks.delete(everyMs);
    else this.#tasks.set(everyMs, tasks);
    // Rounding errors would add up.
    this.#perSecond = this.#tasks.size === 0 ? 0 : this.#perSecond + (step * 1000) / everyMs;
    if (this.#told > 0 || this.share > 1)
      this.#telling ??= this.#options.clock.after(TELL_MS, () => this.#tell());
    if (this.#tasks.size === 0) this.#tell();
  }

  #tell(): void {
    this.#telling?.();
    this.#telling = undefined;
    const was = this.#told > 0;
    const stretched = this.share > (was ? STRETCHED.until : STRETCHED.from);
    if (stretched === was && !(stretched && this.#perSecond > this.#told * STRETCHED.worse)) return;
    this.#told = stretched ? this.#perSecond : 0;
    this.#options.onStretch(stretched, this.#describe());
  }

  #describe(): HeartbeatLoad {
    const tasks = [...this.#tasks.values()].reduce((sum, many) => sum + many, 0);
    const stretched = stretchedIntervals(this.#tasks, this.#options.rate);
    return { tasks, neededRate: Math.round(this.#perSecond * 10) / 10, stretched };
  }
}

/**
 * Returns the intervals that stretch, with the length that each then has. The heartbeat whose lease would lapse first
 * goes first, so that the longest intervals give way to the others, up to twice their length; beyond that all stretch
 * alike.
 * @param tasks the number of tasks, by interval
 */
function stretchedIntervals(tasks: ReadonlyMap<number, number>, rate: number): StretchedInterval[] {
  const beats = (become: (everyMs: number) => number): number =>
    [...tasks].reduce((sum, [everyMs, many]) => sum + (many * 1000) / become(everyMs), 0);
  const share = beats((everyMs) => everyMs) / rate;
  const become = share < 2 ? givingWay(tasks, rate, beats) : (everyMs: number): number => everyMs * share;
  return [...tasks]
    .map(([everyMs, many]) => ({ everyMs, tasks: many, stretchedToMs: Math.round(become(everyMs)) }))
    .filter(({ everyMs, stretchedToMs }) => stretchedToMs > everyMs)
    .sort((one, other) => other.everyMs - one.everyMs);
}

/**
 * Returns the stretched length of each interval where only the longest give way. Each heartbeat is then sent at the
 * same time before its lease would lapse, which is found by bisection, and never before its interval is over.
 */
function givingWay(
  tasks: ReadonlyMap<number, number>,
  rate: number,
  beats: (become: (everyMs: number) => number) => number,
): (everyMs: number) => number {
  const become = (spareMs: number) => (everyMs: number) => Math.max(everyMs, 2 * everyMs - spareMs);
  let [low, high] = [0, Math.max(0, ...tasks.keys())];
  while (high - low > 0.01) {
    const middle = (low + high) / 2;
    if (beats(become(middle)) > rate) high = middle;
    else low = middle;
  }
  return become(low);
}
