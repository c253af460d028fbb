import { isNativeError } from 'node:util/types';
import { type CallFailure, strangeAnswer } from './call.js';

/**
 * The error codes that mean that no connection was made, so that nothing was sent. In some cases this process had no
 * file descriptor left for a connection.
 */
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
/**
 * The error codes of Node's TLS and of OpenSSL that mean that the server isn't trusted, so that nothing was sent to it.
 */
export const UNTRUSTED =
  /^(CERT_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|EPROTO)/;
/**
 * The error codes for a certificate that was issued by an authority that this machine doesn't know, such as a company's
 * own authority.
 */
const UNKNOWN_AUTHORITY = /^(SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_)/;

export const OWN_AUTHORITY =
  'if the certificate is from an authority of your own, name its file: NODE_EXTRA_CA_CERTS=ca.pem';

/** Returns true if a system error's code means that nothing was sent. */
function neverSent(code: unknown): boolean {
  return typeof code === 'string' && (UNTRUSTED.test(code) || NEVER_SENT.has(code));
}

/** Returns true for the code of a certificate whose authority isn't known to this machine. */
export const isUnknownAuthority = (code: unknown): code is string =>
  typeof code === 'string' && UNKNOWN_AUTHORITY.test(code);

/**
 * If an error says that a certificate's authority is unknown, returns the error with advice added to its message.
 * Returns any other error unchanged.
 */
export function explainTrust(error: Error, code: unknown): Error {
  if (!isUnknownAuthority(code)) return error;
  const explained = new Error(`${error.message} (${code}); ${OWN_AUTHORITY}`, { cause: error });
  return Object.assign(explained, { name: 'TlsError' });
}

/**
 * The names of errors for a request that couldn't be made, because credentials, a region or an endpoint are missing or
 * contradict each other.
 */
const SETUP = new Set(['CredentialsProviderError', 'TokenProviderError', 'EndpointError']);

/** The name that the SDK gives to an error if the response doesn't name one. */
const NAMELESS = 'Unknown';

/** The fields that the AWS SDK adds to an error that it throws for an error response from the service. */
interface SdkError {
  readonly code?: unknown;
  /** Present only if the SDK could read the response as an error of the service. */
  readonly $fault?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/**
 * Returns the failure of a call for which the SDK threw an error and Stepwright didn't see the response itself. It
 * doesn't check the error's class, since errors may come from another realm (a `vm` context).
 * @param sent true if the request was seen on a connection.
 */
export function sdkFailure(thrown: unknown, sent: boolean): CallFailure {
  const error = isNativeError(thrown) ? thrown : new Error(String(thrown));
  const { code, $fault, $metadata } = error as SdkError;
  const status = $metadata?.httpStatusCode;
  if (status !== undefined && code === undefined) return answered(error, status, $fault !== undefined);
  const setup = SETUP.has(error.name) || error.message === 'Region is missing';
  return {
    error: explainTrust(error, code),
    type: undefined,
    status,
    sent: sent && !setup && !neverSent(code) && !connectionTimedOut(error),
    setup,
  };
}

function answered(error: Error, status: number, readable: boolean): CallFailure {
  if (readable && error.name !== NAMELESS)
    return { error, type: error.name, status, sent: true, setup: false };
  return { error: strangeAnswer(status, bodyOf(error)), type: undefined, status, sent: true, setup: false };
}

/** Returns the body of a response that isn't JSON, as far as the JSON parser's error message quotes it. */
function bodyOf({ message, name }: Error): string {
  if (name === NAMELESS) return '';
  return (
    /Unexpected token .*?, "(.*?)"(?:\.\.\.)? is not valid JSON/s.exec(message)?.[1] ??
    message.split('\n')[0] ??
    ''
  );
}

/** Returns true for the error that the SDK throws if a connection can't be made in time. */
const connectionTimedOut = ({ name, message }: Error): boolean =>
  name === 'TimeoutError' && /connect(ion)? timeout|did not establish a connection/i.test(message);
