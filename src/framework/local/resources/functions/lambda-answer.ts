import type { ResourceAnswer } from '../../../asl/runtime/resource.js';
import { isObject, parseJson } from '../../../asl/values/json.js';
import { headerIn, type HttpResponse } from '../http-request.js';
import { sdkMetadata } from '../sdk-spelling.js';
import { failedWith } from '../service-failure.js';
import type { InvocationResult } from './invocation.js';

/**
 * Lambda's answer to an invocation. Its body is the JSON that the function has returned or, if a header says so, that
 * describes its error.
 */
export type LambdaAnswer = Pick<HttpResponse, 'status' | 'headers' | 'body'>;

/**
 * Returns the answer that Lambda gives for a function that was run here.
 * @param result how it has ended; undefined if that isn't waited for
 */
export function localAnswer(requestId: string, status: number, result?: InvocationResult): LambdaAnswer {
  const { payload: body = '', isError } = result ?? {};
  const headers = [
    ...(result ? [['X-Amz-Executed-Version', '$LATEST'] as const] : []),
    ...(isError ? [['X-Amz-Function-Error', 'Unhandled'] as const] : []),
    ['x-amzn-RequestId', requestId],
    ['Content-Length', String(Buffer.byteLength(body))],
    ['Content-Type', 'application/json'],
  ] as const;
  return { status, headers, body };
}

/** The members of Lambda's answer that are headers of its response. */
const membersOf = ({ headers }: LambdaAnswer) => ({
  ExecutedVersion: headerIn(headers, 'x-amz-executed-version'),
  FunctionError: headerIn(headers, 'x-amz-function-error'),
  LogResult: headerIn(headers, 'x-amz-log-result'),
});

/** Returns what the Task gets whose resource is the function's own ARN: the function's result. */
export const plainAnswer = (answer: LambdaAnswer): ResourceAnswer =>
  membersOf(answer).FunctionError === undefined
    ? { kind: 'succeeded', output: answer.body }
    : failure(answer.body, answer.body);

/** Returns what the Task gets that calls `lambda:invoke`. The order of the fields was recorded from the live service. */
export function invokeAnswer(answer: LambdaAnswer): ResourceAnswer {
  const { status, headers, body } = answer;
  const { FunctionError: error, ...fields } = membersOf(answer);
  // Recorded from the live service: the JSON is compact here, and as the function has sent it by the function's ARN.
  if (error !== undefined) return failure(body, JSON.stringify(parseJson(body)) ?? body);
  const rest = { ...sdkMetadata(status, headers), StatusCode: status };
  // The payload is put in as it is: numbers keep their spelling.
  const parts = [
    JSON.stringify(fields).slice(1, -1),
    body && `"Payload":${body}`,
    JSON.stringify(rest).slice(1),
  ];
  return { kind: 'succeeded', output: `{${parts.filter((part) => part !== '').join(',')}` };
}

/** Returns what the Task gets that calls `aws-sdk:lambda:invoke`. An error of the function is no failure there. */
export function sdkInvokeAnswer(answer: LambdaAnswer): ResourceAnswer {
  const output = { ...membersOf(answer), Payload: answer.body, StatusCode: answer.status };
  return { kind: 'succeeded', output: JSON.stringify(output) };
}

/**
 * Returns the failure of a Task whose function has failed. If the function gave no type of its error, as after a
 * timeout, it is Lambda.Unknown (AWS page "Handling errors in Step Functions workflows").
 */
function failure(payload: string, shown: string): ResourceAnswer {
  const value = parseJson(payload);
  const type = isObject(value) ? value['errorType'] : undefined;
  const isTyped = typeof type === 'string' && type !== '';
  const cause = isTyped ? shown : `${UNTYPED} Returned payload: ${payload}`;
  const error = isTyped ? type : 'Lambda.Unknown';
  return failedWith(error, cause);
}

const UNTYPED = 'The cause could not be determined because Lambda did not return an error type.';
