import type { Call } from '../api/operation.js';
import { Checker, checkArn, MAX } from '../api/request-validation.js';
import type { StepFunctions } from '../engine/step-functions.js';
import type { Commands } from './api.js';

type Keep = Commands['KeepExecution'];
const EXECUTION_ARN: keyof Keep['request'] = 'executionArn';
const KEEP: keyof Keep['request'] = 'keep';

/** Keeps an execution beyond the number of finished executions that the service keeps, or no longer. */
export function keepExecution({ body }: Call, { executions }: StepFunctions): Keep['answer'] {
  const checker = new Checker(body);
  const arn = checker.requiredText(EXECUTION_ARN, { min: 1, max: MAX.arn, shown: true });
  const keep = checker.boolean(KEEP) ?? true;
  checker.done();
  executions.pin(executions.get(checkArn(arn, 'execution')), keep);
  return {};
}
