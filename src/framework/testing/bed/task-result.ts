import { isDeepStrictEqual } from 'node:util';
import type { Whole } from '../harness/bed-handlers.js';
import type { HandlerDefinition } from '../../declare/definition.js';
import { failureOf } from '../../worker/handler/outcome/failure.js';
import { compileOutput } from '../../worker/handler/output/outputs.js';

/** The result of a task: what a worker would send to Step Functions. */
export type TaskResult<Output = unknown> =
  | {
      readonly status: 'succeeded';
      /** The output, parsed from the JSON that would be sent. */ readonly output: Output;
      /**
       * The JSON that would be sent, parsed, if the output goes out as a reference to the store of `payloads`. `output`
       * is then the whole output.
       */
      readonly sent?: unknown;
    }
  | {
      readonly status: 'failed';
      readonly error: string;
      /** The cause as the JSON text that would be sent. */ readonly cause: string;
    }
  /** The handler has deferred the task: somebody else completes it. */
  | DeferredTask<Output>
  /** The task had timed out or its execution had ended, so Step Functions would have accepted no result. */
  | { readonly status: 'gone' };

/** Returns the result of a task that succeeded with this output, as JSON text. */
export async function successOf(text: string, whole: Whole): Promise<TaskResult> {
  const output = await whole(text);
  const sent: unknown = JSON.parse(text);
  return isDeepStrictEqual(output, sent)
    ? { status: 'succeeded', output }
    : { status: 'succeeded', output, sent };
}

/**
 * The result of a task that its handler has deferred with `task.defer()`. The test completes it as somebody else would
 * with `Completions`.
 */
export class DeferredTask<Output = unknown> {
  readonly status = 'deferred';
  readonly #definition: HandlerDefinition;
  readonly #onCompleted: () => void;

  /** @param onCompleted called when the test completes the task */
  constructor(
    definition: HandlerDefinition,
    /** The id with which the handler has deferred the task. @default it has named none */
    readonly id: string | undefined,
    onCompleted: () => void,
  ) {
    this.#definition = definition;
    this.#onCompleted = onCompleted;
  }

  /**
   * Completes the task with an output, and returns the result that Step Functions would be sent.
   * @throws an Error if the output isn't one that the handler may return
   */
  async succeed(output: unknown = null): Promise<TaskResult<Output>> {
    try {
      const json = await compileOutput(this.#definition)(output);
      this.#onCompleted();
      return { status: 'succeeded', output: JSON.parse(json) as Output };
    } catch (error) {
      const { name: handler } = this.#definition;
      const { error: name, cause } = failureOf(error, { handler, warn: () => {} });
      throw new Error(`the output is refused as ${name}: ${cause}`, { cause: error });
    }
  }

  /** Completes the task with a failure, and returns the result that Step Functions would be sent. */
  fail(error: string, cause = ''): TaskResult<Output> {
    this.#onCompleted();
    return { status: 'failed', error, cause };
  }
}
