import type { InjectionToken } from 'tsyringe';
import type { Store, StoreTroubles } from '../../base/store.js';
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

/** The injection token of the listener that is told of errors of stores. @default none */
export const STORE_TROUBLES: InjectionToken<StoreTroubles> = Symbol.for('stepwright:store-troubles');

/**
 * The injection token of a function that returns the store to use instead of one that a class was made with. A test bed
 * returns its own store in memory. @default returns the same store
 */
export const STORE_FOR: InjectionToken<(store: Store) => Store> = Symbol.for('stepwright:store-for');
