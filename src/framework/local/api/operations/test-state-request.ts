import type { ValidationMode } from '../../asl/definition/mock-check.js';
import type { MockedOutcome } from '../../asl/runtime/trial.js';
import { isObject, parseJson, type JsonObject } from '../../asl/values/json.js';
import { errors } from '../../engine/answers/service-error.js';
import { ARN, type Checker, checkRole, MAX, NAME } from '../request-validation.js';

/** The outcome that stands for the work of the state, and its text. */
export interface RequestedMock {
  readonly outcome: MockedOutcome;
  readonly text: string | undefined;
  readonly mode: ValidationMode;
}

/** The request of a TestState call. */
export interface TrialRequest {
  readonly definition: string;
  readonly stateName: string | undefined;
  readonly roleArn: string | undefined;
  readonly input: string;
  readonly level: string;
  readonly variables: JsonObject;
  readonly mock: RequestedMock | undefined;
  readonly context: JsonObject | undefined;
  readonly contextText: string | undefined;
  readonly configuration: {
    readonly retrierRetryCount: number | undefined;
    readonly errorCausedByState: string | undefined;
    readonly mapIterationFailureCount: number | undefined;
    readonly itemData: string | undefined;
  };
}

const DATA = { max: MAX.data } as const;

/** Reads a request. @throws ServiceError ValidationException if a member of it isn't valid */
export function readTrialRequest(checker: Checker): TrialRequest {
  const definition = checker.requiredText('definition', { min: 1, max: MAX.definition });
  const roleArn = checker.text('roleArn', ARN);
  const input = checker.text('input', DATA) ?? '{}';
  const level = checker.oneOf('inspectionLevel', ['INFO', 'DEBUG', 'TRACE']) ?? 'INFO';
  const secrets = checker.boolean('revealSecrets') ?? false;
  const variables = checker.text('variables', DATA);
  const stateName = checker.text('stateName', NAME);
  const contextText = checker.text('context', DATA);
  const mock = readMock(checker);
  const configuration = readConfiguration(checker);
  checker.done();
  if (roleArn !== undefined) checkRole(roleArn);
  if (mock && secrets)
    throw errors.refusal('TestState does not support RevealSecrets when a mock is specified.');
  if (configuration.mapIterationFailureCount !== undefined && !mock)
    throw errors.refusal('TestState does not support MapIterationFailureCount when a mock is not specified.');
  return {
    definition,
    stateName,
    roleArn,
    input,
    level,
    variables: objectIn('variables', variables) ?? {},
    mock: mock?.(),
    context: objectIn('context', contextText),
    contextText,
    configuration,
  };
}

/** Returns a function that reads the mock's outcome, once the whole request is known to be valid. */
function readMock(checker: Checker): (() => RequestedMock) | undefined {
  const mock = checker.object('mock');
  if (!mock) return undefined;
  const text = mock.text('result', DATA);
  const failure = mock.object('errorOutput');
  const error = failure?.text('error', { max: MAX.error });
  const cause = failure?.text('cause', { max: MAX.cause });
  const mode = (mock.oneOf('fieldValidationMode', ['STRICT', 'PRESENT', 'NONE']) ??
    'STRICT') as ValidationMode;
  return () => {
    if ((text === undefined) === (failure === undefined))
      throw errors.refusal(
        'A test mock should have only one of the following fields: [result, errorOutput].',
      );
    if (text === undefined) return { outcome: { kind: 'failed', error, cause }, text, mode };
    const result = parseJson(text);
    if (result === undefined) throw errors.refusal('Mocked result must be valid JSON');
    return { outcome: { kind: 'succeeded', result }, text, mode };
  };
}

function readConfiguration(checker: Checker): TrialRequest['configuration'] {
  const part = checker.object('stateConfiguration');
  return {
    retrierRetryCount: part?.integer('retrierRetryCount', 0, Number.MAX_SAFE_INTEGER),
    errorCausedByState: part?.text('errorCausedByState', NAME),
    mapIterationFailureCount: part?.integer('mapIterationFailureCount', 0, Number.MAX_SAFE_INTEGER),
    itemData: part?.text('mapItemReaderData', DATA),
  };
}

function objectIn(field: string, text: string | undefined): JsonObject | undefined {
  if (text === undefined) return undefined;
  const value = parseJson(text);
  if (isObject(value)) return value;
  throw errors.refusal(`Expected '${field}' to be a JSON object.`);
}
