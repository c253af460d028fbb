import type { Clock } from '../../base/time/clock.js';
import { Pace } from '../../worker/poll/pace.js';
import { ReportsInFlight } from '../../worker/task/reports-in-flight.js';
import type { TaskWorld } from '../../worker/task/task.js';
import { IntervalHeartbeats } from './interval-heartbeats.js';

/** The parts of a task's world that a test chooses. */
type TestedWorld = Pick<TaskWorld, 'port' | 'log' | 'emit' | 'workerName' | 'reportLimitMs'> & {
  readonly clock: Clock;
  /** @default of this task alone */
  readonly heartbeats?: IntervalHeartbeats;
};

/**
 * Makes the world of a worker's task in a test: nothing random, no rate limit shared with other tasks, heartbeats at
 * exact intervals.
 */
export const taskWorld = (tested: TestedWorld): TaskWorld => ({
  ...tested,
  random: () => 0.5,
  heartbeats: tested.heartbeats ?? new IntervalHeartbeats(tested.clock),
  reportPace: new Pace(),
  inFlight: new ReportsInFlight(),
  outside: (fn) => fn(),
});
