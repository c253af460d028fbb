import type { Abortable } from '../base/abort.js';

/** The four calls of a worker, by the names that the service gives them. */
export type HotOperation = 'GetActivityTask' | 'SendTaskSuccess' | 'SendTaskFailure' | 'SendTaskHeartbeat';

/**
 * The longest time that making a connection may take. A call that fails because of it can be repeated safely, since
 * nothing was sent yet.
 */
export const CONNECTION_TIMEOUT_MS = 5_000;

/** One call while it is open. */
export interface CallInProgress {
  /** The call is ended when this signal aborts. */
  readonly signal: Abortable;
  /**
   * Called once the request is on an established and trusted connection. Called at once if the connection can't be
   * watched.
   */
  readonly onSent: () => void;
  /**
   * Asked just before the call is sent, each time that it is: it may have waited for credentials. Where it returns
   * false, the call ends as one that was not sent.
   * @default always
   */
  readonly isWanted?: () => boolean;
}

/** Returns the reason why a call is not to be sent now; undefined where it is to be sent. */
export function whyNotSent({ signal, isWanted }: CallInProgress): Error | undefined {
  if (signal.aborted) return signal.reason as Error;
  return isWanted?.() === false ? new Error('not sent: the call is not wanted any more') : undefined;
}

/** The fields of the service's answers that a worker reads. */
export interface CallOutput {
  readonly taskToken?: string;
  readonly input?: string;
}

/**
 * The result of a call: the fields of the answer, or the failure. `classify-failure.ts` decides what a failure means.
 */
export type CallEnd<T = CallOutput> = { readonly output: T } | { readonly failure: CallFailure };

/** Everything that is known about a call to which no usable answer came. */
export interface CallFailure {
  /** An error for people to read. Its name and message come from the service, the network, or Stepwright. */
  readonly error: Error;
  /**
   * The error's name, if the service itself answered with an error. Undefined if something else answered, such as a
   * proxy, or if there was no answer.
   */
  readonly type: string | undefined;
  /** The HTTP status; undefined if not even the status line of an answer arrived. */
  readonly status: number | undefined;
  /** True if any part of the request may have been sent on an established and trusted connection. */
  readonly sent: boolean;
  /**
   * True if nothing was sent, and nothing can be until someone fixes the credentials or the endpoint. False if a
   * certificate isn't trusted: the operator of the service or of a proxy may replace it at any time, so retrying makes
   * sense.
   */
  readonly setup: boolean;
  /**
   * True if the service refused the signature because of its time, and its answer was used to correct the clock. The
   * service did nothing, and a second call will be signed with the right time.
   */
  readonly clockCorrected?: boolean;
}

/** The names of the errors for a signature whose time is wrong. Some of them are also used if the key is wrong. */
const SKEWED = new Set([
  'RequestExpired',
  'RequestInTheFuture',
  'RequestTimeTooSkewed',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
]);

export const mayBeSkewed = (type: string | undefined): boolean => type !== undefined && SKEWED.has(type);
