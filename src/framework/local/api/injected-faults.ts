import { CORAL, ServiceError } from '../engine/service-error.js';

/** A call, as a fault hook sees it before anything is done. */
export interface FaultCall {
  /** Without a prefix: `GetActivityTask`. */
  readonly operation: string;
  readonly body: unknown;
  /** How many calls of this operation came before it. */
  readonly index: number;
}

/**
 * What goes wrong with a call. Plain data, so that a plan of faults can be made from a seed. Times are
 * milliseconds on the service's clock.
 */
export type Fault =
  /** The connection is reset; nothing was done. */
  | { readonly kind: 'reset-before' }
  /** Everything is done, and the connection is reset instead of an answer. */
  | { readonly kind: 'answer-lost' }
  /** Everything is done, and the connection is reset in the middle of the answer. */
  | { readonly kind: 'reset-during' }
  /** The whole answer goes out, and then the connection is reset. */
  | { readonly kind: 'reset-after' }
  /** A whole HTTP answer whose body is half of the JSON. */
  | { readonly kind: 'torn-body' }
  /** 500 or 503 with a page of HTML. `done`: after everything was done. @default false */
  | { readonly kind: 'status'; readonly status: 500 | 503; readonly done?: boolean }
  /** An error of the API; nothing was done. */
  | { readonly kind: 'error'; readonly error: FaultError }
  /** No answer ever, and nothing is done. The connection closes after `closeAfterMs`. @default never */
  | { readonly kind: 'black-hole'; readonly closeAfterMs?: number }
  /** Everything is done at once, and the answer goes out `ms` later. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** A poll stays in place for `ms` after its connection has closed, and may be given a task. */
  | { readonly kind: 'closed-poll'; readonly ms: number };

/** Errors that a fault can answer, by the name that a client sees. */
export type FaultError = keyof typeof FAULT_ERRORS;

/** Decides, call by call, what goes wrong. Undefined: nothing. */
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

/** The answer that an `error` fault gives. */
export function faultAnswer(error: FaultError): ServiceError {
  const { message, namespace } = FAULT_ERRORS[error];
  return new ServiceError(error, message, namespace);
}
