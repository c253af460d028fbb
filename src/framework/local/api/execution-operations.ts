import { readJson, type Json } from '../asl/values/json.js';
import type { Execution, ExecutionStatus } from '../engine/execution.js';
import { toSeconds } from '../engine/history.js';
import { type Call, type Operation } from './operation.js';
import { pageKey, pageSize, pageToken } from '../engine/pages.js';
import { errors } from '../engine/service-error.js';
import { complaint } from './json-complaint.js';
import { checkArn, Checker, checkName, MAX, refuseMetadataOnly } from './request-validation.js';

/**
 * The statuses, in the order in which Step Functions' error message lists them. No execution of the local service is
 * ever PENDING_REDRIVE.
 */
const STATUSES = ['SUCCEEDED', 'TIMED_OUT', 'PENDING_REDRIVE', 'ABORTED', 'FAILED', 'RUNNING'];
const EXECUTION_ARN = { min: 1, max: 512, shown: true } as const;

const startExecution: Operation = ({ body }, { machines, executions }) => {
  const checker = new Checker(body);
  const arn = checker.requiredText('stateMachineArn', { min: 1, max: MAX.arn, shown: true });
  const name = checker.text('name', { min: 1, max: MAX.name, shown: true });
  const input = checker.text('input', { max: MAX.data }) ?? '{}';
  checker.done();
  if (name !== undefined) checkName(name);
  const machine = machines.get(checkArn(arn, 'stateMachine'));
  const { arn: executionArn, startedAt } = executions.start(machine, name, input, parseInput(input));
  return { executionArn, startDate: toSeconds(startedAt) };
};

function parseInput(input: string): Json {
  try {
    return readJson(input);
  } catch (error) {
    const { message } = error as Error;
    throw errors.invalidInput(
      input.trim() === '' ? 'Invalid execution input.' : (complaint(input) ?? message),
    );
  }
}

const describeExecution: Operation = (call, { executions }) => {
  refuseMetadataOnly(call.body);
  const execution = executions.get(readExecutionArn(call));
  const { input, status, end } = execution;
  return {
    ...identify(execution),
    input,
    inputDetails: { included: true },
    ...(end?.output !== undefined && { output: end.output, outputDetails: { included: true } }),
    ...(end?.error !== undefined && { error: end.error }),
    ...(end?.cause !== undefined && { cause: end.cause }),
    ...describeRedrive(status),
  };
};

/**
 * Returns the fields of DescribeExecution that are about redrives. They are returned as by Step Functions, although the
 * local service can't redrive an execution.
 */
function describeRedrive(status: ExecutionStatus): object {
  if (status !== 'RUNNING' && status !== 'SUCCEEDED') return { redriveCount: 0, redriveStatus: 'REDRIVABLE' };
  const redriveStatusReason = `Execution is ${status} and cannot be redriven`;
  return { redriveCount: 0, redriveStatus: 'NOT_REDRIVABLE', redriveStatusReason };
}

function readExecutionArn({ body }: Call): string {
  const checker = new Checker(body);
  const arn = checker.requiredText('executionArn', EXECUTION_ARN);
  checker.done();
  return checkArn(arn, 'execution');
}

const listExecutions: Operation = ({ body }, { machines, executions }) => {
  const checker = new Checker(body);
  const arn = checker.requiredText('stateMachineArn', { min: 1, max: MAX.arn, shown: true });
  const status = checker.oneOf('statusFilter', STATUSES) as ExecutionStatus | undefined;
  const page = checker.page(MAX.executionsToken);
  checker.done();
  const machine = machines.get(checkArn(arn, 'stateMachine'));
  const { executions: found, ...rest } = executions.list(machine.arn, status, page);
  return { executions: found.map(summary), ...rest };
};

const summary = (execution: Execution): object => ({ ...identify(execution), redriveCount: 0 });

/** Returns the fields that an execution has in both ListExecutions and DescribeExecution. */
function identify({ arn, name, machine, status, startedAt, end }: Execution): object {
  return {
    executionArn: arn,
    stateMachineArn: machine.arn,
    name,
    status,
    startDate: toSeconds(startedAt),
    ...(end && { stopDate: toSeconds(end.at) }),
  };
}

const stopExecution: Operation = ({ body }, { executions }) => {
  const checker = new Checker(body);
  const arn = checker.requiredText('executionArn', EXECUTION_ARN);
  const error = checker.text('error', { max: MAX.error });
  const cause = checker.text('cause', { max: MAX.cause });
  checker.done();
  const execution = executions.get(checkArn(arn, 'execution'));
  execution.stop(error, cause);
  return { stopDate: toSeconds(execution.end?.at ?? execution.startedAt) };
};

const getExecutionHistory: Operation = ({ body }, { executions }) => {
  const checker = new Checker(body);
  const arn = checker.requiredText('executionArn', EXECUTION_ARN);
  const page = checker.page(MAX.executionsToken);
  const reverse = checker.boolean('reverseOrder') ?? false;
  const withData = checker.boolean('includeExecutionData') ?? true;
  checker.done();
  const { history } = executions.get(checkArn(arn, 'execution'));
  // The key of the next page is an event's id, which stays the same when more events are added.
  const id = Number(pageKey(page) ?? (reverse ? history.length : 1));
  if (!Number.isSafeInteger(id) || id < 1) throw errors.invalidToken();
  const from = reverse ? history.length - id : id - 1;
  const events = history.page(from, pageSize(page), { reverse, withData });
  const next = reverse ? id - events.length : id + events.length;
  const more = reverse ? next >= 1 : next <= history.length;
  return { events, ...(more && { nextToken: pageToken(next) }) };
};

export const executionOperations: Record<string, Operation> = {
  StartExecution: startExecution,
  DescribeExecution: describeExecution,
  ListExecutions: listExecutions,
  StopExecution: stopExecution,
  GetExecutionHistory: getExecutionHistory,
};
