import { classifyReportFailure } from '../../aws/classify-failure.js';
import type { ActivityPort, PollAnswer, ReportAnswer } from '../../aws/port.js';
import type { Call } from '../../local/api/operation.js';
import { taskOperations } from '../../local/api/task-operations.js';
import { ServiceError } from '../../local/engine/service-error.js';
import type { StepFunctions } from '../../local/engine/step-functions.js';

/** Answers the four calls of a worker by a Step Functions in this process. */
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

  succeed(taskToken: string, output: string): Promise<ReportAnswer> {
    return this.#report('SendTaskSuccess', { taskToken, output });
  }

  fail(taskToken: string, error: string, cause: string): Promise<ReportAnswer> {
    return this.#report('SendTaskFailure', { taskToken, error, cause });
  }

  heartbeat(taskToken: string): Promise<ReportAnswer> {
    return this.#report('SendTaskHeartbeat', { taskToken });
  }

  async #report(operation: string, body: Call['body']): Promise<ReportAnswer> {
    try {
      const call = { operation, body, region: 'us-east-1', closedWindowMs: 0, onClosed: () => {} };
      await taskOperations[operation]?.(call, this.#stepFunctions);
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
