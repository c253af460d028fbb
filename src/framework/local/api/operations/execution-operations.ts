import { randomUUID } from 'node:crypto';
import type { Resources } from '../../../asl/runtime/resource.js';
import { errors } from '../../engine/service-error.js';
import type { Machine } from '../../engine/machines/machine.js';
import type { StepFunctions } from '../../engine/step-functions.js';
import { START_FROM } from '../../../base/local-protocol.js';
import { isObject, type Json, readJson } from '../../../asl/values/json.js';
import { beginningIn } from '../../engine/beginning.js';
import type { Execution, ExecutionStatus, Parent, StartedBy } from '../../engine/execution.js';
import { toSeconds } from '../../engine/history.js';
import { notRedrivable } from '../../engine/redrives.js';
import type { Call, Operation } from '../operation.js';
import { readMetadataOnly } from './machine-settings.js';
import { listOf, pageKey, pageOf, pageSize, pageToken } from '../../engine/pages.js';
import { jsonMistake } from '../../../asl/values/json-scan.js';
import { ARN, checkArn, checkName, MAX, NAME } from '../request-validation.js';

/** Splits the ARN of a machine from the test case of a mock file that may stand behind it: `ARN#TestCase`. */
function splitTestCase(arn: string): [arn: string, testCase: string | undefined] {
  const at = arn.indexOf('#');
  return at < 0 ? [arn, undefined] : [arn.slice(0, at), arn.slice(at + 1)];
}

/**
 * Returns the responses of a test case for one execution.
 * @throws ServiceError ValidationException if there is no such test case, or it mocks a state that isn't a Task of
 * the machine
 */
function testCaseOf({ name, program }: Machine, testCase: string, { testCases }: StepFunctions): Resources {
  const tasks = program.tasks.map(({ state }) => state);
  const found = testCases
    ? testCases.resourcesOf(name, tasks, testCase)
    : `The test case '${testCase}' needs a mock file: start the local service with --mock-config MockConfigFile.json`;
  if (typeof found === 'string') throw errors.invalidRequest(found);
  return found;
}

/**
 * The execution statuses, in the order of Step Functions' error message. An execution of the local service never has
 * the status PENDING_REDRIVE.
 */
const STATUSES = ['SUCCEEDED', 'TIMED_OUT', 'PENDING_REDRIVE', 'ABORTED', 'FAILED', 'RUNNING'];
/** API reference of Step Functions, StartExecution: ASCII characters only. */
const TRACE = {
  max: 256,
  // oxlint-disable-next-line no-control-regex -- control characters are allowed
  pattern: { regexp: /^[\u0000-\u007f]*$/, shown: '\\p{ASCII}*' },
  shown: true,
} as const;

const TOKEN = { min: 1, max: 64, pattern: { regexp: /^[!-~]*$/, shown: '[!-~]+' }, shown: true } as const;

/** Returns the name of an execution that begins in a state. Lists of executions then show where it has begun. */
const nameFrom = (state: string): string =>
  `from-${state.slice(0, 38).replaceAll(/[^\w-]/g, '-')}-${randomUUID()}`;

function parseInput(input: string): Json {
  try {
    return readJson(input);
  } catch (error) {
    const { message } = error as Error;
    throw errors.invalidInput(
      input.trim() === '' ? 'Invalid execution input.' : (jsonMistake(input)?.message ?? message),
    );
  }
}

/**
 * Returns the fields that only the response of DescribeExecution has: whether the execution can be redriven, and why. API
 * reference of Step Functions: a child of a Map Run is redriven with it.
 */
function describeRedrive(execution: Execution, now: number): object {
  const { mapRun } = execution.startedBy.parent ?? {};
  const redriveStatusReason = notRedrivable(execution, now);
  if (redriveStatusReason !== undefined) return { redriveStatus: 'NOT_REDRIVABLE', redriveStatusReason };
  return { redriveStatus: mapRun ? 'REDRIVABLE_BY_MAP_RUN' : 'REDRIVABLE' };
}

/**
 * Rejects the parameters of ListExecutions that are only allowed in a request for a Map Run. API reference of Step
 * Functions, ListExecutions.
 * @throws ServiceError ValidationException
 */
function refuseMapRuns(fields: Record<string, string | undefined>, status: string | undefined): void {
  for (const [field, value] of Object.entries(fields))
    if (value !== undefined)
      throw errors.invalidRequest(`'${field}' cannot be given together with 'stateMachineArn'.`);
  if (status === 'PENDING_REDRIVE')
    throw errors.invalidRequest("The status PENDING_REDRIVE can be asked for with 'mapRunArn' only.");
}

/** Returns the input and the outcome of an execution. @param included false to leave them out */
function describeData({ input, end }: Execution, included: boolean): object {
  const { output, error, cause } = end ?? {};
  return {
    ...(included && { input }),
    inputDetails: { included },
    ...(included && { output, error, cause }),
  };
}

