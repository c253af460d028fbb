import type { HandlerDefinition } from '../../declare/definition.js';
import { failureOf } from '../../worker/handler/outcome/failure.js';
import { compileOutput } from '../../worker/handler/output/compile-output.js';
import type { TaskResult } from './bed-port.js';

/**
 * The result of a task that its handler has deferred with `task.defer()`. The test completes it as somebody else would
 * with `Completions`.
 */
export class DeferredTask<Output = unknown> {
  readonly status = 'deferred';
  /** The id that `task.defer()` gave to the handler. */
  readonly id: string;
  /** The time at which the task would fail if nobody completed it. */
  readonly until: Date;
  readonly #definition: HandlerDefinition;

  constructor(definition: HandlerDefinition, { id, until }: { readonly id: string; readonly until: number }) {
    this.#definition = definition;
    this.id = id;
    this.until = new Date(until);
  }

  /**
   * Completes the task with an output, and returns the result that Step Functions would be sent.
   * @throws an Error if the output isn't one that the handler may return
   */
  async succeed(output: unknown = null): Promise<TaskResult<Output>> {
    try {
      const json = await compileOutput(this.#definition)(output);
      return { status: 'succeeded', output: JSON.parse(json) as Output };
    } catch (error) {
      const { name: handler } = this.#definition;
      const { error: name, cause } = failureOf(error, { handler, warn: () => {} });
      throw new Error(`the output is refused as ${name}: ${cause}`, { cause: error });
    }
  }

  /** Completes the task with a failure, and returns the result that Step Functions would be sent. */
  fail(error: string, cause = ''): TaskResult<Output> {
    return { status: 'failed', error, cause };
  }
}
