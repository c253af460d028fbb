import type { Clock } from '../../base/time/clock.js';
import { CallLimiter } from '../../worker/task/call-limiter.js';
import { ReportsInFlight } from '../../worker/task/report.js';
import type { TaskWorld } from '../../worker/task/task.js';
import { IntervalHeartbeats } from './interval-heartbeats.js';

/** What a task needs of its worker is its "world". These parts of it are chosen by the test. */
type TestedWorld = Pick<
  TaskWorld,
  'port' | 'log' | 'emit' | 'ask' | 'phoneBook' | 'workerName' | 'reportLimitMs'
> & {
  readonly clock: Clock;
  /** Sends the heartbeats. @default an object for this task alone */
  readonly heartbeats?: IntervalHeartbeats;
};

/** All tasks of a test come from the same place. */
export const scopeOfTest = (): string => 'test';

/**
 * Returns what a worker's task needs of its worker, for a test: nothing is random, no rate limit is shared with other
 * tasks, and heartbeats are sent at exact intervals.
 */
export const taskWorld = (tested: TestedWorld): TaskWorld => ({
  ...tested,
  random: () => 0.5,
  heartbeats: tested.heartbeats ?? new IntervalHeartbeats(tested.clock),
  limiter: new CallLimiter(tested.clock, () => 0.5),
  inFlight: new ReportsInFlight(),
  scope: scopeOfTest(),
  outside: (fn) => fn(),
  // A test's tasks are given to a handler one by one.
  pauseHandler: () => {},
});
