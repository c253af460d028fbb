import { Abort, type Abortable } from '../abort.js';
import type { Clock } from './clock.js';

/** Rejects with the signal's reason as soon as it aborts, whatever `begun` then does. */
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
 * Waits for what was begun, but not for long.
 * @returns whether it was done within `ms` milliseconds; false also where `signal` aborts first.
 * @throws what it rejects with by then.
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

/** A promise, and what resolves it. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
}

export function deferred<T>(): Deferred<T> {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}

/** Whether it is to be awaited: a promise, or what passes for one. */
export const isThenable = (value: unknown): value is Promise<unknown> =>
  typeof value === 'object' && value !== null && typeof Reflect.get(value, 'then') === 'function';
