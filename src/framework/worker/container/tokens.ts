import type { InjectionToken } from 'tsyringe';
import type { Clock } from '../../base/time/clock.js';
import type { TaskContext } from '../../declare/task-context.js';

/**
 * Injects the {@link TaskContext} into a class that lives for one task (`scope: 'task'`), and into the classes that it
 * needs.
 */
export const TASK_CONTEXT: InjectionToken<TaskContext> = Symbol.for('stepwright:task-context');

/** Injects the clock that the worker or the bed runs on. @default the machine's time */
export const CLOCK: InjectionToken<Clock> = Symbol.for('stepwright:clock');

/** Injects a function that returns numbers from 0 to below 1. @default Math.random */
export const RANDOM: InjectionToken<() => number> = Symbol.for('stepwright:random');
