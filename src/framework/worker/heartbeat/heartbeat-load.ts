import type { Cancel, Clock } from '../../base/time/clock.js';

/**
 * The heartbeats that a worker's tasks need, and the intervals that get longer because the limit `heartbeatRate` allows
 * fewer.
 */
export interface HeartbeatLoad {
  /** The number of tasks that have a heartbeat interval. */
  readonly tasks: number;
  /** The heartbeats per second that the tasks' intervals require. */
  readonly neededRate: number;
  /**
   * The intervals that get longer because the rate isn't enough, the longest first. `stretchedToMs` is the new length
   * of such an interval, if the service accepts all heartbeats.
   */
  readonly stretched: readonly StretchedInterval[];
}

export interface StretchedInterval {
  readonly everyMs: number;
  /** The number of tasks that have the interval `everyMs`. */
  readonly tasks: number;
  readonly stretchedToMs: number;
}

export interface LoadMeterOptions {
  readonly clock: Clock;
  /** The most heartbeats per second that can be sent continuously. */
  readonly rate: number;
  readonly onStretch: (stretched: boolean, load: HeartbeatLoad) => void;
}

/**
 * When the number of tasks changes, the new load is reported only after this time. Many tasks often start or end within
 * a moment, and they are then reported together.
 */
const TELL_MS = 1_000;
/**
 * Limits for calls of `onStretch`, as the needed heartbeats divided by the rate. Above `from`, it is reported that
 * intervals get longer; at `until` or below, that they no longer do. If the need has grown by the factor `worse`, that
 * is reported too.
 *
 * `from` is above `until`, so that a load near the rate isn't reported again and again. It is above 1, so that a need
 * of exactly `heartbeatRate` isn't reported, although slightly less can be sent continuously (see `RateLimiter`).
 */
const STRETCHED = { from: 1.08, until: 1, worse: 1.1 } as const;

/**
 * Adds up the heartbeats per second that the tasks need. Reports when the rate stops being enough, when even more is
 * needed, and when the rate is enough again.
 */
export class LoadMeter {
  readonly #options: LoadMeterOptions;
  /** The number of tasks, by their interval in milliseconds. */
  readonly #tasks = new Map<number, number>();
  #perSecond = 0;
  #askedOnly = 0;
  /** The heartbeats per second that were needed when `onStretch` was last called; 0 while no interval is stretched. */
  #told = 0;
  #telling: Cancel | undefined;

  constructor(options: LoadMeterOptions) {
    this.#options = options;
  }

  /** The heartbeats per second that the tasks' intervals require. */
  get perSecond(): number {
    return this.#perSecond;
  }

  /** The number of tasks without a heartbeat interval. Their heartbeats are sent only when the handler requests one. */
  get askedOnly(): number {
    return this.#askedOnly;
  }

  /**
   * The heartbeats per second that the tasks need, divided by the rate. Above 1, the rate isn't enough and intervals
   * get longer (are stretched).
   */
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
    // Without tasks it is set to exactly 0, since rounding errors would add up otherwise.
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
 * Returns the intervals that get longer because the rate isn't enough, each with its new length. Heartbeats are sent in
 * the order in which their tasks would time out, so the longest intervals get longer first, up to twice their length.
 * If that isn't enough, all intervals get longer by the same factor.
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
 * Returns a function from an interval to its new length, for the case that it is enough to lengthen the longest
 * intervals. With the new lengths, each heartbeat is sent the same time before its task would time out, but never
 * before its own interval is over. That time is found by bisection.
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
