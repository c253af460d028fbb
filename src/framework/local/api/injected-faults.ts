import type { Clock } from '../../base/time/clock.js';
import { CORAL, ServiceError } from '../engine/service-error.js';
import type { Reply } from './reply.js';

/** A call to the API, as a {@link FaultHook} sees it. The call has had no effect yet. */
export interface FaultCall {
  /** The name of the operation, such as `GetActivityTask`. */
  readonly operation: string;
  readonly body: unknown;
  /** The number of calls of this operation before this one. */
  readonly index: number;
}

/**
 * A fault to inject into one call. A fault is plain data, so that a test can generate a list of faults from a seed.
 * Times are in milliseconds on the service's clock.
 */
export type Fault =
  /** The connection is reset before the call has any effect. */
  | { readonly kind: 'reset-before' }
  /** The call has its effect, but the connection is reset before any part of the response is sent. */
  | { readonly kind: 'answer-lost' }
  /** The call has its effect, and the connection is reset in the middle of the response. */
  | { readonly kind: 'reset-during' }
  /** The call has its effect, and the connection is reset after the whole response. */
  | { readonly kind: 'reset-after' }
  /** The call has its effect. The response is complete as HTTP, but its body is only the first half of the JSON. */
  | { readonly kind: 'torn-body' }
  /** The response is 500 or 503 with an HTML page. The call has its effect only if `done` is true. @default false */
  | { readonly kind: 'status'; readonly status: 500 | 503; readonly done?: boolean }
  /** The response is an error of the API, and the call has no effect. */
  | { readonly kind: 'error'; readonly error: FaultError }
  /**
   * There is no response, and the call has no effect. The connection is closed after `closeAfterMs` milliseconds.
   * @default never
   */
  | { readonly kind: 'black-hole'; readonly closeAfterMs?: number }
  /** The call has its effect at once, but the response is sent `ms` milliseconds later. */
  | { readonly kind: 'delay'; readonly ms: number }
  /**
   * A GetActivityTask call whose connection has closed stays open in the service for another `ms` milliseconds. If the
   * service gives it a task in that time, the task is lost to the worker.
   */
  | { readonly kind: 'closed-poll'; readonly ms: number };

/** The name (in the SDK) of an error that an `error` fault can respond with. */
export type FaultError = keyof typeof FAULT_ERRORS;

/** Called before each call. Returns the fault to inject into it; undefined to inject none. */
export type FaultHook = (call: FaultCall) => Fault | undefined | Promise<Fault | undefined>;

/** The message of each error, and its namespace if it is none of Step Functions itself. */
const FAULT_ERRORS = {
  ThrottlingException: ['Rate exceeded', CORAL],
  ExpiredTokenException: ['The security token included in the request is expired', CORAL],
  UnrecognizedClientException: ['The security token included in the request is invalid.', CORAL],
  InvalidSignatureException: [
    'The request signature we calculated does not match the signature you provided.',
    CORAL,
  ],
  AccessDeniedException: ['User is not authorized to perform this action', CORAL],
  ActivityWorkerLimitExceeded: ['Too many workers poll this activity'],
  ActivityDoesNotExist: ['Activity Does Not Exist'],
  TaskTimedOut: ['Task Timed Out'],
  TaskDoesNotExist: ['Task Does Not Exist'],
  InvalidToken: ["Invalid Token: 'Invalid token'"],
  InvalidOutput: ['Invalid Output'],
  KmsThrottlingException: ['Rate exceeded'],
  KmsAccessDeniedException: ['Access to the KMS key was denied'],
  KmsInvalidStateException: ['The KMS key is not enabled'],
} as const;

/** Returns the error to send for an `error` fault. */
function faultAnswer(error: FaultError): ServiceError {
  const [message, namespace] = FAULT_ERRORS[error];
  return new ServiceError(error, message, namespace);
}

const HTML = '<html><body><h1>Http/1.1 Service Unavailable</h1></body></html>';

/**
 * Answers a call as a fault says.
 * @param perform runs the operation, and returns its result or its ServiceError. `closedWindowMs` is how long a poll
 * stays open after its connection has closed. @default as without a fault
 */
export async function injectFault(
  fault: Fault,
  reply: Reply,
  perform: (closedWindowMs?: number) => Promise<object>,
  clock: Clock,
): Promise<void> {
  switch (fault.kind) {
    case 'reset-before':
      return reply.abort();
    case 'error':
      return reply.send(faultAnswer(fault.error));
    case 'black-hole':
      if (fault.closeAfterMs !== undefined) clock.after(fault.closeAfterMs, () => reply.abort());
      return;
    case 'status':
      if (fault.done) await perform();
      return reply.answer(fault.status, HTML, 'text/html');
    case 'closed-poll':
      return reply.send(await perform(fault.ms));
    default:
      return spoil(fault, reply, await perform(), clock);
  }
}

async function spoil(
  fault: Extract<Fault, { kind: 'answer-lost' | 'reset-during' | 'reset-after' | 'torn-body' | 'delay' }>,
  reply: Reply,
  result: object,
  clock: Clock,
): Promise<void> {
  const text = result instanceof ServiceError ? result.body : JSON.stringify(result);
  const half = text.slice(0, text.length >> 1);
  const status = result instanceof ServiceError ? 400 : 200;
  switch (fault.kind) {
    case 'answer-lost':
      return reply.abort();
    case 'reset-during':
    case 'reset-after':
      return reply.breakOff(status, text, fault.kind === 'reset-after' ? text : half);
    case 'torn-body':
      return reply.answer(status, half);
    case 'delay':
      await clock.sleep(fault.ms);
      return reply.answer(status, text);
  }
}
