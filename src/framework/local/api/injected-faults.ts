import { CORAL, ServiceError } from '../engine/service-error.js';

/** A call, as a FaultHook sees it before the call takes effect. */
export interface FaultCall {
  /** The name of the operation: `GetActivityTask`. */
  readonly operation: string;
  readonly body: unknown;
  /** The number of calls of this operation before this one. */
  readonly index: number;
}

/**
 * A fault to inject into one call. Plain data, so that a plan of faults can be made from a seed. Times are milliseconds
 * on the service's clock.
 */
export type Fault =
  /** The connection is reset, and the call takes no effect. */
  | { readonly kind: 'reset-before' }
  /** The call takes effect, and the connection is reset instead of an answer. */
  | { readonly kind: 'answer-lost' }
  /** The call takes effect, and the connection is reset in the middle of the answer. */
  | { readonly kind: 'reset-during' }
  /** The call takes effect, and the connection is reset after the whole answer. */
  | { readonly kind: 'reset-after' }
  /** The call takes effect, and the answer is a complete HTTP response whose body is the first half of the JSON. */
  | { readonly kind: 'torn-body' }
  /** The answer is 500 or 503 with a page of HTML. The call takes effect where `done` is true. @default false */
  | { readonly kind: 'status'; readonly status: 500 | 503; readonly done?: boolean }
  /** The answer is an error of the API, and the call takes no effect. */
  | { readonly kind: 'error'; readonly error: FaultError }
  /** No answer, and the call takes no effect. The connection closes after `closeAfterMs`. @default never */
  | { readonly kind: 'black-hole'; readonly closeAfterMs?: number }
  /** The call takes effect at once, and the answer goes out `ms` later. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** A poll stays open at the service for `ms` after its connection has closed, and may lease a task in that time. */
  | { readonly kind: 'closed-poll'; readonly ms: number };

/** The name of an error that a fault can answer, as a client sees it. */
export type FaultError = keyof typeof FAULT_ERRORS;

/** Returns the fault of a call; undefined for none. */
export type FaultHook = (call: FaultCall) => Fault | undefined | Promise<Fault | undefined>;

const FAULT_ERRORS = {
  ThrottlingException: { message: 'Rate exceeded', namespace: CORAL },
  ExpiredTokenException: {
    message: 'The security token included in the request is expired',
    namespace: CORAL,
  },
  UnrecognizedClientException: {
    message: 'The security token included in the request is invalid.',
    namespace: CORAL,
  },
  InvalidSignatureException: {
    message: 'The request signature we calculated does not match the signature you provided.',
    namespace: CORAL,
  },
  AccessDeniedException: {
    message: 'User is not authorized to perform this action',
    namespace: CORAL,
  },
  ActivityWorkerLimitExceeded: { message: 'Too many workers poll this activity', namespace: undefined },
  ActivityDoesNotExist: { message: 'Activity Does Not Exist', namespace: undefined },
  TaskTimedOut: { message: 'Task Timed Out', namespace: undefined },
  TaskDoesNotExist: { message: 'Task Does Not Exist', namespace: undefined },
  InvalidToken: { message: "Invalid Token: 'Invalid token'", namespace: undefined },
  InvalidOutput: { message: 'Invalid Output', namespace: undefined },
  KmsThrottlingException: { message: 'Rate exceeded', namespace: undefined },
  KmsAccessDeniedException: { message: 'Access to the KMS key was denied', namespace: undefined },
  KmsInvalidStateException: { message: 'The KMS key is not enabled', namespace: undefined },
} as const;

/** Returns the answer of an `error` fault. */
export function faultAnswer(error: FaultError): ServiceError {
  const { message, namespace } = FAULT_ERRORS[error];
  return new ServiceError(error, message, namespace);
}
