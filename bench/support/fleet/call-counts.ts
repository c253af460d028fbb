/** Why a call was refused. */
export type Refusal = 'throttled' | 'over the limit';

interface Second {
  calls: number;
  throttled: number;
  overTheLimit: number;
}

/** The outcomes of the calls between two instants. */
export interface Calls {
  readonly perSecond: number;
  /** Share of them, from 0 to 1. */
  readonly throttled: number;
  /** Polls that would have been one more than an activity may have. */
  readonly overTheLimit: number;
  /** The greatest second of any minute, in means of its minute; NaN where no minute had enough calls to tell. */
  readonly busiest: number;
}

/** Fewer calls a second than that are no crowd, whatever second they meet in. */
const CROWD = 10;
const MINUTE = 60;

/** Counts a service's calls second by second. */
export class CallCounts {
  readonly #seconds = new Map<number, Second>();

  take(now: number): void {
    this.#at(now).calls++;
  }

  refuse(now: number, why: Refusal): void {
    const second = this.#at(now);
    if (why === 'throttled') second.throttled++;
    else second.overTheLimit++;
  }

  /** @param from and `to` are epoch milliseconds */
  between(from: number, to: number): Calls {
    const first = Math.floor(from / 1000);
    const count = Math.max(1, Math.floor(to / 1000) - first);
    const seconds = Array.from({ length: count }, (_, i) => this.#seconds.get(first + i) ?? NOTHING);
    const sum = (of: (second: Second) => number): number =>
      seconds.reduce((total, one) => total + of(one), 0);
    const calls = sum((second) => second.calls);
    return {
      perSecond: calls / count,
      throttled: sum((second) => second.throttled) / Math.max(calls, 1),
      overTheLimit: sum((second) => second.overTheLimit),
      busiest: busiestOf(seconds.map((second) => second.calls)),
    };
  }

  #at(now: number): Second {
    const key = Math.floor(now / 1000);
    const known = this.#seconds.get(key);
    if (known) return known;
    const second = { ...NOTHING };
    this.#seconds.set(key, second);
    return second;
  }
}

const NOTHING: Readonly<Second> = { calls: 0, throttled: 0, overTheLimit: 0 };

/** A rest shorter than a minute belongs to none. */
function busiestOf(seconds: readonly number[]): number {
  let busiest = Number.NaN;
  for (let from = 0; from + MINUTE <= seconds.length; from += MINUTE) {
    const minute = seconds.slice(from, from + MINUTE);
    const mean = minute.reduce((a, b) => a + b, 0) / MINUTE;
    const times = Math.max(...minute) / mean;
    if (mean >= CROWD && !(times <= busiest)) busiest = times;
  }
  return busiest;
}
