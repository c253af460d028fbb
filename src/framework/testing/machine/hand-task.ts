import type { Call } from '../../local/api/operation.js';
import type { OpenTask } from '../../local/engine/open-task.js';
import { ServiceError } from '../../local/engine/service-error.js';

/** The parts that a task by hand is made of. */
export interface HandTaskParts {
  readonly task: OpenTask;
  readonly state: string;
  /** Reports to the service. @throws ServiceError where it refuses */
  readonly send: (operation: string, body: Call['body']) => Promise<void>;
  /** Resolves when everything has happened that needs no time and no real work. */
  readonly settle: () => Promise<void>;
}

/**
 * A task of a test machine that the test answers in place of a worker. Each call resolves when everything has happened
 * that follows without time. A task that is not answered runs into the limits of its state.
 */
export class HandTask {
  /** The state that waits for the answer. */
  readonly state: string;
  /** The input of the task, parsed; of a callback the arguments of the call. */
  readonly input: unknown;
  /** The task token, as a worker or a called service gets it. */
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

  /** True while an answer is accepted: the task has not been answered, timed out or lost its execution. */
  get isOpen(): boolean {
    return this.#task.isOpen();
  }

  /** Ends the task by an output, which is written as JSON. @throws an Error where the service would refuse it */
  succeed(output: unknown = null): Promise<void> {
    return this.#report('SendTaskSuccess', { output: JSON.stringify(output) ?? 'null' });
  }

  /** Ends the task by an error, which Retry and Catch see. @throws an Error where the service would refuse it */
  fail(error: string, cause?: string): Promise<void> {
    return this.#report('SendTaskFailure', { error, ...(cause !== undefined && { cause }) });
  }

  /** Sends a heartbeat, from which `HeartbeatSeconds` counts anew. @throws an Error where the task is over */
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
