import type { PollAnswer, PollTrouble, ReportAnswer } from './port.js';
import type { WireFailure } from './wire.js';

/** What the service refuses with; another status is of something in between that repeats or borrows its words. */
const REFUSED_BY_SERVICE = 400;
/** For every SendTask* call; InvalidToken is what some emulators answer for a task of an ended execution. */
const GONE = new Set(['TaskTimedOut', 'TaskDoesNotExist', 'InvalidToken']);
const THROTTLED = new Set([
  'ThrottlingException',
  'Throttling',
  'TooManyRequestsException',
  'RequestLimitExceeded',
  'KmsThrottlingException',
  'SlowDown',
]);
const CROWDED = 'ActivityWorkerLimitExceeded';
/** What the service itself answers 5xx with, or a load balancer of its own before it: nothing was done. */
const NOTHING_DONE = new Set([500, 503]);
/** A proxy's or a gateway's, for which somebody has to act. */
const DENIED = new Set([401, 403, 407]);

/** What a failed poll means. */
export function pollFailure(failure: WireFailure): PollAnswer {
  const trouble = troubleOf(failure);
  return { kind: 'failed', trouble, mayHaveLostToken: mayHaveLostToken(failure), error: failure.error };
}

function troubleOf({ type, status, setup }: WireFailure): PollTrouble {
  if (type === CROWDED) return 'crowded';
  if (isThrottle(type, status)) return 'throttled';
  if (setup || (status !== undefined && DENIED.has(status))) return 'refused';
  return type !== undefined && isClientFault(status) ? 'refused' : 'unreachable';
}

/** No answer, a torn one, or a gateway's that gave up waiting: the service itself may have answered with a token. */
function mayHaveLostToken({ status, sent }: WireFailure): boolean {
  if (!sent) return false;
  return status === undefined || !(NOTHING_DONE.has(status) || isClientFault(status));
}

/**
 * What a failed SendTask* call means. Only the service's own words are final, with the status that it says them with, and
 * of these only *gone* and *refused*: a result is never dropped for a name that we do not know, or for what something in
 * between answers.
 */
export function reportFailure({ error, type, status, sent, setup }: WireFailure): ReportAnswer {
  const retry = (pace: 'fast' | 'throttled' | 'slow', mayHaveArrived = false): ReportAnswer => ({
    kind: 'retry',
    pace,
    mayHaveArrived,
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

/** The text itself is what the service will not take. Other constraints name other members. */
const isRefusedText = (type: string, { message }: Error): boolean =>
  type === 'InvalidOutput' || (type === 'ValidationException' && /'(output|cause|error)'/.test(message));

/** 408 is a proxy's: it gave up waiting, and nobody knows what the service did. */
const isClientFault = (status: number | undefined): boolean =>
  status !== undefined && status >= 400 && status < 500 && status !== 408;
