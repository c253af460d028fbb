import { isDeepStrictEqual } from 'node:util';
import { type PutEvent, PUT_EXECUTION } from '../../../base/local-protocol.js';
import { compileMachine } from '../../asl/machine.js';
import { parseArn } from '../../asl/values/arn.js';
import { isObject, parseJson } from '../../asl/values/json.js';
import type { ExecutionEnd } from '../../engine/execution.js';
import type { Machine } from '../../engine/machines/machines.js';
import { errors } from '../../engine/service-error.js';
import type { StepFunctions } from '../../engine/step-functions.js';
import type { Operation } from '../operation.js';
import { ARN, checkArn, type Checker, MAX } from '../request-validation.js';
import { compiled } from './definitions.js';

const LATEST = 2 ** 53;
const TEXT = { max: MAX.data } as const;
const ENDS: readonly ExecutionEnd['status'][] = ['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'];

export const putOperations: Record<string, Operation> = {
  /**
   * Shows an execution that ran elsewhere below the machine of the same name, which is created if there is none. A machine
   * that is here already stays as it is: the execution has its own definition, and what is run on from it has that of the
   * machine.
   */
  [PUT_EXECUTION]({ checker }, stepFunctions) {
    const asked = partOf(checker, 'machine');
    const machineArn = asked.requiredText('arn', ARN);
    const definition = asked.requiredText('definition', { min: 1, max: MAX.definition });
    const roleArn = asked.requiredText('roleArn', ARN);
    const ran = partOf(checker, 'execution');
    const arn = ran.requiredText('arn', ARN);
    const input = ran.requiredText('input', TEXT);
    const startedAt = ran.integer('startedAt', 0, LATEST, true) ?? 0;
    const events = checker.requiredText('events', { max: Infinity });
    const end = checker.object('end');
    const ended = end && endOf(end);
    checker.done();
    const name = parseArn(checkArn(arn, 'execution'))?.name.split(':')[1] ?? '';
    if (parseJson(input) === undefined) throw errors.invalidInput('the input is not JSON');
    const { machine, is } = machineFor(
      checkArn(machineArn, 'stateMachine'),
      definition,
      roleArn,
      stepFunctions,
    );
    const copied = { ...machine, definition, roleArn };
    const origin = { arn, startedAt };
    const copy = stepFunctions.executions.copy(copied, name, input, origin, eventsIn(events), ended);
    return { executionArn: copy.arn, stateMachineArn: machine.arn, machineIs: is };
  },
};

function partOf(checker: Checker, field: string): Checker {
  const part = checker.object(field);
  if (!part) throw errors.invalidRequest(`'${field}' is missing`);
  return part;
}

function endOf(end: Checker): ExecutionEnd {
  const status = end.oneOf('status', ENDS, true) as ExecutionEnd['status'];
  const at = end.integer('at', 0, LATEST, true) ?? 0;
  const [output, error, cause] = [end.text('output', TEXT), end.text('error', TEXT), end.text('cause', TEXT)];
  return { status, at, error, cause, ...(output !== undefined && { output }) };
}

/** @throws ServiceError ValidationException if the text isn't a list of events */
function eventsIn(text: string): PutEvent[] {
  const events = parseJson(text);
  if (Array.isArray(events) && events.every(isEvent)) return events as unknown as PutEvent[];
  throw errors.invalidRequest("Expected 'events' to be a list of history events, as JSON");
}

const isEvent = (event: unknown): boolean =>
  isObject(event) &&
  [event['id'], event['previous'], event['at']].every(
    (each) => Number.isSafeInteger(each) && Number(each) >= 0,
  ) &&
  typeof event['type'] === 'string' &&
  (event['details'] === undefined || isObject(event['details']));

/**
 * Returns the machine with this ARN, else the first with its name, else a new one.
 * @returns `is`: `created`, or if the machine that was here has the `same` definition or a `different` one
 */
function machineFor(
  arn: string,
  definition: string,
  roleArn: string,
  stepFunctions: StepFunctions,
): { machine: Machine; is: 'created' | 'same' | 'different' } {
  const { machines, activities } = stepFunctions;
  const { partition = '', region = '', account = '', name = '' } = parseArn(arn) ?? {};
  const text = withOwnActivities(definition, stepFunctions);
  const here = machines.find(arn) ?? machines.all().find((each) => each.name === name);
  if (here?.type === 'EXPRESS')
    throw errors.invalidRequest(`The machine '${name}' is EXPRESS here, so that no execution of it is shown`);
  if (here) {
    const isSame = isDeepStrictEqual(JSON.parse(here.definition), JSON.parse(text));
    return { machine: here, is: isSame ? 'same' : 'different' };
  }
  const program = compileMachine(text);
  for (const { resource, activity } of program.tasks) if (activity) activities.create(resource);
  const home = { partition, region, account };
  return { machine: machines.create(name, text, program, home, { roleArn }), is: 'created' };
}

/**
 * Replaces each activity by one of this service with its name, if there is one: workers of this machine poll for that.
 * @throws ServiceError InvalidDefinition
 */
function withOwnActivities(definition: string, { activities }: StepFunctions): string {
  let text = definition;
  const own = activities.all().map(({ arn }) => arn);
  for (const { resource, activity } of compiled(definition, compileMachine).tasks) {
    const name = parseArn(resource)?.name;
    const namesake = own.includes(resource) ? resource : own.find((arn) => parseArn(arn)?.name === name);
    if (activity && namesake !== undefined) text = text.replaceAll(`"${resource}"`, `"${namesake}"`);
  }
  return text;
}
