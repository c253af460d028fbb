import type { PollAnswer, PollTrouble, ReportAnswer } from './activity-port.js';
import type { CallFailure } from './call.js';

/**
 * The HTTP status with which Step Functions refuses a call. If an error looks like one of Step Functions but has
 * another status, something in between, such as a proxy, has sent it. A task is never given up because of such an
 * error.
 */
const REFUSED_BY_SERVICE = 400;
/**
 * The names of the errors that mean that the service accepts nothing more for the task. Some emulators of Step
 * Functions use InvalidToken if the task's execution has ended.
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
/** The HTTP statuses of errors with which Step Functions itself says that it has given out no task. */
const NOTHING_DONE = new Set([500, 503]);
/** The HTTP statuses with which a proxy or a gateway refuses calls until a person changes its settings. */
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
 * Returns true if the service may have sent a task token that never arrived: if there was no response, the response was
 * cut off, or a gateway has answered with an error (5xx) of its own. It may have passed the request on before.
 */
function mayHaveLostToken({ type, status, sent }: CallFailure): boolean {
  if (!sent || isClientFault(status)) return false;
  return status === undefined || type === undefined || !NOTHING_DONE.has(status);
}

/**
 * Decides what a failed SendTask* call means. The results `gone` and `refused` are final; they need both an error name
 * of Step Functions and its HTTP status 400. So a task's result is never dropped because of an unknown error name, or a
 * response that came from something in between.
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
  // Only the service itself knows that it has done nothing.
  return retry('fast', sent && (status !== 503 || type === undefined));
}

/** Returns true if the service refused a call because too many were made. */
export const isThrottle = (type: string | undefined, status: number | undefined): boolean =>
  status === 429 || (type !== undefined && (THROTTLED.has(type) || type === CROWDED));

/**
 * Returns true if the service refuses the reported output, error or cause itself. A validation error may also be about
 * another field of the request; its message then names that field.
 */
const isRefusedText = (type: string, { message }: Error): boolean =>
  type === 'InvalidOutput' || (type === 'ValidationException' && /'(output|cause|error)'/.test(message));

/**
 * Returns true for a status (4xx) that means that the request is at fault. Returns false for 408: a proxy stopped
 * waiting, and it isn't known what the service did.
 */
const isClientFault = (status: number | undefined): boolean =>
  status !== undefined && status >= 400 && status < 500 && status !== 408;
