import type { Call } from '../../local/api/operation.js';
import type { OpenTask } from '../../local/engine/open-task.js';
import { ServiceError } from '../../local/engine/answers/service-error.js';

/** The parts from which a task that a test answers is made. */
export interface HandTaskParts {
  readonly task: OpenTask;
  readonly state: string;
  /** Sends a result, a failure or a heartbeat to Step Functions. @throws ServiceError if Step Functions rejects it */
  readonly send: (operation: string, body: Call['body']) => Promise<void>;
  /** Waits until everything has happened that needs no time on the clock and no real work. */
  readonly settle: () => Promise<void>;
}

/**
 * A task of a test machine that the test answers, in place of a worker. Each method resolves when everything has
 * happened that follows from it without time on the clock. If a task is not answered, it ends by the timeouts of its
 * state.
 */
export class HandTask {
  /** The state that waits for the answer. */
  readonly state: string;
  /** The parsed input of the task. For a callback (`.waitForTaskToken`), the arguments of the call. */
  readonly input: unknown;
  /** The task token, as a worker or a called service would receive it. */
  readonly token: string;
  readonly #task: OpenTask;
  readonly #send: HandTaskParts['send'];
  readonly #settle: HandTaskParts['settle'];

  constructor({ task, state, send, settle }: HandTaskParts) {
    this.state = state;
    this.input = JSON.parse(task.order.input) as unknown;
    this.token = task.token;
    this.#task = task;
    this.#send = send;
    this.#settle = settle;
  }

  /** True while an answer is accepted: the task wasn't answered, hasn't timed out, and its execution hasn't ended. */
  get isOpen(): boolean {
    return this.#task.isOpen();
  }

  /** Ends the task with an output, which is written as JSON. @throws an Error if Step Functions would reject it */
  succeed(output: unknown = null): Promise<void> {
    return this.#report('SendTaskSuccess', { output: JSON.stringify(output) ?? 'null' });
  }

  /**
   * Ends the task with an error, which Retry and Catch can match.
   * @throws an Error if Step Functions would reject it
   */
  fail(error: string, cause?: string): Promise<void> {
    return this.#report('SendTaskFailure', { error, ...(cause !== undefined && { cause }) });
  }

  /** Sends a heartbeat, which starts `HeartbeatSeconds` again. @throws an Error if the task has ended */
  heartbeat(): Promise<void> {
    return this.#report('SendTaskHeartbeat', {});
  }

  async #report(operation: string, body: object): Promise<void> {
    try {
      await this.#send(operation, { taskToken: this.token, ...body });
    } catch (error) {
      if (error instanceof ServiceError) throw refused(this.state, operation, error);
      throw error;
    }
    await this.#settle();
  }
}

function refused(state: string, operation: string, error: ServiceError): Error {
  const over = error.type === 'TaskTimedOut' || error.type === 'TaskDoesNotExist';
  const why = over
    ? 'the task is over: it was answered before, it timed out, or its execution has ended'
    : error.message;
  return new Error(`${operation} for the task of '${state}' is refused as ${error.type}: ${why}`, {
    cause: error,
  });
}
