import { faultOfMock } from '../../asl/definition/mock-check.js';
import { parseServiceArn } from '../../asl/definition/service-resource.js';
import type { TriedState } from '../../asl/machine.js';
import { bareText, isObject, type Json, type JsonObject } from '../../asl/values/json.js';
import { errors, ServiceError } from '../../engine/answers/service-error.js';
import type { TrialRequest } from './test-state-request.js';

const MOCKED = new Set(['Task', 'Map', 'Parallel']);

/**
 * Checks what a request asks of a state. The texts were recorded from the live service.
 * @throws ServiceError ValidationException, or InvalidDefinition for a Map or Parallel without a mock
 */
export function checkTrial({ roleArn, mode, trial }: TrialRequest, tried: TriedState): void {
  const { mock, context, failedIterations } = trial;
  const { source } = tried;
  const type = bareText(source['Type'] ?? null);
  if (mock && !MOCKED.has(type)) refuse(`State type '${type}' is not supported when a mock is specified`);
  if (!mock) checkUnmocked(type, roleArn);
  if (mock?.kind === 'succeeded') {
    const { result } = mock;
    checkResult(type, source, result, failedIterations);
    if (type === 'Task' && mode !== 'NONE') checkSchema(source, result, mode);
  }
  if (context) checkContext(context, type, source);
}

function refuse(reason: string): never {
  throw errors.invalidRequest(reason);
}

function checkUnmocked(type: string, roleArn: string | undefined): void {
  if (type === 'Map' || type === 'Parallel')
    throw new ServiceError(
      'InvalidDefinition',
      'TestState API does not support Map or Parallel states. Supported state types include: [Task, Wait, Pass, Succeed, Fail, Choice]',
    );
  if (type === 'Task' && roleArn === undefined) refuse('RoleArn must be specified when testing a Task state');
}

function checkResult(type: string, source: JsonObject, result: Json, failed: number | undefined): void {
  const writes = type === 'Map' && source['ResultWriter'] !== undefined;
  if (writes && !isObject(result)) refuse('Mocked result must be a JSON object.');
  if (type === 'Task' || writes) return;
  if (!Array.isArray(result)) refuse('Mocked result must be an array.');
  const { Branches: branches } = source;
  if (type === 'Parallel' && Array.isArray(branches) && branches.length !== result.length)
    refuse('Mocked result must contain the same number of items as number of Parallel branches.');
  if (failed !== undefined && failed > result.length)
    refuse('Map iteration failure count must be less than or equal to the number of Map iterations');
}

/** Holds a mocked answer against the API of the service, if it isn't the output of a job or of a callback. */
function checkSchema(source: JsonObject, result: Json, mode: TrialRequest['mode']): void {
  const service = parseServiceArn(bareText(source['Resource'] ?? null));
  if (!service?.details || service.pattern !== 'requestResponse') return;
  const fault = faultOfMock(
    `${service.details.resourceType}:${service.details.resource}`,
    result,
    mode === 'STRICT',
  );
  if (fault !== undefined) refuse(`Mock result schema validation error: ${fault}`);
}

const PARTS: Readonly<Record<string, readonly string[]>> = {
  Execution: ['Id', 'Input', 'Name', 'RoleArn', 'StartTime', 'RedriveCount', 'RedriveTime'],
  State: ['EnteredTime', 'Name', 'RetryCount'],
  StateMachine: ['Id', 'Name'],
  Task: ['Token'],
};
const TEXTS = new Set(['Id', 'Name', 'RoleArn', 'StartTime', 'RedriveTime', 'EnteredTime', 'Token']);

function checkContext(context: JsonObject, type: string, source: JsonObject): void {
  const wrong = (reason: string): never => refuse(`Invalid Context object provided: ${reason}`);
  for (const [part, value] of Object.entries(context)) {
    if (part === 'Map') wrong("'Map' field is not supported when mocking a Context object");
    const allowed = PARTS[part];
    if (!allowed) wrong(`Field '${part}' is not allowed`);
    for (const [field, member] of Object.entries(isObject(value) ? value : {})) {
      if (!allowed?.includes(field)) wrong(`Field '${field}' is not allowed`);
      if (TEXTS.has(field) && typeof member !== 'string') wrong(`${part}.${field} must be a string`);
    }
  }
  if (context['Task'] !== undefined && !waits(type, source))
    wrong(
      "Context object contains 'Task' when state is not a Task state with a '.sync' or '.waitForTaskToken' service integration pattern",
    );
}

function waits(type: string, source: JsonObject): boolean {
  const pattern =
    type === 'Task' ? parseServiceArn(bareText(source['Resource'] ?? null))?.pattern : undefined;
  return pattern === 'runJob' || pattern === 'callback';
}
