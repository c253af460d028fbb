import { Heap } from './heap.js';
import type { ScheduledHeartbeat } from './scheduled-heartbeat.js';

/** Intervals from this on can wait for a place on the way to come free, and leave the last ones to the shorter. */
const LONG_INTERVAL_MS = 10_000;
/** Intervals that share a lane differ by less than a half. */
const LANES_PER_DOUBLING = 2;

/** Whether the interval is long enough to wait for a place on the way. */
export const hasLongInterval = ({ everyMs }: ScheduledHeartbeat): boolean => everyMs >= LONG_INTERVAL_MS;

/**
 * The beats that are due, in the order in which they may leave: the earliest lease that would lapse first. Where some
 * have lapsed already, as far as the worker knows, it is by how many of its intervals each is late, so that a second
 * is much for a task of one second and little for one of twenty: no crowd of patient tasks starves an impatient one.
 * That order changes as time passes, so it is only kept among like intervals (a lane), and read across lanes.
 */
export class DueHeartbeats {
  readonly #lanes = new Map<number, Heap<ScheduledHeartbeat>>();

  add(beat: ScheduledHeartbeat): void {
    const index = Math.floor(Math.log2(beat.everyMs / LONG_INTERVAL_MS) * LANES_PER_DOUBLING);
    let lane = this.#lanes.get(index);
    if (!lane) this.#lanes.set(index, (lane = new Heap((each) => each.lapsesAt)));
    lane.add(beat);
    beat.heap = lane;
  }

  /** The next to leave among those that `may`, which is asked about the first of each lane. */
  first(now: number, may: (beat: ScheduledHeartbeat) => boolean): ScheduledHeartbeat | undefined {
    let first: ScheduledHeartbeat | undefined;
    for (const { first: beat } of this.#lanes.values())
      if (beat && may(beat) && (!first || spare(beat, now) < spare(first, now))) first = beat;
    return first;
  }
}

/** The time before the lease would lapse; where it has, how many intervals ago, below zero. */
function spare({ lapsesAt, everyMs }: ScheduledHeartbeat, now: number): number {
  return lapsesAt >= now ? lapsesAt - now : (lapsesAt - now) / everyMs;
}
