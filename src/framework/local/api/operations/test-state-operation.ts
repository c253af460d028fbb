import { groupsIn, kindOf, KINDS, type Stage, type StateKind } from '../../../asl/kinds.js';
import type { MockedOutcome, StateTestEnd } from '../../../asl/runtime/state-test.js';
import { bareText, isObject, type Json, type JsonObject, parseJson } from '../../../asl/values/json.js';
import { errors, ServiceError } from '../../engine/service-error.js';
import { ARN, type Checker, checkRole, MAX, NAME } from '../request-validation.js';
import { compiled } from './definitions.js';
import { faultOfMock } from './test-state-mocks.js';
import { parseServiceArn } from '../../../asl/definition/service-resource.js';
import { compileTested, type TestedState } from '../../../asl/machine.js';
import { homeOf } from '../../engine/machines/machines.js';
import type { StateTestExecution } from '../../engine/state-test.js';
import type { Operation } from '../operation.js';

/** The request of a TestState call. */
type TestStateRequest = ReturnType<typeof readTestStateRequest>;

const DATA = { max: MAX.data } as const;

/** Reads a request. @throws ServiceError ValidationException if a member of it isn't valid */
function readTestStateRequest(checker: Checker) {
  const definition = checker.requiredText('definition', { min: 1, max: MAX.definition });
  const roleArn = checker.text('roleArn', ARN);
  const input = checker.text('input', DATA) ?? '{}';
  const level = checker.oneOf('inspectionLevel', ['INFO', 'DEBUG', 'TRACE']) ?? 'INFO';
  const secrets = checker.boolean('revealSecrets') ?? false;
  const variablesText = checker.text('variables', DATA);
  const stateName = checker.text('stateName', NAME);
  const contextText = checker.text('context', DATA);
  const readOutcome = readMock(checker);
  const configuration = checker.object('stateConfiguration');
  const retries = configuration?.integer('retrierRetryCount', 0, Number.MAX_SAFE_INTEGER) ?? 0;
  configuration?.text('errorCausedByState', NAME);
  const failedIterations = configuration?.integer('mapIterationFailureCount', 0, Number.MAX_SAFE_INTEGER);
  const itemData = configuration?.text('mapItemReaderData', DATA);
  checker.done();
  if (roleArn !== undefined) checkRole(roleArn);
  if (readOutcome && secrets) refuse('TestState does not support RevealSecrets when a mock is specified.');
  if (failedIterations !== undefined && !readOutcome)
    refuse('TestState does not support MapIterationFailureCount when a mock is not specified.');
  const variables = objectIn('variables', variablesText) ?? {};
  const { outcome: mock, text: mockText, mode } = readOutcome?.() ?? {};
  const context = objectIn('context', contextText);
  const stateTest = { mock, context, retries, failedIterations, itemData };
  return { definition, stateName, roleArn, input, level, variables, contextText, mockText, mode, stateTest };
}

/** Returns a function that reads the mock's outcome, once the whole request is known to be valid. */
function readMock(checker: Checker) {
  const mock = checker.object('mock');
  if (!mock) return undefined;
  const text = mock.text('result', DATA);
  const failure = mock.object('errorOutput');
  const error = failure?.text('error', { max: MAX.error });
  const cause = failure?.text('cause', { max: MAX.cause });
  const mode = mock.oneOf('fieldValidationMode', ['STRICT', 'PRESENT', 'NONE']) ?? 'STRICT';
  return () => {
    if ((text === undefined) === (failure === undefined))
      refuse('A test mock should have only one of the following fields: [result, errorOutput].');
    const result = text === undefined ? null : parseJson(text);
    if (result === undefined) refuse('Mocked result must be valid JSON');
    const outcome: MockedOutcome =
      text === undefined ? { kind: 'failed', error, cause } : { kind: 'succeeded', result };
    return { outcome, text, mode };
  };
}

function objectIn(field: string, text: string | undefined): JsonObject | undefined {
  if (text === undefined) return undefined;
  const value = parseJson(text);
  return isObject(value) ? value : refuse(`Expected '${field}' to be a JSON object.`);
}

/**
 * Checks what a request asks of a state. The texts were recorded from the live service.
 * @throws ServiceError ValidationException, or InvalidDefinition for a Map or Parallel without a mock
 */
function checkTestState({ roleArn, mode, stateTest }: TestStateRequest, tested: TestedState): void {
  const { mock, context, failedIterations } = stateTest;
  const { source } = tested;
  const kind = kindOf(source['Type']);
  if (mock && !kind?.mock)
    refuse(`State type '${bareText(source['Type'] ?? null)}' is not supported when a mock is specified`);
  if (!mock) checkUnmocked(kind, roleArn);
  if (mock?.kind === 'succeeded') {
    const { result } = mock;
    checkResult(kind, source, result, failedIterations);
    if (kind?.calls && mode !== 'NONE') checkSchema(source, result, mode);
  }
  if (context) checkContext(context, kind, source);
}

function refuse(reason: string): never {
  throw errors.invalidRequest(reason);
}

/** The types of state that can be tested without a mock. */
const UNMOCKED = Object.entries<StateKind>(KINDS).flatMap(([type, { mock }]) =>
  mock === 'needed' ? [] : [type],
);

function checkUnmocked(kind: StateKind | undefined, roleArn: string | undefined): void {
  if (kind?.mock === 'needed')
    throw new ServiceError(
      'InvalidDefinition',
      `TestState API does not support Map or Parallel states. Supported state types include: [${UNMOCKED.join(', ')}]`,
    );
  if (kind?.calls && roleArn === undefined) refuse('RoleArn must be specified when testing a Task state');
}

