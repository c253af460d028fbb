import type { InjectionToken } from 'tsyringe';
import type { Clock } from '../../base/time/clock.js';
import type { TaskContext } from '../../declare/task-context.js';

/**
 * Injects the {@link TaskContext} into a class that is made for each task (`scope: 'task'`), and into the classes that
 * this class needs.
 */
export const TASK_CONTEXT: InjectionToken<TaskContext> = Symbol.for('stepwright:task-context');

/** Injects the clock of the worker or of the test bed. @default the machine's time */
export const CLOCK: InjectionToken<Clock> = Symbol.for('stepwright:clock');

/** Injects a function that returns random numbers from 0 up to, but not including, 1. @default Math.random */
export const RANDOM: InjectionToken<() => number> = Symbol.for('stepwright:random');
