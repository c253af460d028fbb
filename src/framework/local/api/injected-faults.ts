import { CORAL, ServiceError } from '../engine/answers/service-error.js';

/** A call, as it is passed to a FaultHook before the call takes effect. */
export interface FaultCall {
  /** The name of the operation, such as `GetActivityTask`. */
  readonly operation: string;
  readonly body: unknown;
  /** The number of calls of this operation before this one. */
  readonly index: number;
}

/**
 * A fault to inject into one call. It is plain data, so that a list of faults can be generated from a seed. Times are
 * milliseconds on the service's clock.
 */
export type Fault =
  /** The connection is reset, and the call takes no effect. */
  | { readonly kind: 'reset-before' }
  /** The call takes effect, but the connection is reset before the answer. */
  | { readonly kind: 'answer-lost' }
  /** The call takes effect, and the connection is reset in the middle of the answer. */
  | { readonly kind: 'reset-during' }
  /** The call takes effect, and the connection is reset after the whole answer. */
  | { readonly kind: 'reset-after' }
  /** The call takes effect, and the answer is a complete HTTP response whose body is the first half of the JSON. */
  | { readonly kind: 'torn-body' }
  /** The answer is 500 or 503 with a page of HTML. The call takes effect only if `done` is true. @default false */
  | { readonly kind: 'status'; readonly status: 500 | 503; readonly done?: boolean }
  /** The answer is an error of the API, and the call takes no effect. */
  | { readonly kind: 'error'; readonly error: FaultError }
  /**
   * There is no answer, and the call takes no effect. The connection is closed after `closeAfterMs` milliseconds.
   * @default never
   */
  | { readonly kind: 'black-hole'; readonly closeAfterMs?: number }
  /** The call takes effect at once, but its answer is sent `ms` milliseconds later. */
  | { readonly kind: 'delay'; readonly ms: number }
  /**
   * A poll stays open in the service for `ms` milliseconds after its connection has closed. In that time it may still
   * be given a task.
   */
  | { readonly kind: 'closed-poll'; readonly ms: number };

/** The name of an error that an `error` fault can answer with, as the SDK shows it. */
export type FaultError = keyof typeof FAULT_ERRORS;

/** Returns the fault to inject into a call; undefined to inject none. */
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

/** Returns the error that an `error` fault answers with. */
export function faultAnswer(error: FaultError): ServiceError {
  const { message, namespace } = FAULT_ERRORS[error];
  return new ServiceError(error, message, namespace);
}
