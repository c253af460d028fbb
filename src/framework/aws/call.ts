import { isPlainObject, parseJson } from '../base/json.js';
import crypto from 'node:crypto';
import type { Abortable } from '../base/abort.js';

/** The four calls of a worker, by the names that the service gives them. */
export type HotOperation = 'GetActivityTask' | 'SendTaskSuccess' | 'SendTaskFailure' | 'SendTaskHeartbeat';

/**
 * The longest time that making a connection may take. A call that fails because of it can be repeated safely, since
 * nothing was sent yet.
 */
export const CONNECTION_TIMEOUT_MS = 5_000;

/** The body of a request, as bytes, and the hash that the signature needs. */
export interface CallBody {
  readonly bytes: Buffer;
  /** The SHA-256 of `bytes`, in hexadecimal. */
  readonly sha256: string;
}

type Input = Readonly<Record<string, string>>;

/** One call with its input. It may be sent several times, but its body is serialized and hashed only once. */
export class CallRequest<O extends HotOperation = HotOperation> {
  /**
   * The input of the call. Undefined once it has been serialized as the body, so that it isn't kept in memory twice.
   */
  #input: Input | undefined;
  #body: CallBody | undefined;

  constructor(
    readonly operation: O,
    input: Input,
  ) {
    this.#input = input;
  }

  get input(): Input {
    return this.#input ?? (JSON.parse(String(this.#body?.bytes)) as Input);
  }

  /** True once the input has been serialized as the body. From then on, each read of `input` parses the body again. */
  get isWritten(): boolean {
    return this.#body !== undefined;
  }

  /** Returns the body. It is serialized at the first call of this method, and kept as bytes outside V8's heap. */
  body(): CallBody {
    if (!this.#body) {
      const bytes = Buffer.from(JSON.stringify(this.#input));
      this.#body = { bytes, sha256: crypto.hash('sha256', bytes) };
      this.#input = undefined;
    }
    return this.#body;
  }
}

/** A call that reports the outcome of a task. */
export type ReportRequest = CallRequest<'SendTaskSuccess' | 'SendTaskFailure'>;

/** The parts of a call that matter while it is in progress. */
export interface CallInProgress {
  /** The call is ended when this signal aborts. */
  readonly signal: Abortable;
  /**
   * Called once the request is on an established and trusted connection. Called at once if the connection can't be
   * watched. @default nothing is called
   */
  readonly onSent?: (() => void) | undefined;
  /**
   * Called just before each time that the call is sent, because the call may have waited for credentials. If it returns
   * false, the call isn't sent and ends with a failure. @default always sent
   */
  readonly isWanted?: (() => boolean) | undefined;
}

/**
 * Returns the reason for which a call must not be sent any more: its signal has aborted, or `isWanted` returns false.
 * Returns undefined if it may be sent.
 */
export function whyNotSent({ signal, isWanted }: CallInProgress): Error | undefined {
  if (signal.aborted) return signal.reason as Error;
  return isWanted?.() === false ? new Error('not sent: the call is not wanted any more') : undefined;
}

/** The fields of Step Functions' responses that a worker reads. */
export interface CallOutput {
  readonly taskToken?: string;
  readonly input?: string;
}

/**
 * The result of a call: the fields of the response, or the failure. `failure.ts` decides what a failure means
 * for the task or the poll.
 */
export type CallEnd<T = CallOutput> = { readonly output: T } | { readonly failure: CallFailure };

/** Everything that is known about a call that got no response, an error, or a response that can't be used. */
export interface CallFailure {
  /** An error for people to read. Its name and message come from the service, the network, or Stepwright. */
  readonly error: Error;
  /**
   * The error's name, if Step Functions itself responded with an error. Undefined if the response came from something
   * else, such as a proxy, or if there was none.
   */
  readonly type: string | undefined;
  /** The HTTP status; undefined if not even the status line of a response arrived. */
  readonly status: number | undefined;
  /** True if any part of the request may have been sent on an established and trusted connection. */
  readonly sent: boolean;
  /**
   * True if nothing was sent, and nothing can be sent until someone fixes the credentials or the endpoint. False if a
   * certificate isn't trusted: the operator of the service or of a proxy may replace the certificate at any time, so it
   * makes sense to try again.
   */
  readonly setup: boolean;
  /**
   * True if the service refused the call because the time in its signature was wrong, and the clock was then corrected
   * by the time in the response. The service has carried out nothing, so the call can be sent again.
   */
  readonly clockCorrected?: boolean;
}

/**
 * The names of the errors with which the service refuses a call if the time in its signature is wrong. Some of these
 * names can also mean that the key is wrong.
 */
const SKEWED = new Set([
  'RequestExpired',
  'RequestInTheFuture',
  'RequestTimeTooSkewed',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
]);

export const mayBeSkewed = (type: string | undefined): boolean => type !== undefined && SKEWED.has(type);

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
  // Step Functions sends at least one of these headers.
  const isMarked =
    headers['x-amzn-requestid'] !== undefined ||
    String(headers['content-type']).startsWith('application/x-amz-json-');
  const value = isMarked ? parseJson(text) : undefined;
  const read = isPlainObject(value) ? value : undefined;
  if (read && status === 200) return { output: read };
  const type = read && errorName(headers[ERROR_TYPE] ?? read['__type']);
  const error = read && type !== undefined ? serviceError(type, read) : strangeAnswer(status, text);
  return { failure: { error, type, status, sent: true, setup: false } };
}

/** The header in which some AWS servers send the error's name, instead of in the body. */
const ERROR_TYPE = 'x-amzn-errortype';

type Body = Readonly<Record<string, unknown>>;

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
