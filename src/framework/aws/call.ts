import type { Abortable } from '../base/abort.js';

/** The four calls of a worker's loop, by the service's names. */
export type HotOperation = 'GetActivityTask' | 'SendTaskSuccess' | 'SendTaskFailure' | 'SendTaskHeartbeat';

/**
 * The longest that making a connection may take. Nothing is sent before the connection is made, so that the call is
 * safe to repeat.
 */
export const CONNECTION_TIMEOUT_MS = 5_000;

/** One call while it is open. */
export interface CallInProgress {
  /** Ends the call when it aborts. */
  readonly signal: Abortable;
  /**
   * Called once the request is on an established and trusted connection; at once where the connection can't be watched.
   */
  readonly onSent: () => void;
}

/** The fields of an answer that a worker reads. */
export interface CallOutput {
  readonly taskToken?: string;
  readonly input?: string;
}

/** The end of a call: the fields of its answer, or its failure. `classify-failure.ts` decides what a failure means. */
export type CallEnd<T = CallOutput> = { readonly output: T } | { readonly failure: CallFailure };

/** What is known of a call that brought no usable answer. */
export interface CallFailure {
  /** For people: named and worded by the service, the network, or Stepwright. */
  readonly error: Error;
  /**
   * The error's name, where the service itself answered with an error; undefined where something else answered, or
   * nothing did.
   */
  readonly type: string | undefined;
  /** The HTTP status; undefined where no head of an answer arrived. */
  readonly status: number | undefined;
  /** True where any part of the request may have left on an established and trusted connection. */
  readonly sent: boolean;
  /**
   * True where nothing was sent, and nothing will be until credentials or an endpoint are mended. False for a
   * certificate that is not trusted: the operator of the service or of a proxy may replace it at any time, as a network
   * may return.
   */
  readonly setup: boolean;
  /**
   * True where the signature was refused for its time and the answer has corrected the clock. Nothing was done, and a
   * second call is signed for the right time.
   */
  readonly clockCorrected?: boolean;
}

/** The names of errors for a signature whose time is wrong; some of them also stand for a wrong key. */
const SKEWED = new Set([
  'RequestExpired',
  'RequestInTheFuture',
  'RequestTimeTooSkewed',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
]);

export const mayBeSkewed = (type: string | undefined): boolean => type !== undefined && SKEWED.has(type);
