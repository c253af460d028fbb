import { Heap } from './heap.js';
import type { ScheduledHeartbeat } from './scheduled-heartbeat.js';

/**
 * Heartbeats with an interval of this length or longer leave the last of the room in flight to those with shorter
 * intervals.
 */
const LONG_INTERVAL_MS = 10_000;
/** The number of lanes for each doubling of the interval: intervals that share a lane differ by a factor below 1.5. */
const LANES_PER_DOUBLING = 2;

/** Returns true where a heartbeat's interval is long enough that it can wait until one in flight is answered. */
export const hasLongInterval = ({ everyMs }: ScheduledHeartbeat): boolean => everyMs >= LONG_INTERVAL_MS;

/**
 * The heartbeats that are due. First comes the one whose lease would lapse the earliest. Among leases that have lapsed,
 * as far as the worker knows, the first is the one that is late by the most of its own intervals: a second is much for
 * a task with an interval of one second and little for one of twenty, so that a crowd of tasks with long intervals
 * starves none with a short one. This order changes as time passes, so that it is kept only within a lane of similar
 * intervals, and compared across lanes.
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

  /**
   * Returns the first heartbeat that may be sent; undefined where none may.
   * @param may called with the first of each lane
   */
  first(now: number, may: (beat: ScheduledHeartbeat) => boolean): ScheduledHeartbeat | undefined {
    let first: ScheduledHeartbeat | undefined;
    for (const { first: beat } of this.#lanes.values())
      if (beat && may(beat) && (!first || spare(beat, now) < spare(first, now))) first = beat;
    return first;
  }
}

/**
 * Returns the milliseconds until a lease would lapse; for a lease that has lapsed, the number of its intervals since
 * then, as a negative number.
 */
function spare({ lapsesAt, everyMs }: ScheduledHeartbeat, now: number): number {
  return lapsesAt >= now ? lapsesAt - now : (lapsesAt - now) / everyMs;
}
