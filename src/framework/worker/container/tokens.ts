import type { InjectionToken } from 'tsyringe';
import type { Clock } from '../../base/time/clock.js';
import type { TaskContext } from '../../declare/task-context.js';

/**
 * The injection token of the {@link TaskContext}. Use it in a class that is made for each task (`scope: 'task'`), and
 * in the classes that this class needs.
 */
export const TASK_CONTEXT: InjectionToken<TaskContext> = Symbol.for('stepwright:task-context');

/** The injection token of the clock that the worker or the test bed uses. @default the machine's time */
export const CLOCK: InjectionToken<Clock> = Symbol.for('stepwright:clock');

/**
 * The injection token of a function that returns random numbers from 0 up to, but not including, 1. @default
 * Math.random
 */
export const RANDOM: InjectionToken<() => number> = Symbol.for('stepwright:random');
