import { Heap } from './heap.js';
import type { ScheduledHeartbeat } from './scheduled-heartbeat.js';

/**
 * A heartbeat's interval counts as long if it is at least this. The number of heartbeats that may wait for their
 * responses at once is limited, and the last places are reserved for heartbeats with shorter intervals.
 */
const LONG_INTERVAL_MS = 10_000;
/**
 * Due heartbeats are kept in sorted lists (lanes) by their interval. Each doubling of the interval has this many lanes,
 * so the intervals within one lane differ by a factor of less than 1.5.
 */
const LANES_PER_DOUBLING = 2;

/**
 * Returns true if the heartbeat's interval is so long that the heartbeat can wait until another heartbeat has got its
 * response.
 */
export const hasLongInterval = ({ everyMs }: ScheduledHeartbeat): boolean => everyMs >= LONG_INTERVAL_MS;

/**
 * The heartbeats that are due. The next one to send is the one whose task would time out first. If tasks should have
 * timed out already, the next one is the one that is the most intervals late: one second late is much for an interval
 * of one second, but little for one of twenty. So many tasks with long intervals can't delay a task with a short
 * interval for ever.
 *
 * The order of two heartbeats changes as time passes. So heartbeats are kept sorted only within lanes of similar
 * intervals. When one is to be sent, the first heartbeats of all lanes are compared.
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
   * Returns the next heartbeat to send; undefined if there is none.
   * @param may called with the first heartbeat of each lane (sorted list of similar intervals); returns false if that
   * heartbeat may not be sent now
   */
  first(now: number, may: (beat: ScheduledHeartbeat) => boolean): ScheduledHeartbeat | undefined {
    let first: ScheduledHeartbeat | undefined;
    for (const { first: beat } of this.#lanes.values())
      if (beat && may(beat) && (!first || spare(beat, now) < spare(first, now))) first = beat;
    return first;
  }
}

/**
 * Returns the milliseconds until the heartbeat's task would time out. If the task should have timed out already,
 * returns how many of its intervals ago that was, as a negative number.
 */
function spare({ lapsesAt, everyMs }: ScheduledHeartbeat, now: number): number {
  return lapsesAt >= now ? lapsesAt - now : (lapsesAt - now) / everyMs;
}
