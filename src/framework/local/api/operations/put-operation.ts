import { isDeepStrictEqual } from 'node:util';
import { type PutEvent, PUT_EXECUTION } from '../../../base/local-protocol.js';
import { compileMachine, DefinitionError, failing, problemsIn } from '../../../asl/machine.js';
import { parseArn } from '../../../asl/values/arn.js';
import { isObject, type Json, parseJson } from '../../../asl/values/json.js';
import type { ExecutionEnd } from '../../engine/execution.js';
import type { Machine } from '../../engine/machines/machine.js';
import { errors } from '../../engine/service-error.js';
import type { StepFunctions } from '../../engine/step-functions.js';
import type { Operation } from '../operation.js';
import { ARN, checkArn, type Checker, MAX } from '../request-validation.js';
import { checkHeapFor, compiled } from './definitions.js';

const LATEST = 2 ** 53;
const TEXT = { max: MAX.data } as const;
const ENDS: readonly ExecutionEnd['status'][] = ['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'];

export const putOperations: Record<string, Operation> = {
  /**
   * Shows an execution that ran elsewhere below the machine of the same name, which is created if there is none. A machine
   * that is here already stays as it is: the execution has its own definition, and what is run on from it has that of the
   * machine. A definition that this service refuses is shown too: what is started with it fails, and says why.
   */
  [PUT_EXECUTION]({ checker }, stepFunctions) {
    const machineArn = checkArn(checker.requiredText('stateMachineArn', ARN), 'stateMachine');
    const definition = checker.requiredText('definition', { min: 1, max: MAX.definition });
    const roleArn = checker.requiredText('roleArn', ARN);
    const arn = checkArn(checker.requiredText('executionArn', ARN), 'execution');
    const input = checker.requiredText('input', TEXT);
    const startedAt = checker.integer('startedAt', 0, LATEST, true) ?? 0;
    const text = checker.requiredText('events', { max: Infinity });
    const end = readEnd(checker);
    checker.done();
    if (parseJson(input) === undefined) throw errors.invalidInput('the input is not JSON');
    const events = readEvents(text);
    const { machine, ...how } = machineFor(machineArn, definition, roleArn, stepFunctions);
    const name = parseArn(arn)?.name.split(':')[1] ?? '';
    const origin = { arn, startedAt };
    const ran = { ...machine, definition, roleArn };
    const copy = stepFunctions.executions.copy(ran, name, input, origin, events, end);
    return { executionArn: copy.arn, stateMachineArn: machine.arn, ...how };
  },
};

/** Returns how the execution has ended; undefined without a `status`. */
function readEnd(checker: Checker): ExecutionEnd | undefined {
  const status = checker.oneOf('status', ENDS) as ExecutionEnd['status'] | undefined;
  const at = checker.integer('stoppedAt', 0, LATEST, status !== undefined) ?? 0;
  const [output, error, cause] = ['output', 'error', 'cause'].map((field) => checker.text(field, TEXT));
  return status && { status, at, error, cause, ...(output !== undefined && { output }) };
}

/** @throws ServiceError ValidationException if the text isn't a list of events */
function readEvents(text: string): PutEvent[] {
  const events = parseJson(text);
  if (Array.isArray(events) && events.every(isEvent)) return events as unknown as PutEvent[];
  throw errors.invalidRequest("Expected 'events' to be a list of history events, as JSON");
}

/** The previous event of each is an earlier one. */
const isEvent = (event: Json): boolean =>
  isObject(event) &&
  typeof event['type'] === 'string' &&
  Number.isSafeInteger(event['at']) &&
  Number(event['previous']) >= 0 &&
  Number(event['id']) > Number(event['previous']) &&
  (event['details'] === undefined || isObject(event['details']));

/**
 * Returns the machine with this ARN, else the first with its name, else a new one.
 * @returns `machineIs`: `created`, or if the machine that was here has the `same` definition or a `different` one;
 *   `refused`: why its definition can't run here
 */
function machineFor(
  arn: string,
  definition: string,
  roleArn: string,
  stepFunctions: StepFunctions,
): { machine: Machine; machineIs: 'created' | 'same' | 'different'; refused?: string | undefined } {
  const { machines, activities } = stepFunctions;
  const { partition = '', region = '', account = '', name = '' } = parseArn(arn) ?? {};
  checkHeapFor(definition);
  const problems = problemsIn(definition);
  const refused = problems.length > 0 ? new DefinitionError(problems).message : undefined;
  const text = refused === undefined ? withOwnActivities(definition, stepFunctions) : definition;
  const here = machines.find(arn) ?? machines.all().find((each) => each.name === name);
  if (here?.type === 'EXPRESS')
    throw errors.invalidRequest(`The machine '${name}' is EXPRESS here, so that no execution of it is shown`);
  if (here) {
    const isSame = isDeepStrictEqual(JSON.parse(here.definition), JSON.parse(text));
    return isSame ? { machine: here, machineIs: 'same', refused } : { machine: here, machineIs: 'different' };
  }
  const program = compiled(refused === undefined ? text : failing(text, refused), compileMachine);
  for (const { resource, activity } of program.tasks) if (activity) activities.create(resource);
  const home = { partition, region, account };
  return { machine: machines.create(name, text, program, home, { roleArn }), machineIs: 'created', refused };
}

/** Replaces each activity by one of this service with its name, if there is one: workers of this machine poll for that. */
function withOwnActivities(definition: string, { activities }: StepFunctions): string {
  let text = definition;
  const own = activities.all().map(({ arn }) => arn);
  for (const { resource, activity } of compileMachine(definition).tasks) {
    const name = parseArn(resource)?.name;
    const namesake = own.includes(resource) ? resource : own.find((arn) => parseArn(arn)?.name === name);
    if (activity && namesake !== undefined) text = text.replaceAll(`"${resource}"`, `"${namesake}"`);
  }
  return text;
}
