import { isNativeError } from 'node:util/types';
import type { PollAnswer, ReportAnswer } from './port.js';

/** For every SendTask* call; InvalidToken is what some emulators answer for a task of an ended execution. */
const GONE = new Set(['TaskTimedOut', 'TaskDoesNotExist', 'InvalidToken']);
const THROTTLED = new Set([
  'ThrottlingException',
  'Throttling',
  'TooManyRequestsException',
  'RequestLimitExceeded',
  'ActivityWorkerLimitExceeded',
  'KmsThrottlingException',
  'SlowDown',
]);
/** The request never left this machine, or never reached a server. */
const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ECONNTIMEOUT',
]);

/** The SDK could not even make the request: credentials, a region or an endpoint are missing or contradict each other. */
const SETUP = new Set(['CredentialsProviderError', 'TokenProviderError', 'EndpointError']);
/** The other end could not be trusted, so nothing was sent to it (names of Node's TLS and OpenSSL errors). */
const UNTRUSTED = /^(CERT_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|EPROTO)/;

/** What a thrown value of the SDK tells, without trusting its class: errors may come from another realm. */
interface Trouble {
  readonly error: Error;
  readonly name: string;
  /** The HTTP status, where an answer arrived at all. */
  readonly status: number | undefined;
  readonly neverSent: boolean;
  /** Nothing was sent, and nothing will be until somebody acts. */
  readonly setup: boolean;
}

/** What a failed poll means. */
export function pollFailure(thrown: unknown): PollAnswer {
  const { error, name, status, neverSent, setup } = look(thrown);
  const failed = (
    trouble: 'throttled' | 'refused' | 'unreachable',
    mayHaveLostToken = false,
  ): PollAnswer => ({
    kind: 'failed',
    trouble,
    mayHaveLostToken,
    error,
  });
  if (THROTTLED.has(name) || status === 429) return failed('throttled');
  if (setup || isClientFault(status)) return failed('refused');
  if (neverSent || status === 500 || status === 503) return failed('unreachable');
  // No answer, a torn one, or a proxy's 502/504: the service itself may have answered with a token.
  return failed('unreachable', true);
}

/** What a failed SendTask* call means. Nothing but *gone* and *refused* is final: a result is never dropped for a name we do not know. */
export function reportFailure(thrown: unknown): ReportAnswer {
  const { error, name, status, neverSent, setup } = look(thrown);
  const retry = (pace: 'fast' | 'throttled' | 'slow', mayHaveArrived = false): ReportAnswer => ({
    kind: 'retry',
    pace,
    mayHaveArrived,
    error,
  });
  if (GONE.has(name)) return { kind: 'gone', error };
  if (THROTTLED.has(name) || status === 429) return retry('throttled');
  if (isRefusedText(error, status)) return { kind: 'refused', error };
  if (setup || isClientFault(status)) return retry('slow');
  if (neverSent || status === 503) return retry('fast');
  return retry('fast', true);
}

function look(thrown: unknown): Trouble {
  const error = isNativeError(thrown) ? thrown : new Error(String(thrown));
  const { code, $metadata } = error as { code?: unknown; $metadata?: { httpStatusCode?: number } };
  const neverSent =
    (typeof code === 'string' && NEVER_SENT.has(code)) ||
    // The SDK's own name for a connection that could not be made in time.
    (error.name === 'TimeoutError' && /connect/i.test(error.message));
  const setup =
    SETUP.has(error.name) ||
    error.message === 'Region is missing' ||
    (typeof code === 'string' && UNTRUSTED.test(code));
  return { error, name: error.name, status: $metadata?.httpStatusCode, neverSent, setup };
}

/** The text itself is what the service, or a proxy before it, will not take. Other constraints name other members. */
const isRefusedText = ({ name, message }: Error, status: number | undefined): boolean =>
  name === 'InvalidOutput' ||
  status === 413 ||
  (name === 'ValidationException' && /'(output|cause|error)'/.test(message));

/** 408 is a proxy's: it gave up waiting, and nobody knows what the service did. */
const isClientFault = (status: number | undefined): boolean =>
  status !== undefined && status >= 400 && status < 500 && status !== 408;
