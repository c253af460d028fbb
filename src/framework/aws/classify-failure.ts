import type { PollAnswer, PollTrouble, ReportAnswer } from './activity-port.js';
import type { CallFailure } from './call.js';

/**
 * The HTTP status of the service's own refusals. Under another status, an error of the service comes from something in
 * between, such as a proxy, and decides nothing.
 */
const REFUSED_BY_SERVICE = 400;
/**
 * Errors after which the service accepts nothing more for the task. Some emulators answer InvalidToken for a task of an
 * ended execution.
 */
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
/** HTTP statuses of the service itself, or of its own load balancer, which say that nothing was done. */
const NOTHING_DONE = new Set([500, 503]);
/** HTTP statuses of a proxy or a gateway that refuses calls until a person sets it up. */
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

/**
 * Returns true where the service may have sent a token that never arrived: no answer came, a torn one, or a gateway's
 * timeout.
 */
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

/** Returns true where the service refuses the reported output, error or cause. Other constraints name other members. */
const isRefusedText = (type: string, { message }: Error): boolean =>
  type === 'InvalidOutput' || (type === 'ValidationException' && /'(output|cause|error)'/.test(message));

/**
 * Returns true for a status that blames the request. 408 does not: a proxy stopped waiting, and what the service did is
 * not known.
 */
const isClientFault = (status: number | undefined): boolean =>
  status !== undefined && status >= 400 && status < 500 && status !== 408;
