import type { DependencyContainer } from 'tsyringe';
import { nap } from '../work/real-time.js';

/**
 * Disposes of everything that a container has created, and of each of the `values` that has a `dispose()` or a
 * `[Symbol.asyncDispose]()`.
 * @param limitMs the most real milliseconds that this may take.
 * @throws an Error if it takes longer; otherwise the first error that a provider throws
 */
export async function disposeOf(
  container: DependencyContainer,
  values: readonly object[],
  limitMs: number,
): Promise<void> {
  const over = new AbortController();
  const late = nap(limitMs, over.signal).then(() => 'late');
  const disposed = Promise.all([container.dispose(), ...values.map(disposeOfValue)]);
  try {
    if ((await Promise.race([disposed, late])) === 'late')
      throw new Error(`the providers were not disposed of within ${limitMs / 1000} s of real time`);
  } finally {
    over.abort();
  }
}

async function disposeOfValue(value: object): Promise<void> {
  const dispose: unknown = WAYS.map((way) => Reflect.get(value, way) as unknown).find(isFunction);
  if (isFunction(dispose)) await Reflect.apply(dispose, value, []);
}

const WAYS = ['dispose', Symbol.asyncDispose, Symbol.dispose];

const isFunction = (value: unknown): value is () => unknown => typeof value === 'function';
