import { isHostIn, isLoopback } from '../../base/hosts.js';
import type { Clock } from '../../base/time/clock.js';
import type { CallTarget, ResourceAnswer, SubmittedTask } from '../../asl/runtime/resource.js';
import { bareText, isObject, type Json, type JsonObject, parseJson } from '../../asl/values/json.js';
import { headerIn, type HttpResponse, sendRequest } from './http-request.js';
import type { CallTaker } from './resource-list.js';
import { valuesOf } from './sdk-spelling.js';
import { failedWith, unreachable } from './service-failure.js';

const HTTP = /:states:[a-z0-9-]*:[0-9]*:http:invoke$/;
const GATEWAY = /:states:[a-z0-9-]*:[0-9]*:apigateway:invoke(?:\.waitForTaskToken)?$/;

/** The longest time of an HTTP Task, whatever its TimeoutSeconds. AWS page "Step Functions service quotas". */
const LONGEST_MS = 60_000;

/** Calls HTTP endpoints: `http:invoke` and `apigateway:invoke`. Only hosts of this machine, and those that are allowed. */
export class HttpTasks implements CallTaker {
  /**
   * @param hosts the names of further hosts; `*.example.com` stands for all below a domain
   * @param clock the clock for the time that a response takes
   */
  constructor(
    private readonly hosts: readonly string[],
    private readonly clock: Clock,
  ) {}

  takes({ resource }: CallTarget, input: Json | undefined): boolean {
    if (!isHttp(resource)) return false;
    if (input === undefined) return true;
    const url = urlOf(resource, input);
    return url !== undefined && this.#isAllowed(url);
  }

  fix({ resource }: CallTarget, input: Json | undefined): string | undefined {
    if (!isHttp(resource)) return undefined;
    const url = urlOf(resource, input);
    return url ? `allow its host by httpHosts: ['${url.hostname}']` : "write the URL as 'ApiEndpoint'";
  }

  async answer(
    { call: { resource } }: SubmittedTask,
    input: Json,
    cut: AbortSignal,
  ): Promise<ResourceAnswer> {
    const late = new AbortController();
    const isGateway = GATEWAY.test(resource);
    const cancel = isGateway ? () => {} : this.clock.after(LONGEST_MS, () => late.abort());
    try {
      const signal = AbortSignal.any([cut, late.signal]);
      return answerIn(await send(resource, isObject(input) ? input : {}, signal), isGateway);
    } catch (error) {
      const name = isGateway ? 'ApiGateway.SdkClientException' : 'States.Http.Socket';
      return unreachable(name, late.signal.aborted ? 'there was no response within 60 seconds' : error);
    } finally {
      cancel();
    }
  }

  #isAllowed({ hostname }: URL): boolean {
    return isLoopback(hostname) || isHostIn(this.hosts, hostname);
  }
}

const isHttp = (resource: string): boolean => HTTP.test(resource) || GATEWAY.test(resource);

/** Returns the URL of a call, without its query; undefined if there is none. An endpoint without a scheme is one of API Gateway. */
function urlOf(resource: string, input: Json | undefined): URL | undefined {
  const { ApiEndpoint: endpoint, Stage: stage = '', Path: path = '' } = isObject(input) ? input : {};
  if (typeof endpoint !== 'string') return undefined;
  if (HTTP.test(resource)) return URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const base = /^https?:/.test(endpoint) ? endpoint : `https://${endpoint}`;
  const parts = [base, stage, path].map((part) => bareText(part).replaceAll(/^\/+|\/+$/g, ''));
  const whole = parts.filter((part) => part !== '').join('/');
  return URL.canParse(whole) ? new URL(whole) : undefined;
}

function send(resource: string, input: JsonObject, signal: AbortSignal): Promise<HttpResponse> {
  const url = urlOf(resource, input);
  if (!url) throw new Error(`${resource} has no ApiEndpoint`);
  for (const [name, value] of Object.entries(objectIn(input, 'QueryParameters')))
    for (const each of Array.isArray(value) ? value : [value]) url.searchParams.append(name, bareText(each));
  const headers: Record<string, string | string[]> = {
    'user-agent': 'Amazon|StepFunctions|HttpInvoke|local',
  };
  for (const [name, value] of Object.entries(objectIn(input, 'Headers')))
    headers[name.toLowerCase()] = Array.isArray(value) ? value.map(bareText) : bareText(value);
  const body = bodyOf(input, headers);
  return sendRequest(url, bareText(input['Method'] ?? 'GET'), headers, body, signal);
}

const objectIn = (input: JsonObject, key: string): JsonObject => {
  const value = input[key];
  return isObject(value) ? value : {};
};

/**
 * The key of a list's value in a form, by the ArrayFormat; without one (COMMAS) the list is a single value. AWS page "Call
 * HTTPS APIs in Step Functions workflows".
 */
const ARRAY_KEYS: Readonly<Record<string, (name: string, index: number) => string>> = {
  INDICES: (name, index) => `${name}[${index}]`,
  BRACKETS: (name) => `${name}[]`,
  REPEAT: (name) => name,
};

/** Returns the body of a request, and sets the header for its type. */
function bodyOf(input: JsonObject, headers: Record<string, string | string[]>): string | undefined {
  const { RequestBody: body } = input;
  if (body === undefined || body === null) return undefined;
  const transform = objectIn(input, 'Transform');
  const isForm = transform['RequestBodyEncoding'] === 'URL_ENCODED' && isObject(body);
  headers['content-type'] ??= isForm ? 'application/x-www-form-urlencoded' : 'application/json';
  if (!isForm)
    return typeof body === 'string' && headers['content-type'] !== 'application/json'
      ? body
      : JSON.stringify(body);
  const { ArrayFormat: format = 'INDICES' } = objectIn(transform, 'RequestEncodingOptions');
  const keyOf = ARRAY_KEYS[bareText(format)];
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(body)) {
    if (!Array.isArray(value)) form.append(name, bareText(value));
    else if (keyOf) for (const [i, each] of value.entries()) form.append(keyOf(name, i), bareText(each));
    else form.append(name, value.map(bareText).join(','));
  }
  return form.toString();
}

/**
 * Returns the answer of an HTTP Task (AWS page "Call HTTPS APIs in Step Functions workflows") or of API Gateway, whose
 * headers keep their case (recorded from the live service).
 */
function answerIn({ status, statusText, headers, body }: HttpResponse, isGateway: boolean): ResourceAnswer {
  const error = isGateway ? `ApiGateway.${status}` : `States.Http.StatusCode.${status}`;
  if (status < 200 || status >= 300) return failedWith(error, body);
  const listed = valuesOf(headers, (name) => (isGateway ? name : name.toLowerCase()));
  const fields = {
    Headers: listed,
    ResponseBody: parsedBody(headers, body),
    StatusCode: status,
    StatusText: statusText,
  };
  return { kind: 'succeeded', output: JSON.stringify(fields) };
}

const parsedBody = (headers: HttpResponse['headers'], body: string): Json =>
  headerIn(headers, 'content-type')?.includes('json') === true ? (parseJson(body) ?? body) : body;
