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
const REFUSED = new Set(['InvalidOutput', 'ValidationException']);
/** The request never left this machine, or never reached a server. */
const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ECONNTIMEOUT',
]);

/** What a thrown value of the SDK tells, without trusting its class: errors may come from another realm. */
interface Trouble {
  readonly error: Error;
  readonly name: string;
  /** The HTTP status, where an answer arrived at all. */
  readonly status: number | undefined;
  readonly neverSent: boolean;
}

/** What a failed poll means. */
export function pollFailure(thrown: unknown): PollAnswer {
  const { error, name, status, neverSent } = look(thrown);
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
  if (isSetup(name) || isClientFault(status)) return failed('refused');
  if (neverSent || status === 500 || status === 503) return failed('unreachable');
  // No answer, a torn one, or a proxy's 502/504: the service itself may have answered with a token.
  return failed('unreachable', true);
}

/** What a failed SendTask* call means. Nothing but *gone* and *refused* is final: a result is never dropped for a name we do not know. */
export function reportFailure(thrown: unknown): ReportAnswer {
  const { error, name, status, neverSent } = look(thrown);
  const retry = (pace: 'fast' | 'slow', mayHaveArrived = false): ReportAnswer => ({
    kind: 'retry',
    pace,
    mayHaveArrived,
    error,
  });
  if (GONE.has(name)) return { kind: 'gone', error };
  if (THROTTLED.has(name) || status === 429) return retry('fast');
  if (REFUSED.has(name)) return { kind: 'refused', error };
  if (isSetup(name) || isClientFault(status)) return retry('slow');
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
  return { error, name: error.name, status: $metadata?.httpStatusCode, neverSent };
}

/** Nothing was sent because credentials, a token or a region could not be had. */
const isSetup = (name: string): boolean =>
  name === 'CredentialsProviderError' || name === 'TokenProviderError';

const isClientFault = (status: number | undefined): boolean =>
  status !== undefined && status >= 400 && status < 500;
