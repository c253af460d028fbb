import type { MockedOutcome } from '../../asl/runtime/trial.js';
import { isObject, parseJson, type JsonObject } from '../../asl/values/json.js';
import { errors } from '../../engine/answers/service-error.js';
import { ARN, type Checker, checkRole, MAX, NAME } from '../request-validation.js';

/** The request of a TestState call. */
export type TrialRequest = ReturnType<typeof readTrialRequest>;

const DATA = { max: MAX.data } as const;

/** Reads a request. @throws ServiceError ValidationException if a member of it isn't valid */
export function readTrialRequest(checker: Checker) {
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
  if (readOutcome && secrets)
    throw errors.invalidRequest('TestState does not support RevealSecrets when a mock is specified.');
  if (failedIterations !== undefined && !readOutcome)
    throw errors.invalidRequest(
      'TestState does not support MapIterationFailureCount when a mock is not specified.',
    );
  const variables = objectIn('variables', variablesText) ?? {};
  const { outcome: mock, text: mockText, mode } = readOutcome?.() ?? {};
  const context = objectIn('context', contextText);
  const trial = { mock, context, retries, failedIterations, itemData };
  return { definition, stateName, roleArn, input, level, variables, contextText, mockText, mode, trial };
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
      throw errors.invalidRequest(
        'A test mock should have only one of the following fields: [result, errorOutput].',
      );
    const result = text === undefined ? null : parseJson(text);
    if (result === undefined) throw errors.invalidRequest('Mocked result must be valid JSON');
    const outcome: MockedOutcome =
      text === undefined ? { kind: 'failed', error, cause } : { kind: 'succeeded', result };
    return { outcome, text, mode };
  };
}

function objectIn(field: string, text: string | undefined): JsonObject | undefined {
  if (text === undefined) return undefined;
  const value = parseJson(text);
  if (isObject(value)) return value;
  throw errors.invalidRequest(`Expected '${field}' to be a JSON object.`);
}