/** Returns the fields that describe an execution in the responses of both ListExecutions and DescribeExecution. */
function identify({ arn, name, machine, status, startedAt, end, startedBy, redrives }: Execution): object {
  return {
    executionArn: arn,
    stateMachineArn: machine.arn,
    ...(startedBy.versionArn !== undefined && { stateMachineVersionArn: startedBy.versionArn }),
    ...(startedBy.aliasArn !== undefined && { stateMachineAliasArn: startedBy.aliasArn }),
    name,
    status,
    startDate: toSeconds(startedAt),
    ...(end && { stopDate: toSeconds(end.at) }),
    redriveCount: redrives.count,
    ...(redrives.at !== undefined && { redriveDate: toSeconds(redrives.at) }),
  };
}

/** Returns the response of DescribeExecution. @param included false if it is without the input and the outcome */
export function describeExecution(execution: Execution, now: number, included = true): object {
  const { end, startedBy } = execution;
  return {
    ...identify(execution),
    ...describeData(execution, included),
    ...(end?.output !== undefined && { outputDetails: { included } }),
    ...(startedBy.traceHeader !== undefined && { traceHeader: startedBy.traceHeader }),
    ...(startedBy.parent?.mapRun && { mapRunArn: startedBy.parent.mapRun.arn }),
    ...describeRedrive(execution, now),
  };
}

/**
 * Returns the execution that the input of another execution names as the one that has started it. AWS page "Start a new
 * AWS Step Functions execution": a console links the two by it.
 */
function parentIn(input: Json): Parent | undefined {
  const executionArn = isObject(input) ? input['AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID'] : undefined;
  return typeof executionArn === 'string' && executionArn.length <= MAX.arn ? { executionArn } : undefined;
}

/** Returns an execution as ListExecutions does. API reference of Step Functions, ExecutionListItem. */
function summary(execution: Execution): object {
  const { mapRun, items } = execution.startedBy.parent ?? {};
  return { ...identify(execution), ...(mapRun && { mapRunArn: mapRun.arn, itemCount: items }) };
}

/** @throws ServiceError ValidationException, always */
function missingArn(): never {
  const message = "'stateMachineArn' or 'mapRunArn' must be given.";
  throw errors.invalidRequest(message, 'MISSING_REQUIRED_PARAMETER');
}

/** Reads the request to start an execution, as the arguments of {@link Executions.start}. */
function readStart(
  { checker, parent: caller }: Call,
  stepFunctions: StepFunctions,
): [machine: Machine, name: string | undefined, input: string, parsed: Json, startedBy: StartedBy] {
  const arn = checker.requiredText('stateMachineArn', ARN);
  const name = checker.text('name', NAME);
  const input = checker.text('input', { max: MAX.data }) ?? '{}';
  const traceHeader = checker.text('traceHeader', TRACE);
  checker.done();
  if (name !== undefined) checkName(name);
  const [plainArn, testCase] = splitTestCase(arn);
  const { machines, random } = stepFunctions;
  const { machine, ...named } = machines.named(checkArn(plainArn, 'stateMachine'), random);
  const parsed = parseInput(input);
  const parent = caller ?? parentIn(parsed);
  const startedBy = {
    ...named,
    ...(parent && { parent }),
    ...(traceHeader !== undefined && { traceHeader }),
    ...(testCase !== undefined && { testCase: testCaseOf(machine, testCase, stepFunctions) }),
  };
  return [machine, name, input, parsed, startedBy];
}

/** Returns what an execution of an EXPRESS machine costs: its time is billed in steps of 100 ms, its memory in 64 MB. */
function billing({ startedAt, end }: Execution): object {
  const ms = (end?.at ?? startedAt) - startedAt;
  return { billedDurationInMilliseconds: Math.max(1, Math.ceil(ms / 100)) * 100, billedMemoryUsedInMB: 64 };
}

