import type { Body } from '../../local/api/request-validation.js';
import type { OpenTask } from '../../local/engine/tasks/open-tasks.js';
import { ServiceError } from '../../local/engine/service-error.js';

/** The objects that a {@link HandTask} needs. */
export interface HandTaskParts {
  readonly task: OpenTask;
  /** The parsed input. */
  readonly input: unknown;
  readonly state: string;
  /** Sends a result, a failure or a heartbeat to Step Functions. @throws ServiceError if Step Functions rejects it */
  readonly send: (operation: string, body: Body) => Promise<void>;
  /** Waits until nothing more happens without moving the clock and without real work. */
  readonly settle: () => Promise<void>;
}

/**
 * A task of a test machine that the test ends itself, in place of a worker. After each method, the test can go on when
 * the promise resolves: everything that follows without moving the clock has then happened. If the test never ends the
 * task, the timeouts of its state do.
 */
export class HandTask {
  /** The name of the state to which the task belongs. */
  readonly state: string;
  /**
   * The parsed input of the task. If the task came from `task`, references to payloads are replaced. For a
   * `.waitForTaskToken` resource, the arguments of the call.
   */
  readonly input: unknown;
  /** The task token, as a worker or a called service would receive it. */
  readonly token: string;
  readonly #task: OpenTask;
  readonly #send: HandTaskParts['send'];
  readonly #settle: HandTaskParts['settle'];

  constructor({ task, input, state, send, settle }: HandTaskParts) {
    this.state = state;
    this.input = input;
    this.token = task.token;
    this.#task = task;
    this.#send = send;
    this.#settle = settle;
  }

  /**
   * True while the task accepts a result, a failure or a heartbeat: it has no result yet, hasn't timed out, and its
   * execution is running.
   */
  get isOpen(): boolean {
    return this.#task.isOpen();
  }

  /**
   * Ends the task successfully. The output is converted to JSON.
   * @throws an Error if Step Functions would reject the call
   */
  succeed(output: unknown = null): Promise<void> {
    return this.#report('SendTaskSuccess', { output: JSON.stringify(output) ?? 'null' });
  }

  /**
   * Ends the task with an error. A Retry or Catch can match its name.
   * @throws an Error if Step Functions would reject the call
   */
  fail(error: string, cause?: string): Promise<void> {
    return this.#report('SendTaskFailure', { error, ...(cause !== undefined && { cause }) });
  }

  /** Sends a heartbeat. The time in `HeartbeatSeconds` starts again. @throws an Error if the task has ended */
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
