import type { PollAnswer, PollTrouble, ReportAnswer } from './port.js';
import type { CallFailure } from './call.js';

/** The status of the service's own refusals; with another one, something in between repeats or borrows its words. */
const REFUSED_BY_SERVICE = 400;
/** Final for every SendTask* call. Some emulators answer InvalidToken for a task of an ended execution. */
const GONE = new Set(['TaskTimedOut', 'TaskDoesNotExist', 'InvalidToken']);
const KEY_THROTTLED = 'KmsThrottlingException';
const THROTTLED = new Set([
  'ThrottlingException',
  'Throttling',
  'TooManyRequestsException',
  'RequestLimitExceeded',
  KEY_THROTTLED,
  'SlowDown',
]);
const CROWDED = 'ActivityWorkerLimitExceeded';
/** Statuses of the service itself, or of its own load balancer: nothing was done. */
const NOTHING_DONE = new Set([500, 503]);
/** Statuses of a proxy or a gateway that has to be set up. */
const DENIED = new Set([401, 403, 407]);

/** Decides what a failed poll means. */
export function classifyPollFailure(failure: CallFailure): PollAnswer {
  const trouble = troubleOf(failure);
  const { type, error } = failure;
  const ofKey = type === KEY_THROTTLED;
  return { kind: 'failed', trouble, mayHaveLostToken: mayHaveLostToken(failure), ofKey, error };
}

function troubleOf({ type, status, setup }: CallFailure): PollTrouble {
  if (type === CROWDED) return 'crowded';
  if (isThrottle(type, status)) return 'throttled';
  if (setup || (status !== undefined && DENIED.has(status))) return 'refused';
  return type !== undefined && isClientFault(status) ? 'refused' : 'unreachable';
}

/** After no answer, a torn one, or a gateway's timeout, the service itself may have answered with a token. */
function mayHaveLostToken({ status, sent }: CallFailure): boolean {
  if (!sent) return false;
  return status === undefined || !(NOTHING_DONE.has(status) || isClientFault(status));
}

/**
 * Decides what a failed SendTask* call means. Only *gone* and *refused* are final, and only in the service's own words
 * with the service's own status: a result is never dropped for a name that is not known here, or for an answer of
 * something in between.
 */
export function classifyReportFailure({ error, type, status, sent, setup }: CallFailure): ReportAnswer {
  const retry = (pace: 'fast' | 'throttled' | 'slow', mayHaveArrived = false): ReportAnswer => ({
    kind: 'retry',
    pace,
    mayHaveArrived,
    ofKey: type === KEY_THROTTLED,
    error,
  });
  if (status === REFUSED_BY_SERVICE && type !== undefined) {
    if (GONE.has(type)) return { kind: 'gone', error };
    if (isRefusedText(type, error)) return { kind: 'refused', error };
  }
  if (isThrottle(type, status)) return retry('throttled');
  if (setup || isClientFault(status)) return retry('slow');
  return retry('fast', sent && status !== 503);
}

const isThrottle = (type: string | undefined, status: number | undefined): boolean =>
  status === 429 || (type !== undefined && (THROTTLED.has(type) || type === CROWDED));

/** The service refuses the text itself. Other constraints name other members. */
const isRefusedText = (type: string, { message }: Error): boolean =>
  type === 'InvalidOutput' || (type === 'ValidationException' && /'(output|cause|error)'/.test(message));

/** 408 is a proxy's: it stopped waiting, and what the service did is not known. */
const isClientFault = (status: number | undefined): boolean =>
  status !== undefined && status >= 400 && status < 500 && status !== 408;
