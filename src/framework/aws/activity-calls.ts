import type { Abortable } from '../base/abort.js';
import { classifyPollFailure, classifyReportFailure } from './classify-failure.js';
import type { ActivityPort, PollAnswer, ReportAnswer } from './activity-port.js';
import { strangeAnswer } from './response.js';
import type { CallEnd, CallFailure, CallInProgress } from './call.js';
import { CallRequest } from './call-request.js';

/** Makes one call, by the lean path or the SDK's. Never throws. @param done called once, with the call's end */
export type SendCall = (request: CallRequest, call: CallInProgress, done: (end: CallEnd) => void) => void;

/** The generation of the credentials that a call was signed with, and the time at which the call was sent. */
export interface AsOf {
  readonly generation: number;
  readonly sentAt: number;
}

/** A call that may be repeated. */
export interface Repeatable<T> {
  readonly signal: Abortable;
  readonly attempt: () => Promise<CallEnd<T>>;
  /**
   * Called once the call's credentials were refused, before it is known whether there are new ones to repeat it with.
   */
  readonly again: () => void;
}

/** The part of a failed call that says whether its credentials were refused. */
export type Refusal = Pick<CallFailure, 'type' | 'error'>;

/** Renews the credentials that calls are signed with. */
export interface Renewal {
  /** Returns the current generation of credentials and the time. To be called just before a call is sent. */
  asOf(): AsOf;
  /** Notes that the service accepted the call that was sent as of `asOf`. */
  accepted(asOf: AsOf): void;
  /**
   * Repeats a failed call once, where the service refused its credentials and there are new ones.
   * @returns the end of the last attempt
   */
  failed<T>(end: CallEnd<T>, asOf: AsOf, call: Repeatable<T>): Promise<CallEnd<T>>;
  /**
   * Notes a failed call that its caller repeats. Where the service refused its credentials, others are asked for.
   * @returns true where there are others already
   */
  refused(refusal: Refusal, asOf: AsOf): boolean;
  /** Calls the listener whenever new credentials replace refused ones. */
  onRenewed(listener: () => void): void;
}

/**
 * Makes the port whose calls are made by `send`, and decides what their ends mean, the same for the lean path and the
 * SDK's.
 */
export function activityPort(send: SendCall, credentials: Renewal): ActivityPort {
  const make = <T>(request: CallRequest, call: CallUnderWay, read: (end: CallEnd) => T): Promise<T> =>
    new Promise((resolve) => {
      const asOf = credentials.asOf();
      send(request, call, (end) => {
        if ('output' in end) {
          credentials.accepted(asOf);
          return resolve(read(end));
        }
        const { signal, onAgain: again } = call;
        const once = (): Promise<CallEnd> => new Promise((done) => send(request, call, done));
        const attempt = async (): Promise<CallEnd> => onTime(await once(), again, once);
        resolve(
          onTime(end, again, once)
            .then((settled) => credentials.failed(settled, asOf, { signal, attempt, again }))
            .then(read),
        );
      });
    });
  const heartbeat = (taskToken: string, signal: Abortable): Promise<ReportAnswer> =>
    new Promise((resolve) => {
      const asOf = credentials.asOf();
      send(new CallRequest('SendTaskHeartbeat', { taskToken }), { signal, onSent: ignore }, (end) => {
        if ('output' in end) {
          credentials.accepted(asOf);
          return resolve(OK);
        }
        const isMended = end.failure.clockCorrected || credentials.refused(end.failure, asOf);
        const answer = classifyReportFailure(end.failure);
        resolve(isMended && answer.kind === 'retry' ? { ...answer, pace: 'fast', isMended } : answer);
      });
    });
  return {
    poll: (activityArn, workerName, signal, onSent, onAgain = ignore) => {
      const request = new CallRequest('GetActivityTask', { activityArn, workerName });
      return make(request, { signal, onSent, onAgain }, pollAnswer);
    },
    report: (request, signal) => make(request, { signal, onSent: ignore, onAgain: ignore }, reportAnswer),
    heartbeat,
    onMended: (listener) => credentials.onRenewed(listener),
  };
}

interface CallUnderWay extends CallInProgress {
  /**
   * Called when a request that was answered is sent again: the service holds no poll until `onSent` is called again.
   */
  readonly onAgain: () => void;
}

const OK = { kind: 'ok' } as const;
const ignore = (): void => {};

/**
 * Resolves to `end`; where that answer has just corrected the clock, repeats the call once and resolves to the second
 * end.
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
  // Neither field was checked before; some stand-ins say null where there is none.
  const taskToken: unknown = end.output.taskToken ?? '';
  const input: unknown = end.output.input ?? '';
  if (typeof taskToken !== 'string' || typeof input !== 'string') return NO_TASK_OF_THE_SERVICE;
  return taskToken === '' ? { kind: 'empty' } : { kind: 'task', token: taskToken, input };
}

/**
 * The failure of a poll whose token or input is no string. The answer is not shown, since it may hold a token all the
 * same.
 */
const NO_TASK_OF_THE_SERVICE = classifyPollFailure({
  error: strangeAnswer(200, 'taskToken or input is no string'),
  ...{ type: undefined, status: 200, sent: true, setup: false },
});
