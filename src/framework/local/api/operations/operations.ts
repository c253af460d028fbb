import type { OwnApi } from '../../resources/nested-executions.js';
import { ServiceError } from '../../engine/service-error.js';
import type { StepFunctions } from '../../engine/step-functions.js';
import { parseArn } from '../../../asl/values/arn.js';
import type { Call, Operation } from '../operation.js';
import { type Body, Checker } from '../request-validation.js';
import { activityOperations } from './activity-operations.js';
import { aliasOperations } from './alias-operations.js';
import { describeExecution, executionOperations } from './execution-operations.js';
import { machineOperations, versionOperations } from './machine-operations.js';
import { mapRunOperations } from './map-run-operations.js';
import { putOperations } from './put-operation.js';
import { tagOperations } from './tag-operations.js';
import { taskOperations } from './task-operations.js';
import { testStateOperations } from './test-state-operation.js';
import { validateOperations } from './definitions.js';

/** All operations of the API, by their names. */
export const OPERATIONS: ReadonlyMap<string, Operation> = new Map(
  Object.entries({
    ...activityOperations,
    ...taskOperations,
    ...machineOperations,
    ...versionOperations,
    ...aliasOperations,
    ...tagOperations,
    ...validateOperations,
    ...testStateOperations,
    ...executionOperations,
    ...putOperations,
    ...mapRunOperations,
  }),
);

/**
 * Runs an operation of the API without a request.
 * @param more what differs from a call of us-east-1 whose caller waits for ever
 * @throws ServiceError if the response is an error of the API
 */
export function callOperation(
  stepFunctions: StepFunctions,
  operation: string,
  body: Body,
  more: Partial<Call> = {},
): object | Promise<object> {
  const found = OPERATIONS.get(operation);
  if (!found) throw new Error(`there is no operation ${operation}`);
  const checker = new Checker(body);
  const call = { operation, checker, region: 'us-east-1', closedWindowMs: 0, onClosed: () => {}, ...more };
  return found(call, stepFunctions);
}

/** @throws what isn't an error of the API */
function errorAnswer(error: unknown): { error: ServiceError } {
  if (error instanceof ServiceError) return { error };
  throw error;
}

/** Returns the API of a service as the Tasks of its own executions call it. */
export const ownApi = (stepFunctions: StepFunctions): OwnApi => ({
  has: (operation) => OPERATIONS.has(operation),
  call(operation, body, { parent, cut }) {
    const onClosed = (callback: () => void): void => cut.addEventListener('abort', callback);
    const { region = 'us-east-1' } = parseArn(parent.executionArn) ?? {};
    try {
      const answer = callOperation(stepFunctions, operation, body, { region, parent, onClosed });
      if (!(answer instanceof Promise)) return { response: answer };
      return answer.then((response: object) => ({ response }), errorAnswer);
    } catch (error) {
      return errorAnswer(error);
    }
  },
  whenEnded: (arn, listener) =>
    stepFunctions.executions
      .get(arn)
      .whenEnded((execution) => listener(describeExecution(execution, stepFunctions.clock.now()))),
  stop(arn, cause) {
    const execution = stepFunctions.executions.find(arn);
    if (execution && !execution.scope.ended) execution.stop(undefined, cause);
  },
});
