import { randomUUID } from 'node:crypto';
import type { ResourceAnswer } from '../../asl/runtime/resource.js';
import { isObject, parseJson } from '../../asl/values/json.js';
import { type HttpHeaders, sdkMetadata } from '../sdk-spelling.js';
import { failedWith } from '../service-failure.js';

/** Lambda's answer to an invocation. */
export interface LambdaAnswer {
  readonly status: number;
  readonly requestId: string;
  readonly headers: HttpHeaders;
  /** The JSON that the function has returned or, if `functionError` is set, that describes its error. */
  readonly payload: string;
  readonly functionError?: string | undefined;
  readonly executedVersion?: string | undefined;
  readonly logResult?: string | undefined;
}

/** Returns the answer that Lambda gives for a function that was run here. */
export function localAnswer(
  payload: string,
  isError: boolean,
  requestId: string = randomUUID(),
): LambdaAnswer {
  return {
    status: 200,
    requestId,
    headers: [
      ['X-Amz-Executed-Version', '$LATEST'],
      ...(isError ? [['X-Amz-Function-Error', 'Unhandled'] as const] : []),
      ['x-amzn-RequestId', requestId],
      ['Content-Length', String(Buffer.byteLength(payload))],
      ['Content-Type', 'application/json'],
    ],
    payload,
    executedVersion: '$LATEST',
    ...(isError && { functionError: 'Unhandled' }),
  };
}

/** Returns what the Task gets whose resource is the function's own ARN: the function's result. */
export const plainAnswer = (answer: LambdaAnswer): ResourceAnswer =>
  answer.functionError === undefined
    ? { kind: 'succeeded', output: answer.payload }
    : failure(answer.payload, answer.payload);

/** Returns what the Task gets that calls `lambda:invoke`. The order of the fields was recorded from the live service. */
export function invokeAnswer(answer: LambdaAnswer): ResourceAnswer {
  // Recorded from the live service: the JSON is compact here, and as the function has sent it by the function's ARN.
  if (answer.functionError !== undefined)
    return failure(answer.payload, JSON.stringify(parseJson(answer.payload)) ?? answer.payload);
  const { executedVersion, logResult, payload, status, headers, requestId } = answer;
  const fields = {
    ...(executedVersion !== undefined && { ExecutedVersion: executedVersion }),
    ...(logResult !== undefined && { LogResult: logResult }),
  };
  const rest = { ...sdkMetadata(status, headers, requestId), StatusCode: status };
  // The payload is put in as it is: numbers keep their spelling.
  const shown = payload === '' ? '' : `"Payload":${payload},`;
  const begin = JSON.stringify(fields).slice(1, -1);
  const output = `{${begin}${begin === '' ? '' : ','}${shown}${JSON.stringify(rest).slice(1)}`;
  return { kind: 'succeeded', output };
}

/** Returns what the Task gets that calls `aws-sdk:lambda:invoke`. An error of the function is no failure there. */
export function sdkInvokeAnswer({
  executedVersion,
  functionError,
  logResult,
  payload,
  status,
}: LambdaAnswer): ResourceAnswer {
  const output = {
    ...(executedVersion !== undefined && { ExecutedVersion: executedVersion }),
    ...(functionError !== undefined && { FunctionError: functionError }),
    ...(logResult !== undefined && { LogResult: logResult }),
    ...{ Payload: payload, StatusCode: status },
  };
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
