import { kindOf } from '../../asl/kinds.js';

/** One attempt to run the task of a Task state. Times are epoch milliseconds. Ids are those of history events. */
export interface Attempt {
  readonly scheduledId: number;
  readonly scheduledAt: number;
  startedAt?: number;
  endedAt?: number;
  worker?: string;
  /** `aborted` if its state or its execution ended before it did. */
  outcome?: 'succeeded' | 'failed' | 'timed out' | 'aborted';
  error?: string;
  endedId?: number;
  /** True for the first attempt after a redrive. */
  readonly isRedriven?: boolean;
}

export interface Failure {
  readonly error: string;
  readonly cause?: string | undefined;
  /** The event that says so. */
  readonly eventId: number;
}

/** `timed out` if the execution timed out. A state whose own timeout is over has `failed`. */
export type VisitStatus = 'running' | 'succeeded' | 'caught' | 'failed' | 'timed out' | 'aborted';

/**
 * A visit: the time from when an execution enters a state until it leaves that state. A state in a loop or a Map has
 * several visits.
 */
export interface Visit {
  /** The id of the StateEntered event. */
  readonly id: number;
  readonly name: string;
  readonly type: string;
  /** The visit of the Parallel or Map around this state; undefined if there is none. */
  readonly parent: Visit | undefined;
  readonly iteration: Iteration | undefined;
  /** The visit whose end led to this one. Undefined for the first state of the machine, a branch or an iteration. */
  readonly after: Visit | undefined;
  readonly enteredAt: number;
  exitedAt?: number;
  exitedId?: number;
  status: VisitStatus;
  readonly attempts: Attempt[];
  /** True after a redrive, until the next attempt begins. */
  isReopened?: boolean;
  /** The number of times that a Parallel or a Map has begun its branches or iterations: more than one if it is retried. */
  starts: number;
  /** True when the work of the last attempt has succeeded: the task's, or that of all branches or iterations. */
  done: boolean;
  /** True for a Parallel or a Map whose Retry allows no further attempt. Its Catch may still name a next state. */
  over: boolean;
  /** The visit inside a Parallel or a Map whose failure made this one's last attempt fail. */
  failedIn?: Visit | undefined;
  /**
   * The failure of the last attempt; undefined if that attempt hasn't failed, and if the history doesn't say why: an
   * error after the task has succeeded has no event of its own.
   */
  failure?: Failure | undefined;
  /** The number of items that a Map iterates over; undefined for other types of state. */
  length?: number;
  /** The id of the event that began the current attempt of a Parallel or Map. */
  startedId?: number;
  readonly iterations: Map<number, Iteration>;
}

export interface Iteration {
  readonly map: Visit;
  readonly index: number;
  readonly startedAt: number;
  endedAt?: number;
  status: VisitStatus;
  /** True if a state in the iteration has caught an error. */
  caught: boolean;
}

/** Returns the indexes of the Map iterations around a visit, the outermost first. Empty outside any Map. */
export function iterationsOf({ iteration }: Pick<Visit, 'iteration'>): number[] {
  return iteration ? [...iterationsOf(iteration.map), iteration.index] : [];
}

/** Returns true for the visit of a state that holds states, such as a Parallel. */
export const holdsStates = ({ type }: Pick<Visit, 'type'>): boolean => kindOf(type)?.holds !== undefined;

/** Returns true for the visit of a state that runs its states once for each item, such as a Map. */
export const isIterated = ({ type }: Pick<Visit, 'type'>): boolean =>
  kindOf(type)?.holds?.as === 'iterations';
