import { Heap } from './heap.js';
import type { ScheduledHeartbeat } from './scheduled-heartbeat.js';

/** An interval of this length or longer leaves the last room among the heartbeats in flight to shorter ones. */
const LONG_INTERVAL_MS = 10_000;
/** Intervals that share a lane differ by a factor below 1.5. */
const LANES_PER_DOUBLING = 2;

/** Returns whether the interval is long enough to wait until a heartbeat in flight is answered. */
export const hasLongInterval = ({ everyMs }: ScheduledHeartbeat): boolean => everyMs >= LONG_INTERVAL_MS;

/**
 * The heartbeats that are due, the earliest lease that would lapse first. Among leases that have lapsed, as far as the
 * worker knows, the first is the one that is late by the most of its intervals: a second is much for a task with an
 * interval of one second and little for one of twenty, so a crowd of tasks with long intervals starves none with a
 * short one. That order changes as time passes, so it is kept only among similar intervals, in a lane, and read across
 * lanes.
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

  /** Returns the next to send among those that `may`, which is called with the first of each lane. */
  first(now: number, may: (beat: ScheduledHeartbeat) => boolean): ScheduledHeartbeat | undefined {
    let first: ScheduledHeartbeat | undefined;
    for (const { first: beat } of this.#lanes.values())
      if (beat && may(beat) && (!first || spare(beat, now) < spare(first, now))) first = beat;
    return first;
  }
}

/**
 * Returns the milliseconds until the lease would lapse; for one that has lapsed, the number of its intervals since
 * then, below zero.
 */
function spare({ lapsesAt, everyMs }: ScheduledHeartbeat, now: number): number {
  return lapsesAt >= now ? lapsesAt - now : (lapsesAt - now) / everyMs;
}
