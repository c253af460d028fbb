import type { InterceptedTask, Interceptor } from '../../../declare/interceptor.js';

/** Handles a task with a valid input. Returns the result, or a promise of it. */
export type HandleTask = (task: InterceptedTask) => unknown;

/**
 * Wraps a handler in its interceptors. The first one is the outermost. Without interceptors, returns the handler
 * itself.
 */
export function intercepted(interceptors: readonly Interceptor[], handle: HandleTask): HandleTask {
  return interceptors.reduceRight<HandleTask>((inner, each) => (task) => wrap(each, inner, task), handle);
}

/**
 * Calls one interceptor. `next()` runs the rest of the chain, and may be called again once it has settled. If the
 * interceptor returns `undefined`, the outcome is that of its last `next()`.
 */
async function wrap(interceptor: Interceptor, inner: HandleTask, task: InterceptedTask): Promise<unknown> {
  const rest = new Rest(interceptor, () => inner(task));
  try {
    const result = await interceptor.intercept(task, rest.next);
    return result === undefined ? await rest.last : result;
  } finally {
    // If the interceptor didn't wait for a call, the task still uses its slot until that call has settled.
    await rest.settled();
  }
}

/**
 * The rest of the chain after one interceptor: the inner interceptors and the handler. The interceptor runs it with
 * `next()`.
 */
class Rest {
  /**
   * The promise that `next()` returned last, not counting calls that were rejected because an earlier call was still
   * running; undefined before the first call.
   */
  last: Promise<unknown> | undefined;
  #running = false;

  constructor(
    private readonly interceptor: Interceptor,
    private readonly run: () => unknown,
  ) {}

  readonly next = (): Promise<unknown> => {
    const call = this.#running ? Promise.reject(this.#stillRuns()) : (this.last = this.#call());
    // If an interceptor ignores the promise, its rejection must not end the process.
    call.catch(() => {});
    return call;
  };

  async settled(): Promise<void> {
    await this.last?.catch(() => {});
  }

  async #call(): Promise<unknown> {
    this.#running = true;
    try {
      return await this.run();
    } finally {
      this.#running = false;
    }
  }

  #stillRuns(): Error {
    return new Error(`${this.interceptor.constructor.name} called next() while an earlier call still runs`);
  }
}
