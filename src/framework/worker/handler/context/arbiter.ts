import type { TaskContext } from '../../../declare/task-context.js';
import type { Ask } from '../../keep/asking.js';

/** What a task knows of the service: where the task comes from, how to ask about a task, and if it was left to others. */
export interface Arbiter {
  readonly scope: string;
  readonly ask: Ask;
  /** True once `task.defer()` has resolved. */
  readonly isDeferred: () => boolean;
}

const arbiters = new WeakMap<TaskContext, Arbiter>();
/** A context that a test has made asks nobody. */
const NOBODY: Arbiter = {
  scope: 'none',
  ask: () => Promise.resolve('unknown'),
  isDeferred: () => false,
};

/** Gives a task its way to ask. */
export const setArbiter = (context: TaskContext, arbiter: Arbiter): unknown => arbiters.set(context, arbiter);

/** Returns a task's way to ask. */
export const arbiterOf = (context: TaskContext): Arbiter => arbiters.get(context) ?? NOBODY;