function checkResult(
  kind: StateKind | undefined,
  source: JsonObject,
  result: Json,
  failed: number | undefined,
): void {
  const writes = kind?.holds?.as === 'iterations' && source['ResultWriter'] !== undefined;
  if (writes && !isObject(result)) refuse('Mocked result must be a JSON object.');
  if (kind?.calls || writes) return;
  if (!Array.isArray(result)) refuse('Mocked result must be an array.');
  if (kind?.holds?.as === 'branches' && groupsIn(source).length !== result.length)
    refuse('Mocked result must contain the same number of items as number of Parallel branches.');
  if (failed !== undefined && failed > result.length)
    refuse('Map iteration failure count must be less than or equal to the number of Map iterations');
}

/** Holds a mocked answer against the API of the service, if it isn't the output of a job or of a callback. */
function checkSchema(source: JsonObject, result: Json, mode: TestStateRequest['mode']): void {
  const service = parseServiceArn(bareText(source['Resource'] ?? null));
  if (!service?.details || service.pattern !== 'requestResponse') return;
  const { resourceType, resource } = service.details;
  const fault = faultOfMock(`${resourceType}:${resource}`, result, mode === 'STRICT');
  if (fault !== undefined) refuse(`Mock result schema validation error: ${fault}`);
}

const PARTS: Readonly<Record<string, readonly string[]>> = {
  Execution: ['Id', 'Input', 'Name', 'RoleArn', 'StartTime', 'RedriveCount', 'RedriveTime'],
  State: ['EnteredTime', 'Name', 'RetryCount'],
  StateMachine: ['Id', 'Name'],
  Task: ['Token'],
};
const TEXTS = new Set(['Id', 'Name', 'RoleArn', 'StartTime', 'RedriveTime', 'EnteredTime', 'Token']);

function checkContext(context: JsonObject, kind: StateKind | undefined, source: JsonObject): void {
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
  if (context['Task'] !== undefined && !(kind?.calls && waits(source)))
    wrong(
      "Context object contains 'Task' when state is not a Task state with a '.sync' or '.waitForTaskToken' service integration pattern",
    );
}

function waits({ Resource: resource = null }: JsonObject): boolean {
  const { pattern = 'requestResponse' } = parseServiceArn(bareText(resource)) ?? {};
  return pattern !== 'requestResponse';
}

function parsed(input: string): Json {
  const value = parseJson(input);
  if (value === undefined) throw errors.invalidInput('Invalid execution input.');
  return value;
}

/** Recorded from the live service: what is passed on as it was given is shown as it was given, with its white space. */
function keepTexts({ spellings }: StateTestExecution, request: TestStateRequest, input: Json): void {
  const { mockText, contextText, stateTest } = request;
  const { mock, context } = stateTest;
  spellings.keepParts(input, request.input);
  if (context && contextText !== undefined) spellings.keepParts(context, contextText);
  if (mock?.kind === 'succeeded' && mockText !== undefined) spellings.keepParts(mock.result, mockText);
}

function answer(
  end: StateTestEnd,
  execution: StateTestExecution,
  request: TestStateRequest,
  tested: TestedState,
  input: Json,
  seen: ReadonlyMap<Stage, Json>,
): object {
  const text = (value: Json): string => execution.spellings.of(value) ?? JSON.stringify(value);
  const { error, cause, details = {} } = end.status === 'SUCCEEDED' ? {} : end;
  const variables = JSON.stringify(execution.variables);
  const inspectionData = {
    input: text(input),
    ...shown(tested, seen, text),
    ...(Object.keys(details).length > 0 && { errorDetails: details }),
    ...(variables !== '{}' && { variables }),
  };
  return {
    status: end.status,
    ...('output' in end && { output: text(end.output) }),
    ...('next' in end && { nextState: end.next }),
    error,
    cause,
    ...(request.level !== 'INFO' && { inspectionData }),
  };
}

const NUMBERS = new Set<Stage>(['maxConcurrency', 'toleratedFailureCount', 'toleratedFailurePercentage']);
const FIXED_RESULT: readonly Stage[] = ['result', 'afterResultSelector', 'afterResultPath'];

function shown(
  { source, language }: TestedState,
  seen: ReadonlyMap<Stage, Json>,
  text: (value: Json) => string,
): object {
  const { literal, shows } = kindOf(source['Type']) ?? {};
  const isFixed = literal !== undefined && language === 'JSONPath' && source[literal] !== undefined;
  const stages = isFixed ? FIXED_RESULT : (shows?.[language] ?? []);
  const members: Record<string, Json> = {};
  for (const stage of stages) {
    const value = seen.get(stage);
    if (value !== undefined) members[stage] = NUMBERS.has(stage) ? value : text(value);
  }
  return members;
}

export const testStateOperations: Record<string, Operation> = {
  async TestState({ checker, region, onClosed }, stepFunctions) {
    const request = readTestStateRequest(checker);
    const input = parsed(request.input);
    const tested = compiled(request.definition, (text) => compileTested(text, request.stateName));
    if (!tested) throw errors.invalidRequest('State not found in definition');
    checkTestState(request, tested);
    const seen = new Map<Stage, Json>();
    const stateTest = {
      ...request.stateTest,
      see: (stage: Stage, value: Json) => void seen.set(stage, value),
    };
    const execution = stepFunctions.testState(stateTest, homeOf(region), request.roleArn, input);
    onClosed(() => execution.stop());
    keepTexts(execution, request, input);
    const end = await execution.run(tested, request.variables);
    return answer(end, execution, request, tested, input, seen);
  },
};
