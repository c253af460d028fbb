// Node's own functions, which work even if a test replaces the global ones by fake timers.
import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers';
import { setTimeout as sleep } from 'node:timers/promises';

/** Returns a real time in milliseconds. Only the difference of two such times has a meaning. */
export const realNow = (): number => performance.now();

let isOwn = false;

/** True while a timer is being set by one of the functions below, which belongs to no task. */
export const isOwnTimer = (): boolean => isOwn;

function own<T>(set: () => T): T {
  isOwn = true;
  try {
    return set();
  } finally {
    isOwn = false;
  }
}

/** Resolves in the next turn of the event loop. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => own(() => setImmediate(resolve)));

/** Runs `fn` in the next turn of the event loop. */
export const inNextTurn = (fn: () => void): void => void own(() => setImmediate(fn));

/** Resolves after `ms` real milliseconds, or as soon as the signal aborts. */
export const nap = (ms: number, signal?: AbortSignal): Promise<void> =>
  own(() => sleep(ms, undefined, signal ? { signal } : {})).catch(() => {});
