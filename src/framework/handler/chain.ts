import type { InterceptedTask, Interceptor } from '../declare/interceptor.js';

/** Handles one task: its validated input in, its result out. */
export type Handling = (task: InterceptedTask) => Promise<unknown>;

/** Puts interceptors around a handling, the first one outermost. Without any it is the handling itself. */
export function chain(interceptors: readonly Interceptor[], handling: Handling): Handling {
  return interceptors.reduceRight<Handling>((inner, each) => (task) => wrap(each, inner, task), handling);
}

/**
 * One interceptor's turn. `next()` may be called again once the earlier call has settled, which runs the rest
 * anew; while it still runs, a second call rejects. An interceptor that returns `undefined` leaves the result of
 * its last `next()` as it is; one that never called it gives `undefined`.
 */
async function wrap(interceptor: Interceptor, inner: Handling, task: InterceptedTask): Promise<unknown> {
  let running: Promise<unknown> | undefined;
  let last: unknown;
  const next = (): Promise<unknown> => {
    if (running)
      return Promise.reject(
        new Error(`${interceptor.constructor.name} called next() while an earlier call still runs`),
      );
    const call = inner(task).then((result) => (last = result));
    const over = call.then(ignore, ignore).then(() => (running = undefined));
    running = over;
    return call;
  };
  try {
    const result = await interceptor.intercept(task, next);
    // What was set off holds the task until it has settled, also when the interceptor did not wait for it.
    await running;
    return result === undefined ? last : result;
  } catch (error) {
    await running;
    throw error;
  }
}

const ignore = (): void => {};
