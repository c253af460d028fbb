import { classifyReportFailure } from '../../aws/failure.js';
import type { ReportRequest } from '../../aws/call.js';
import type { ActivityPort, PollAnswer, ReportAnswer } from '../../aws/activity-port.js';
import { type Body, Checker } from '../../local/api/request-validation.js';
import { taskOperations } from '../../local/api/operations/task-operations.js';
import { ServiceError } from '../../local/engine/service-error.js';
import type { StepFunctions } from '../../local/engine/step-functions.js';

/** Connects a worker to a Step Functions that runs in this process: handles the four API calls that a worker makes. */
export class EnginePort implements ActivityPort {
  readonly #stepFunctions: StepFunctions;

  constructor(stepFunctions: StepFunctions) {
    this.#stepFunctions = stepFunctions;
  }

  poll(activityArn: string, workerName: string): Promise<PollAnswer> {
    return new Promise((resolve) => {
      this.#stepFunctions.poll(activityArn, workerName, ({ taskToken, input }) =>
        resolve(taskToken === undefined ? { kind: 'empty' } : { kind: 'task', token: taskToken, input }),
      );
    });
  }

  report({ operation, input }: ReportRequest): Promise<ReportAnswer> {
    return this.#call(operation, input);
  }

  heartbeat(taskToken: string): Promise<ReportAnswer> {
    return this.#call('SendTaskHeartbeat', { taskToken });
  }

  /**
   * Calls the API about a task, with the body that would be sent over the network.
   * @throws ServiceError if Step Functions rejects the call
   */
  async send(operation: string, body: Body): Promise<void> {
    const call = {
      ...{ operation, region: 'us-east-1', closedWindowMs: 0 },
      checker: new Checker(body),
      onClosed: () => {},
    };
    await taskOperations[operation]?.(call, this.#stepFunctions);
  }

  async #call(operation: string, body: Body): Promise<ReportAnswer> {
    try {
      await this.send(operation, body);
      return { kind: 'ok' };
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      const told = Object.assign(new Error(error.message), { name: error.type });
      return classifyReportFailure({
        error: told,
        type: error.type,
        status: 400,
        sent: true,
        setup: false,
      });
    }
  }
}