export const executionOperations: Record<string, Operation> = {
  StartExecution(call, stepFunctions) {
    const { arn, startedAt } = stepFunctions.executions.start(...readStart(call, stepFunctions));
    return { executionArn: arn, startDate: toSeconds(startedAt) };
  },

  /**
   * Starts an execution in any state of a machine, with the variables of an earlier execution. Uses the definition that
   * StartExecution would use, so that a state can be tried again after it was corrected. Step Functions itself has no such
   * operation.
   */
  [START_FROM]({ checker }, { machines, executions, random }) {
    const arn = checker.requiredText('executionArn', ARN);
    const state = checker.requiredText('state', NAME);
    const given = checker.text('input', { max: MAX.data });
    const name = checker.text('name', NAME) ?? nameFrom(state);
    checker.done();
    checkName(name);
    const earlier = executions.get(checkArn(arn, 'execution'));
    const { aliasArn, versionArn } = earlier.startedBy;
    const { machine, ...named } = machines.named(aliasArn ?? versionArn ?? earlier.machine.arn, random);
    const beginning = beginningIn(earlier, machine.program, state, given);
    const { input } = earlier;
    const started = executions.start(machine, name, input, readJson(input), named, beginning);
    return { executionArn: started.arn, startDate: toSeconds(started.startedAt) };
  },

  RedriveExecution({ checker }, { executions }) {
    const arn = checker.requiredText('executionArn', ARN);
    const token = checker.text('clientToken', TOKEN);
    checker.done();
    const execution = executions.get(checkArn(arn, 'execution'));
    if (execution.startedBy.parent?.mapRun)
      throw errors.notRedrivable('Execution is a child of a Map Run, which is redriven with its parent');
    return { redriveDate: toSeconds(executions.redrive(execution, token)) };
  },

  DescribeExecution({ checker }, { executions, clock }) {
    const arn = checker.requiredText('executionArn', ARN);
    const included = !readMetadataOnly(checker);
    checker.done();
    return describeExecution(executions.get(checkArn(arn, 'execution')), clock.now(), included);
  },

  ListExecutions({ operation, checker }, { machines, executions, mapRuns, random }) {
    const machineArn = checker.text('stateMachineArn', ARN);
    const status = checker.oneOf('statusFilter', STATUSES) as ExecutionStatus | undefined;
    const redriveFilter = checker.oneOf('redriveFilter', ['REDRIVEN', 'NOT_REDRIVEN']);
    const mapRunArn = checker.text('mapRunArn', { min: 1, max: MAX.longArn, shown: true });
    const page = checker.page(operation, MAX.executionsToken);
    checker.done();
    const list = (found: readonly Execution[]): object => {
      const wanted = found.filter((each) => status === undefined || each.status === status);
      return listOf(
        'executions',
        pageOf(wanted, ({ order }) => -order, page),
        summary,
      );
    };
    if (machineArn === undefined) {
      const run = mapRuns.get(checkArn(mapRunArn ?? missingArn(), 'mapRun'));
      const isWanted = ({ redrives: { count } }: Execution): boolean =>
        redriveFilter === undefined || (redriveFilter === 'REDRIVEN') === count > 0;
      return list(executions.children(run.arn).filter(isWanted));
    }
    refuseMapRuns({ redriveFilter, mapRunArn }, status);
    const { machine, ...by } = machines.named(checkArn(machineArn, 'stateMachine'), random);
    if (machine.type === 'EXPRESS') throw errors.typeNotSupported();
    // An alias stands for itself here, whichever of its versions was started.
    const isBy = ({ startedBy: { aliasArn, versionArn } }: Execution): boolean =>
      by.aliasArn === undefined
        ? by.versionArn === undefined || versionArn === by.versionArn
        : aliasArn === by.aliasArn;
    return list([...executions.startedAfter(0, machine.arn)].filter(isBy));
  },

  StopExecution({ checker }, { executions }) {
    const arn = checker.requiredText('executionArn', ARN);
    const error = checker.text('error', { max: MAX.error });
    const cause = checker.text('cause', { max: MAX.cause });
    checker.done();
    const execution = executions.get(checkArn(arn, 'execution'));
    const { origin } = execution.startedBy;
    if (origin)
      throw errors.invalidRequest(`The execution does not run here: stop ${origin.arn} where it runs`);
    execution.stop(error, cause);
    return { stopDate: toSeconds(execution.end?.at ?? execution.startedAt) };
  },

  GetExecutionHistory({ operation, checker }, { executions }) {
    const arn = checker.requiredText('executionArn', ARN);
    const page = checker.page(operation, MAX.executionsToken);
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
    return { events, ...(more && { nextToken: pageToken(page, next) }) };
  },

  /** Recorded from the live service: outputDetails is there although the execution has failed and has no output. */
  async StartSyncExecution(call, stepFunctions) {
    const included = !readMetadataOnly(call.checker);
    const [asked, named, input, parsed, startedBy] = readStart(call, stepFunctions);
    if (asked.type !== 'EXPRESS') throw errors.typeNotSupported();
    const awaited = { ...startedBy, isAwaited: true } as const;
    const execution = stepFunctions.executions.start(asked, named, input, parsed, awaited);
    await new Promise((resolve) => execution.whenEnded(resolve));
    const { arn, name, machine, startedAt, end, status } = execution;
    return {
      executionArn: arn,
      stateMachineArn: machine.arn,
      name,
      startDate: toSeconds(startedAt),
      stopDate: toSeconds(end?.at ?? startedAt),
      status,
      ...describeData(execution, included),
      outputDetails: { included },
      billingDetails: billing(execution),
    };
  },
};
