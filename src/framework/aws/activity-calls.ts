import type { Abortable } from '../base/abort.js';
import { classifyPollFailure, classifyReportFailure } from './failure.js';
import type { ActivityPort, PollAnswer, PollCall, ReportAnswer } from './activity-port.js';
import { strangeAnswer, type CallEnd, type CallFailure, type CallInProgress, CallRequest } from './call.js';

/** Makes calls to Step Functions, with the AWS SDK or without it. */
export interface Calls {
  /** Begins one call. Never throws. @param done called once, when the call has ended */
  begin(request: CallRequest, call: CallInProgress, done: (end: CallEnd) => void): void;
}

/**
 * The time at which a call was sent, and the generation of the credentials that it was signed with: a number that grows
 * by one each time that the credentials are replaced.
 */
export interface AsOf {
  readonly generation: number;
  readonly sentAt: number;
}

/** A failed call that can be made once more if its credentials were refused and there are new ones. */
export interface Repeatable<T> {
  readonly signal: Abortable;
  readonly attempt: () => Promise<CallEnd<T>>;
  /**
   * Called when the call is found to have been refused for its credentials. It isn't known yet then if there are new
   * credentials, and so if the call will be made again.
   */
  readonly again: () => void;
}

/** The fields of a failed call that show if its credentials were refused. */
export type Refusal = Pick<CallFailure, 'type' | 'error'>;

/** Renews the credentials. It is told the result of each call, to find out if the service refuses the current ones. */
export interface Renewal {
  /**
   * Returns the current time and the current generation of the credentials. The caller keeps both and passes them back
   * with the call's result. To be called just before a call is sent.
   */
  asOf(): AsOf;
  /** Records that the service accepted a call. @param asOf what {@link asOf} returned when the call was sent */
  accepted?(asOf: AsOf): void;
  /**
   * Makes a failed call once more if the service refused its credentials and there are new ones.
   * @returns the result of the last attempt
   */
  failed<T>(end: CallEnd<T>, asOf: AsOf, call: Repeatable<T>): Promise<CallEnd<T>>;
  /**
   * Records that a call has failed which the worker itself will repeat. If the service refused the call's credentials,
   * new ones are requested.
   * @returns true if there are new credentials already
   */
  refused(refusal: Refusal, asOf: AsOf): boolean;
  /** Calls the listener whenever refused credentials are replaced with new ones. */
  onRenewed?(listener: () => void): void;
}

/**
 * Makes an {@link ActivityPort}, which decides what the results of calls mean. The decision is the same whether the
 * calls are made with the AWS SDK or not.
 */
export function activityPort(calls: Calls, credentials: Renewal): ActivityPort {
  const make = <T>(request: CallRequest, call: CallUnderWay, read: (end: CallEnd) => T): Promise<T> =>
    new Promise((resolve) => {
      const asOf = credentials.asOf();
      calls.begin(request, call, (end) => {
        if ('output' in end) {
          credentials.accepted?.(asOf);
          return resolve(read(end));
        }
        const { signal, onAgain: again = () => {} } = call;
        const once = (): Promise<CallEnd> => new Promise((done) => calls.begin(request, call, done));
        const attempt = async (): Promise<CallEnd> => onTime(await once(), again, once);
        resolve(
          onTime(end, again, once)
            .then((settled) => credentials.failed(settled, asOf, { signal, attempt, again }))
            .then(read),
        );
      });
    });
  const heartbeat: ActivityPort['heartbeat'] = (taskToken, signal, isWanted) =>
    new Promise((resolve) => {
      const asOf = credentials.asOf();
      calls.begin(new CallRequest('SendTaskHeartbeat', { taskToken }), { signal, isWanted }, (end) => {
        if ('output' in end) {
          credentials.accepted?.(asOf);
          return resolve(OK);
        }
        const atOnce = end.failure.clockCorrected || credentials.refused(end.failure, asOf);
        const answer = classifyReportFailure(end.failure);
        resolve(atOnce && answer.kind === 'retry' ? { ...answer, pace: 'fast', atOnce } : answer);
      });
    });
  /** All polls of an activity have the same body, so they share one request. */
  const polls = new Map<string, CallRequest>();
  return {
    poll: (activityArn, workerName, signal, onSent, { onAgain, isWanted } = {}) => {
      const key = `${activityArn} ${workerName}`;
      let request = polls.get(key);
      if (!request)
        polls.set(key, (request = new CallRequest('GetActivityTask', { activityArn, workerName })));
      return make(request, { signal, onSent, onAgain, isWanted }, pollAnswer);
    },
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
    ...{ type: undefined, status: 200, sent: true, setup: false },
  });
