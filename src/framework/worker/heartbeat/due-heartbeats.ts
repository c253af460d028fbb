import { Heap } from './heap.js';
import type { ScheduledHeartbeat } from './scheduled-heartbeat.js';

/**
 * The number of heartbeats in flight is limited. Heartbeats with at least this interval don't use the last free places,
 * so that those with shorter intervals find room.
 */
const LONG_INTERVAL_MS = 10_000;
/**
 * The number of lanes for each doubling of the interval. The intervals within one lane differ by a factor of less than
 * 1.5.
 */
const LANES_PER_DOUBLING = 2;

/**
 * Returns true if a heartbeat's interval is so long that the heartbeat can wait until another one in flight is
 * answered.
 */
export const hasLongInterval = ({ everyMs }: ScheduledHeartbeat): boolean => everyMs >= LONG_INTERVAL_MS;

/**
 * The heartbeats that are due, in the order in which they should be sent. The first is the one whose task would time
 * out first. Among tasks that should have timed out already, as far as the worker knows, it is the one that is late by
 * the most of its own intervals: one second is a lot for an interval of one second, but little for one of twenty. So
 * many tasks with long intervals can't delay one with a short interval for ever.
 *
 * This order changes with time. So heartbeats are sorted only within lanes of similar intervals, and the first of each
 * lane are compared when one is to be sent.
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
   * Returns the first heartbeat that may be sent; undefined if none may.
   * @param may called with the first heartbeat of each lane
   */
  first(now: number, may: (beat: ScheduledHeartbeat) => boolean): ScheduledHeartbeat | undefined {
    let first: ScheduledHeartbeat | undefined;
    for (const { first: beat } of this.#lanes.values())
      if (beat && may(beat) && (!first || spare(beat, now) < spare(first, now))) first = beat;
    return first;
  }
}

/**
 * Returns the milliseconds until a task would time out. If it should have timed out already, returns the number of its
 * intervals since then, as a negative number.
 */
function spare({ lapsesAt, everyMs }: ScheduledHeartbeat, now: number): number {
  return lapsesAt >= now ? lapsesAt - now : (lapsesAt - now) / everyMs;
}
