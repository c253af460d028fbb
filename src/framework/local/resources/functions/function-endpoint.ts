import type { ResourceAnswer } from '../../asl/runtime/resource.js';
import { bareText, isObject, parseJson } from '../../asl/values/json.js';
import { headerIn, type HttpResponse, sendRequest } from '../http-request.js';
import type { LambdaAnswer } from './lambda-answer.js';
import { optimisedFailure, unreachable } from '../service-failure.js';

/** One call of Lambda's Invoke. */
export interface LambdaCall {
  readonly functionName: string;
  readonly qualifier: string | undefined;
  readonly payload: string;
  readonly region: string;
  /** Further parameters of Invoke as headers. */
  readonly headers: Readonly<Record<string, string>>;
}

const VERSION = '2015-03-31';

/**
 * Calls a function at an endpoint, such as that of LocalStack, moto, or `sam local start-lambda`.
 * @returns Lambda's answer, or the failure of the Task if Lambda refuses the call or can't be reached
 */
export async function invokeAt(
  endpoint: string,
  { functionName, qualifier, payload, region, headers }: LambdaCall,
  signal: AbortSignal,
): Promise<LambdaAnswer | Extract<ResourceAnswer, { kind: 'failed' }>> {
  const url = new URL(
    `${endpoint.replace(/\/$/, '')}/${VERSION}/functions/${encodeURIComponent(functionName)}/invocations`,
  );
  if (qualifier !== undefined) url.searchParams.set('Qualifier', qualifier);
  // Emulators read the region in it, and check no signature.
  const scope = `Credential=local/20260101/${region}/lambda/aws4_request, SignedHeaders=host, Signature=local`;
  const authorization = `AWS4-HMAC-SHA256 ${scope}`;
  try {
    const all = { 'content-type': 'application/json', authorization, ...headers };
    return read(await sendRequest(url, 'POST', all, payload, signal));
  } catch (error) {
    return unreachable('Lambda.SdkClientException', error);
  }
}

function read({
  status,
  headers,
  body,
}: HttpResponse): LambdaAnswer | Extract<ResourceAnswer, { kind: 'failed' }> {
  const requestId = headerIn(headers, 'x-amzn-requestid') ?? '';
  if (status >= 200 && status < 300)
    return {
      ...{ status, requestId, headers, payload: body },
      functionError: headerIn(headers, 'x-amz-function-error'),
      executedVersion: headerIn(headers, 'x-amz-executed-version'),
      logResult: headerIn(headers, 'x-amz-log-result'),
    };
  const value = parseJson(body);
  const fields = isObject(value) ? value : {};
  const message = bareText(fields['Message'] ?? fields['message'] ?? body);
  const type = headerIn(headers, 'x-amzn-errortype') ?? bareText(fields['__type'] ?? 'ServiceException');
  const code = type.replace(/^.*#|:.*$/g, '');
  return optimisedFailure('lambda', { name: code, code, message, status, requestId, isModelled: true });
}
