import type { Clock } from '../../base/time/clock.js';
import type { Activities } from '../engine/activities.js';
import type { Executions } from '../engine/executions.js';
import type { Machines } from '../engine/machines.js';
import type { TaskTable } from '../engine/task-table.js';
import type { Body } from './request-validation.js';

/** Everything that the operations work on. */
export interface State {
  readonly clock: Clock;
  readonly activities: Activities;
  readonly tasks: TaskTable;
  readonly machines: Machines;
  readonly executions: Executions;
  /** How long a poll is held, in milliseconds. */
  readonly pollHoldMs: number;
  /** Whether every poll is answered with nothing at once, since the service is about to stop. */
  pollsEnded: boolean;
  /** Workers whose polls are answered with nothing, at once. */
  readonly endedWorkers: Set<string>;
}

/** One request. */
export interface Call {
  readonly operation: string;
  readonly body: Body;
  /** The region that the request was signed for; us-east-1 where it was not. */
  readonly region: string;
  /** How long the call stays in place after its connection has closed, in milliseconds. */
  readonly closedWindowMs: number;
  /** Calls back when the connection closes before the answer. */
  onClosed(callback: () => void): void;
}

/** Does what was asked, and gives the answer's body. Throws a ServiceError for an error of the API. */
export type Operation = (call: Call, state: State) => object | Promise<object>;
