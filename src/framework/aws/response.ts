import type { CallEnd } from './call.js';

/** An HTTP response that was read completely. */
export interface HttpResponse {
  readonly status: number;
  /** Header values by name, in lower case. */
  readonly headers: ResponseHeaders;
  readonly text: string;
}

export type ResponseHeaders = Readonly<Record<string, string | string[] | undefined>>;

/**
 * Reads the response to a call, whether the call was made with the AWS SDK or without it. Only a JSON object with one
 * of Step Functions' headers counts as its response. Anything else was sent by something in between, such as a proxy,
 * and is a failure, even if its status is 200.
 */
export function readResponse({ status, headers, text }: HttpResponse): CallEnd {
  const read = isMarked(headers) ? parseObject(text) : undefined;
  if (read && status === 200) return { output: read };
  const type = read && errorName(headers[ERROR_TYPE] ?? read['__type']);
  const error = read && type !== undefined ? serviceError(type, read) : strangeAnswer(status, text);
  return { failure: { error, type, status, sent: true, setup: false } };
}

/** The header in which some AWS servers send the error's name, instead of in the body. */
const ERROR_TYPE = 'x-amzn-errortype';

/** Returns true if a response has a header that shows that Step Functions sent it. */
const isMarked = (headers: ResponseHeaders): boolean =>
  headers['x-amzn-requestid'] !== undefined ||
  String(headers['content-type']).startsWith('application/x-amz-json-');

type Body = Readonly<Record<string, unknown>>;

function parseObject(text: string): Body | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Body) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Returns an error's name without its prefix and suffix: `TaskTimedOut` for
 * `com.amazonaws.swf.service.v2.model#TaskTimedOut:http://…`.
 */
function errorName(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  return value.split(',')[0]?.split(':')[0]?.split('#').at(-1) || undefined;
}

function serviceError(type: string, body: Body): Error {
  const message = body['message'] ?? body['Message'];
  return Object.assign(new Error(typeof message === 'string' ? message : type), { name: type });
}

/**
 * Makes the error for a response that isn't from Step Functions, such as the page of a proxy, a captive portal, or a
 * load balancer without a target. The message quotes the body, unless the body may be part of a task.
 */
export function strangeAnswer(status: number, body: string): Error {
  const text = body.replaceAll(/\s+/g, ' ').trim().slice(0, 80);
  const shown = status < 300 && text.startsWith('{') ? 'JSON, which may hold an input' : text;
  const what = text ? `with a body that is not the service's: ${shown}` : 'without a body';
  // Loaded here, since a test bed loads no HTTP.
  const { STATUS_CODES } = process.getBuiltinModule('node:http');
  const error = new Error(`HTTP ${status} ${STATUS_CODES[status] ?? ''}`.trim() + ` ${what}`);
  error.name = 'StrangeAnswer';
  return error;
}
