import type { Call } from '../api/server.js';
import { ARN, checkArn } from '../api/request-validation.js';
import type { StepFunctions } from '../engine/step-functions.js';
import type { Commands } from './api.js';

type Keep = Commands['KeepExecution'];
const EXECUTION_ARN: keyof Keep['request'] = 'executionArn';
const KEEP: keyof Keep['request'] = 'keep';

/** Keeps an execution beyond the number of finished executions that the service keeps, or no longer. */
export function keepExecution({ checker }: Call, { executions }: StepFunctions): Keep['answer'] {
  const arn = checker.requiredText(EXECUTION_ARN, ARN);
  const keep = checker.boolean(KEEP) ?? true;
  checker.done();
  executions.pin(executions.get(checkArn(arn, 'execution')), keep);
  return {};
}
