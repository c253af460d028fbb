import type { Abortable } from '../base/abort.js';

/** The four calls of a worker's loop, by the service's names. */
export type HotOperation = 'GetActivityTask' | 'SendTaskSuccess' | 'SendTaskFailure' | 'SendTaskHeartbeat';

/** The longest that making a connection may take. Nothing was sent before that, so it is safe to try again. */
export const CONNECTION_TIMEOUT_MS = 5_000;

/** One call while it is open. */
export interface CallInProgress {
  /** Ends the call. */
  readonly signal: Abortable;
  /** Called once the request is on a connection that is made and trusted; at once where that is not known. */
  readonly onSent: () => void;
}

/** The fields of an answer that a worker reads. */
export interface CallOutput {
  readonly taskToken?: string;
  readonly input?: string;
}

/** The end of a call, whichever path it took. `classify-failure.ts` decides what a failure means. */
export type CallEnd<T = CallOutput> = { readonly output: T } | { readonly failure: CallFailure };

/** What is known of a call that brought no usable answer. */
export interface CallFailure {
  /** For people: named and worded by the service, the network, or Stepwright. */
  readonly error: Error;
  /** The error's name in an answer of the service itself; undefined where something else answered, or nothing did. */
  readonly type: string | undefined;
  /** The HTTP status; undefined where no head of an answer arrived. */
  readonly status: number | undefined;
  /** True where any of the request may have left on a connection that was made and trusted. */
  readonly sent: boolean;
  /**
   * Nothing was sent, and nothing will be until credentials or an endpoint are mended. False for a certificate that is not
   * trusted: whoever runs the service or a proxy may replace it at any time, as a network may return.
   */
  readonly setup: boolean;
  /**
   * The signature was refused for its time, nothing was done, and the answer has shown by how much this machine's clock
   * is wrong: a second call is signed for the right time.
   */
  readonly clockCorrected?: boolean;
}

/** Errors of a signature whose time is wrong; some of them also stand for a wrong key. */
const SKEWED = new Set([
  'RequestExpired',
  'RequestInTheFuture',
  'RequestTimeTooSkewed',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
]);

export const mayBeSkewed = (type: string | undefined): boolean => type !== undefined && SKEWED.has(type);
