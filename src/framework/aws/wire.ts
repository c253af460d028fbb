import type { Abortable } from '../base/abort.js';

const { STATUS_CODES } = process.getBuiltinModule('node:http');

/** The four calls of a worker's loop, by the names that the service gives them. */
export type HotOperation = 'GetActivityTask' | 'SendTaskSuccess' | 'SendTaskFailure' | 'SendTaskHeartbeat';

/** One call, as it goes. */
export interface CallInProgress {
  /** Ends the call. */
  readonly signal: Abortable;
  /** Called when the request is on a connection that was made and is trusted; at once where nobody can tell. */
  readonly onSent: () => void;
}

/** What of an answer is of use. */
export interface CallOutput {
  readonly taskToken?: string;
  readonly input?: string;
}

/** What happened to a call on the wire, whichever way it went. What it means is decided elsewhere. */
export type CallEnd<T = CallOutput> = { readonly output: T } | { readonly failure: WireFailure };

/** What became of a call that brought no answer to use. What it means for a poll or a report is decided elsewhere. */
export interface WireFailure {
  /** For people: named and worded by the service, the network, or us. */
  readonly error: Error;
  /** The error's name in an answer of the service itself; undefined where something else answered, or nothing did. */
  readonly type: string | undefined;
  /** The HTTP status, where the head of an answer arrived. */
  readonly status: number | undefined;
  /** Whether any of the request may have left on a connection that was made and trusted. */
  readonly sent: boolean;
  /** Nothing was sent, and nothing will be until somebody acts: credentials, an endpoint, trust. */
  readonly setup: boolean;
  /**
   * The signature was refused for its time, nothing was done, and the answer has shown by how much this machine's clock
   * is wrong: made again, the call is signed for the right time.
   */
  readonly clockCorrected?: boolean;
}

/** What a signature is refused for where the clocks differ; some are used where only the key is wrong, too. */
const SKEWED = new Set([
  'RequestExpired',
  'RequestInTheFuture',
  'RequestTimeTooSkewed',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
]);

export const mayBeSkewed = (type: string | undefined): boolean => type !== undefined && SKEWED.has(type);

/** The connection could not be made, or no file was left to make it with. */
const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'ECONNTIMEOUT',
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
]);
/** The other end could not be trusted, so nothing was sent to it (names of Node's TLS and OpenSSL errors). */
const UNTRUSTED = /^(CERT_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|EPROTO)/;
/** Of these, what a certificate of one's own authority is refused for. */
const UNKNOWN_AUTHORITY = /^(SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_)/;

/** Whether a system error says that nothing was sent. */
export function neverSent(code: unknown): boolean {
  return isUntrusted(code) || (typeof code === 'string' && NEVER_SENT.has(code));
}

export const isUntrusted = (code: unknown): boolean => typeof code === 'string' && UNTRUSTED.test(code);

/** A TLS error with what to do about it, where that is known. */
export function explainTrust(error: Error, code: unknown): Error {
  if (typeof code !== 'string' || !UNKNOWN_AUTHORITY.test(code)) return error;
  const hint =
    'if the certificate is from an authority of your own, name its file: NODE_EXTRA_CA_CERTS=ca.pem';
  return Object.assign(new Error(`${error.message} (${code}); ${hint}`, { cause: error }), {
    name: 'TlsError',
  });
}

/**
 * An answer that is none of the service's: a proxy's page, a captive portal, a load balancer without a target. Its body is
 * shown, but for what may be half of a task.
 */
export function strangeAnswer(status: number, body: string): Error {
  const text = body.replaceAll(/\s+/g, ' ').trim().slice(0, 80);
  const shown = status < 300 && text.startsWith('{') ? 'JSON, which may hold an input' : text;
  const what = text ? `with a body that is not the service's: ${shown}` : 'without a body';
  const error = new Error(`HTTP ${status} ${STATUS_CODES[status] ?? ''}`.trim() + ` ${what}`);
  error.name = 'StrangeAnswer';
  return error;
}
