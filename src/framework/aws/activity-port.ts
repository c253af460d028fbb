import type { Abortable } from '../base/abort.js';
import type { PollFailure } from '../base/worker-status.js';
import {
  type CallEnd,
  type CallFailure,
  type CallInProgress,
  CallRequest,
  type ReportRequest,
  strangeAnswer,
} from './call.js';
import type { Renewal } from './credentials.js';

/**
 * The four calls to Step Functions that a worker makes, and the possible results of each. These methods never throw:
 * whatever happens to a call is returned as one of the results, so that each caller has to decide about each of them.
 */
export interface ActivityPort {
  /**
   * Polls for one task. The service holds a poll open for up to a minute.
   * @param signal ends the poll. To be used only if the poll seems to hang, since the service may still give a task to
   * a poll that was ended here.
   * @param onSent called once the request is on an established and trusted connection; called at once if the connection
   * can't be watched.
   */
  poll(
    activityArn: string,
    workerName: string,
    signal: Abortable,
    onSent: () => void,
    more?: PollCall,
  ): Promise<PollAnswer>;
  /**
   * Reports the outcome of a task. The same request object may be reported several times.
   * @param isWanted called just before each time that the report is sent, because the call may have waited for
   * credentials. If it returns false, the report isn't sent.
   */
  report(request: ReportRequest, signal: Abortable, isWanted?: () => boolean): Promise<ReportAnswer>;
  /**
   * Sends one heartbeat. If it fails, it isn't sent again here: the caller repeats it, and keeps to the rate limit of
   * heartbeats.
   * @param isWanted called just before the heartbeat is sent, because the call may have waited for credentials. If it
   * returns false, the heartbeat isn't sent.
   */
  heartbeat(token: string, signal: Abortable, isWanted?: () => boolean): Promise<ReportAnswer>;
  /**
   * Calls the listener each time that credentials which the service refused were replaced with new ones. Calls that
   * were refused before may then succeed.
   */
  onRenewed?(listener: () => void): void;
}

/** Functions that the sender of a poll can pass to learn what becomes of it, or to stop it. */
interface PollCall {
  /**
   * Called when a poll that already got a response is sent again, with other credentials or another time of signing.
   * From then until the next `onSent`, the service doesn't hold the poll open.
   */
  readonly onAgain?: (() => void) | undefined;
  /**
   * Called just before each time that the poll is sent, because the poll may have waited for credentials. If it returns
   * false, the poll isn't sent. @default always sent
   */
  readonly isWanted?: () => boolean;
}

export type PollAnswer =
  | { readonly kind: 'task'; readonly token: string; readonly input: string }
  | { readonly kind: 'empty' }
  | {
      readonly kind: 'failed';
      readonly trouble: PollFailure;
      /**
       * True if the service may have given a task to this poll. The service sends a task's token only once, so that
       * task is then lost until it times out.
       */
      readonly mayHaveLostToken: boolean;
      /** True if the activity's KMS key is throttled, rather than the calls in the region. @default false */
      readonly ofKey?: boolean;
      readonly error: Error;
    };

export type ReportAnswer =
  | { readonly kind: 'ok' }
  /**
   * The task has ended for the service, because it timed out or its execution was stopped. No result is accepted any
   * more.
   */
  | { readonly kind: 'gone'; readonly error: Error }
  /**
   * The service will never accept this output, error or cause. But the token is still valid, so another outcome can be
   * reported.
   */
  | { readonly kind: 'refused'; readonly error: Error }
  | {
      readonly kind: 'retry';
      /**
       * The waits before the call is repeated. `throttled`: for a call that was refused because of too many calls.
       * `slow`: for an error that a person must fix (credentials, access, keys). `fast`: for any other error.
       */
      readonly pace: 'fast' | 'throttled' | 'slow';
      /**
       * True if the call can be repeated at once, because the cause of its failure is gone: the clock was corrected, or
       * there are new credentials. @default false
       */
      readonly atOnce?: boolean;
      /**
       * True if the service may have processed the call although no response arrived. If a later attempt is then
       * refused because the task has ended (`gone`), this attempt was most likely accepted.
       */
      readonly mayHaveArrived: boolean;
      /** True if the activity's KMS key is throttled, rather than the calls in the region. @default false */
      readonly ofKey?: boolean;
      readonly error: Error;
    };

