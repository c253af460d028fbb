import { bareText, isObject, isTooLarge, type JsonObject, parseJson } from '../../../asl/values/json.js';
import { headerIn, type HttpResponse, sendRequest } from '../http-request.js';
import type { LambdaAnswer } from './lambda-answer.js';
import { type Failure, optimisedFailure, unreachable } from '../service-failure.js';

/** The function that a call names. */
export interface NamedFunction {
  /** The function as the call names it: by its name, by its ARN or by a part of its ARN. */
  readonly given: string;
  readonly name: string;
  readonly region: string;
  readonly qualifier: string | undefined;
}

const FUNCTION =
  /^(?:(?:arn:aws[a-z-]*:lambda:([a-z0-9-]+):)?(?:\d{12}:)?function:)?([\w-]+)(?::([\w$-]+))?$/;

/** Returns the function that a name, an ARN or a part of an ARN names; undefined if it is none of them. */
export function functionIn(given: string, home = 'us-east-1'): NamedFunction | undefined {
  const [, region = home, name, qualifier] = FUNCTION.exec(given) ?? [];
  return name === undefined ? undefined : { given, name, region, qualifier };
}

const VERSION = '2015-03-31';

/** The parameters of Invoke that are sent as headers. */
const HEADERS = {
  InvocationType: 'x-amz-invocation-type',
  LogType: 'x-amz-log-type',
  ClientContext: 'x-amz-client-context',
};

/**
 * Calls a function at an endpoint, such as that of LocalStack, moto, or `sam local start-lambda`.
 * @param parameters the further parameters of Invoke
 * @returns Lambda's answer, or the failure of the Task if Lambda refuses the call or can't be reached
 */
export async function invokeAt(
  endpoint: string,
  { given, region, qualifier }: NamedFunction,
  payload: string,
  parameters: JsonObject,
  signal: AbortSignal,
): Promise<LambdaAnswer | Failure> {
  const path = `${VERSION}/functions/${encodeURIComponent(given)}/invocations`;
  const url = new URL(`${endpoint.replace(/\/$/, '')}/${path}`);
  const { Qualifier: version } = parameters;
  if (qualifier === undefined && typeof version === 'string') url.searchParams.set('Qualifier', version);
  // Emulators read the region in it, and check no signature.
  const scope = `Credential=local/20260101/${region}/lambda/aws4_request, SignedHeaders=host, Signature=local`;
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    authorization: `AWS4-HMAC-SHA256 ${scope}`,
  };
  for (const [parameter, header] of Object.entries(HEADERS)) {
    const value = parameters[parameter];
    if (typeof value === 'string') headers[header] = value;
  }
  try {
    const response = await sendRequest(url, 'POST', headers, payload, signal);
    if (response.status < 200 || response.status >= 300) return refusal(response);
    // A result that is too large fails by its size, whatever it is: as recorded at the live service.
    const isResult = response.status === 200 && !isTooLarge(response.body);
    if (isResult && parseJson(response.body) === undefined)
      throw new Error(`${url.origin} has answered with a text that is not JSON: ${response.body}`);
    return response;
  } catch (error) {
    return unreachable('Lambda.SdkClientException', error);
  }
}

function refusal({ status, headers, body }: HttpResponse): Failure {
  const value = parseJson(body);
  const fields = isObject(value) ? value : {};
  const message = bareText(fields['Message'] ?? fields['message'] ?? body);
  const type = headerIn(headers, 'x-amzn-errortype') ?? bareText(fields['__type'] ?? 'ServiceException');
  const name = type.replace(/^.*#|:.*$/g, '');
  const requestId = headerIn(headers, 'x-amzn-requestid') ?? '';
  return optimisedFailure('lambda', { name, message, status, requestId });
}
