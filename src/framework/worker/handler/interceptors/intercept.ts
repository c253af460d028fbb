import type { InterceptedTask, Interceptor } from '../../../declare/interceptor.js';

/** Handles a task whose input is validated. Returns the result, or a promise of it. */
export type HandleTask = (task: InterceptedTask) => unknown;

/**
 * Wraps a handler in its interceptors, of which the first is outermost. Without interceptors returns the handler
 * itself.
 */
export function intercepted(interceptors: readonly Interceptor[], handle: HandleTask): HandleTask {
  return interceptors.reduceRight<HandleTask>((inner, each) => (task) => wrap(each, inner, task), handle);
}

/**
 * Calls one interceptor. The interceptor may call `next()` again once the earlier call has settled, which runs the rest
 * again; before that, a call rejects. Where the interceptor returns `undefined`, the outcome is that of its last
 * `next()`, result or error, or `undefined` where it made no call.
 */
async function wrap(interceptor: Interceptor, inner: HandleTask, task: InterceptedTask): Promise<unknown> {
  const rest = new Rest(interceptor, () => inner(task));
  try {
    const result = await interceptor.intercept(task, rest.next);
    return result === undefined ? await rest.last : result;
  } finally {
    // A call that the interceptor did not wait for still holds the task's slot until it has settled.
    await rest.settled();
  }
}

/** The rest of the chain, as one interceptor calls it by `next()`. */
class Rest {
  /** The outcome of the last accepted call; undefined before the first. */
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
