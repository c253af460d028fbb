import type { PollAnswer, PollTrouble, ReportAnswer } from './activity-port.js';
import type { CallFailure } from './call.js';

/**
 * The HTTP status with which the service itself refuses a call. If an error has the service's form but another status,
 * it comes from something in between, such as a proxy, and nothing final is decided from it.
 */
const REFUSED_BY_SERVICE = 400;
/**
 * The names of the errors after which the service accepts nothing more for a task. Some emulators answer InvalidToken
 * if the task's execution has ended.
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
/** Statuses with which Step Functions, or its load balancer, answers a request that it hasn't carried out. */
const NOTHING_DONE = new Set([500, 503]);
/** Statuses with which a proxy or a gateway refuses calls until a person changes its settings. */
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
 * Returns true if the service may have sent a token that never arrived. That is so if no answer came, if the answer was
 * cut off, or if a gateway timed out.
 */
function mayHaveLostToken({ status, sent }: CallFailure): boolean {
  if (!sent) return false;
  return status === undefined || !(NOTHING_DONE.has(status) || isClientFault(status));
}

/**
 * Decides what a failed SendTask* call means. Only *gone* and *refused* are final, and only if the answer has both an
 * error name of the service and the service's own status. A result is never dropped because of an unknown error name,
 * or an answer from something in between.
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

/**
 * Returns true if the service refuses the reported output, error or cause. A validation error about another member of
 * the request names that member.
 */
const isRefusedText = (type: string, { message }: Error): boolean =>
  type === 'InvalidOutput' || (type === 'ValidationException' && /'(output|cause|error)'/.test(message));

/**
 * Returns true for a status that blames the request. 408 isn't one: it means that a proxy stopped waiting, and it isn't
 * known what the service did.
 */
const isClientFault = (status: number | undefined): boolean =>
  status !== undefined && status >= 400 && status < 500 && status !== 408;
