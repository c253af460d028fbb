import type { InterceptedTask, Interceptor } from '../../../declare/interceptor.js';

/** Handles one task: its validated input in, its result out, or a promise of it. */
export type HandleTask = (task: InterceptedTask) => unknown;

/** A handler with its interceptors around it, the first one outermost. Without any it is the handler itself. */
export function intercepted(interceptors: readonly Interceptor[], handle: HandleTask): HandleTask {
  return interceptors.reduceRight<HandleTask>((inner, each) => (task) => wrap(each, inner, task), handle);
}

/**
 * One interceptor's turn. `next()` may be called again once the earlier call has settled, which runs the rest
 * anew; while it still runs, a second call rejects. An interceptor that returns `undefined` leaves what its last
 * `next()` came to as it is, result or error; one that never called it gives `undefined`.
 */
async function wrap(interceptor: Interceptor, inner: HandleTask, task: InterceptedTask): Promise<unknown> {
  const rest = new Rest(interceptor, () => inner(task));
  try {
    const result = await interceptor.intercept(task, rest.next);
    return result === undefined ? await rest.last : result;
  } finally {
    // What was set off holds the task until it has settled, also when the interceptor did not wait for it.
    await rest.settled();
  }
}

/** What lies inside of an interceptor. */
class Rest {
  /** The last call. */
  last: Promise<unknown> | undefined;
  #running = false;
  readonly #interceptor: Interceptor;
  readonly #run: () => unknown;

  constructor(interceptor: Interceptor, run: () => unknown) {
    this.#interceptor = interceptor;
    this.#run = run;
  }

  readonly next = (): Promise<unknown> => {
    const call = this.#running ? Promise.reject(this.#stillRuns()) : (this.last = this.#call());
    // An interceptor that drops the promise must not bring the process down.
    call.catch(() => {});
    return call;
  };

  async settled(): Promise<void> {
    await this.last?.catch(() => {});
  }

  async #call(): Promise<unknown> {
    this.#running = true;
    try {
      return await this.#run();
    } finally {
      this.#running = false;
    }
  }

  #stillRuns(): Error {
    return new Error(`${this.#interceptor.constructor.name} called next() while an earlier call still runs`);
  }
}