/** Makes calls to Step Functions, with the AWS SDK or without it. */
export interface Calls {
  /** Begins one call. Never throws. @param done called once, when the call has ended */
  begin(request: CallRequest, call: CallInProgress, done: (end: CallEnd) => void): void;
}

/**
 * Makes an {@link ActivityPort}, which decides what the results of calls mean. The decision is the same whether the
 * calls are made with the AWS SDK or not.
 */
export function activityPort(calls: Calls, credentials: Renewal): ActivityPort {
  const make = <T>(request: CallRequest, call: CallUnderWay, read: (end: CallEnd) => T): Promise<T> =>
    new Promise((resolve) => {
      const { generation } = credentials;
      calls.begin(request, call, (end) => {
        if ('output' in end) return resolve(read(end));
        const { signal, onAgain: again = () => {} } = call;
        const once = (): Promise<CallEnd> => new Promise((done) => calls.begin(request, call, done));
        const attempt = async (): Promise<CallEnd> => onTime(await once(), again, once);
        resolve(
          onTime(end, again, once)
            .then((settled) => credentials.failed(settled, generation, { signal, attempt, again }))
            .then(read),
        );
      });
    });
  const heartbeat: ActivityPort['heartbeat'] = (taskToken, signal, isWanted) =>
    new Promise((resolve) => {
      const { generation } = credentials;
      calls.begin(new CallRequest('SendTaskHeartbeat', { taskToken }), { signal, isWanted }, (end) => {
        if ('output' in end) return resolve(OK);
        const atOnce = end.failure.clockCorrected || credentials.refused(end.failure, generation);
        const answer = classifyReportFailure(end.failure);
        resolve(atOnce && answer.kind === 'retry' ? { ...answer, pace: 'fast', atOnce } : answer);
      });
    });
  return {
    poll: (activityArn, workerName, signal, onSent, more) =>
      make(
        new CallRequest('GetActivityTask', { activityArn, workerName }),
        { signal, onSent, ...more },
        pollAnswer,
      ),
    report: (request, signal, isWanted) => make(request, { signal, isWanted }, reportAnswer),
    heartbeat,
    onRenewed: (listener) => credentials.onRenewed?.(listener),
  };
}

type CallUnderWay = CallInProgress & Pick<PollCall, 'onAgain'>;

const OK = { kind: 'ok' } as const;

/**
 * Resolves to `end`, the result of a call. If that result was a refusal for a wrong time of signing, and the response
 * was used to correct the clock, sends the call once more and resolves to the second result.
 */
async function onTime(end: CallEnd, again: () => void, send: () => Promise<CallEnd>): Promise<CallEnd> {
  if ('output' in end || !end.failure.clockCorrected) return end;
  again();
  return send();
}

const reportAnswer = (end: CallEnd): ReportAnswer =>
  'failure' in end ? classifyReportFailure(end.failure) : OK;

function pollAnswer(end: CallEnd): PollAnswer {
  if ('failure' in end) return classifyPollFailure(end.failure);
  // Nothing has checked these fields yet. Some emulators of the service send null for an absent field.
  const taskToken: unknown = end.output.taskToken ?? '';
  const input: unknown = end.output.input ?? '';
  if (typeof taskToken !== 'string' || typeof input !== 'string') return noTaskOfTheService();
  return taskToken === '' ? { kind: 'empty' } : { kind: 'task', token: taskToken, input };
}

/**
 * Returns the failure of a poll whose response has a token or an input that isn't a string. The error doesn't quote the
 * response, since it may contain a valid token nevertheless.
 */
const noTaskOfTheService = (): PollAnswer =>
  classifyPollFailure({
    error: strangeAnswer(200, 'taskToken or input is no string'),
    type: undefined,
    status: 200,
    sent: true,
    setup: false,
  });

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

function classifyPollFailure(failure: CallFailure): PollAnswer {
  const trouble = kindOf(failure);
  const { type, error } = failure;
  const ofKey = type === KEY_THROTTLED;
  return { kind: 'failed', trouble, mayHaveLostToken: mayHaveLostToken(failure), ofKey, error };
}

function kindOf({ type, status, setup }: CallFailure): PollFailure {
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
