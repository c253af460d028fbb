// Node's own functions, which work even if a test replaces the global ones by fake timers.
import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers';
import { setTimeout as sleep } from 'node:timers/promises';

/** Returns a real time in milliseconds. Only the difference of two such times has a meaning. */
export const realNow = (): number => performance.now();

/** Resolves in the next turn of the event loop. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Runs `fn` in the next turn of the event loop. */
export const inNextTurn = (fn: () => void): void => void setImmediate(fn);

/** The number of naps that keep the process alive now. */
let holding = 0;

/** Resolves after `ms` real milliseconds, or as soon as the signal aborts. */
export async function nap(ms: number, signal?: AbortSignal): Promise<void> {
  holding++;
  await sleep(ms, undefined, signal ? { signal } : {}).catch(() => {});
  holding--;
}

/**
 * Returns a function like `nap` for a wait that may never end. Its naps keep the process alive only until somebody
 * else's timer is found to do so. Jest and Vitest have such a timer, the limit of the test, while a test runs. When the
 * test is over, the wait doesn't hold up the end of the process. node:test has no such timer.
 */
export function looseNap(): (ms: number) => Promise<void> {
  let isLoose = false;
  return async (ms) => {
    isLoose ||= areOthersHolding();
    await (isLoose ? sleep(ms, undefined, { ref: false }) : nap(ms));
  };
}

function areOthersHolding(): boolean {
  const timers = process.getActiveResourcesInfo().filter((type) => type === 'Timeout');
  return timers.length > holding;
}
