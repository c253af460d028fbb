import { Abort, type Abortable } from '../abort.js';
import type { Clock } from './clock.js';

/** Settles as `begun` does. If the signal aborts first, rejects with the signal's reason. */
export function unlessAborted<T>(signal: Abortable | undefined, begun: Promise<T>): Promise<T> {
  if (!signal) return begun;
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(signal.reason);
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    Promise.resolve(begun)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', giveUp));
  });
}

/**
 * Waits for a promise for a limited time.
 * @returns true if the promise resolved within `ms` milliseconds; false if that time is over or `signal` aborts first
 * @throws the promise's rejection, if it comes within that time
 */
export async function within(
  clock: Clock,
  ms: number,
  begun: Promise<unknown>,
  signal?: Abortable,
): Promise<boolean> {
  const over = new Abort();
  const end = (): void => over.abort(undefined);
  if (signal?.aborted) end();
  signal?.addEventListener('abort', end, { once: true });
  try {
    return await Promise.race([begun.then(() => true), clock.sleep(ms, over).then(() => false)]);
  } finally {
    signal?.removeEventListener('abort', end);
    end();
  }
}

/** A promise, and the function that resolves it. Named as `Promise.withResolvers`, which Node 20 lacks. */
export interface Resolvers<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T | PromiseLike<T>) => void;
}

export function withResolvers<T>(): Resolvers<T> {
  let resolve!: Resolvers<T>['resolve'];
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}

/** Returns true for a promise, or any object with a method `then`. */
export const isThenable = (value: unknown): value is Promise<unknown> =>
  typeof value === 'object' && value !== null && typeof Reflect.get(value, 'then') === 'function';

/**
 * Returns a random wait between zero and a ceiling that doubles with each attempt (full jitter), so that workers that
 * failed together do not retry together.
 * @param attempt 1 for the first wait
 */
export function fullJitter(attempt: number, baseMs: number, ceilingMs: number, random: () => number): number {
  return Math.round(random() * Math.min(ceilingMs, baseMs * 2 ** (attempt - 1)));
}

/**
 * Returns a random wait between `fromMs` and `toMs`, however many attempts have failed. It is for errors that last
 * until a person fixes the cause: longer and longer waits wouldn't help there.
 */
export function uniformJitter(fromMs: number, toMs: number, random: () => number): number {
  return Math.round(fromMs + random() * (toMs - fromMs));
}
