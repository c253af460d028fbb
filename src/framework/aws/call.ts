import type { Abortable } from '../base/abort.js';

/** The four calls of a worker, by the names that the service gives them. */
export type HotOperation = 'GetActivityTask' | 'SendTaskSuccess' | 'SendTaskFailure' | 'SendTaskHeartbeat';

/**
 * The longest time that making a connection may take. A call that fails because of it can be repeated safely, since
 * nothing was sent yet.
 */
export const CONNECTION_TIMEOUT_MS = 5_000;

/** The parts of a call that matter while it is in progress. */
export interface CallInProgress {
  /** The call is ended when this signal aborts. */
  readonly signal: Abortable;
  /**
   * Called once the request is on an established and trusted connection. Called at once if the connection can't be
   * watched.
   */
  readonly onSent: () => void;
  /**
   * Called just before each time that the call is sent, because the call may have waited for credentials. If it returns
   * false, the call isn't sent and ends with a failure. @default always sent
   */
  readonly isWanted?: () => boolean;
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
 * The result of a call: the fields of the response, or the failure. `classify-failure.ts` decides what a failure means
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
