import type { Abortable } from '../base/abort.js';
import { pollFailure, reportFailure } from './answer.js';
import type { ActivityPort, PollAnswer, ReportAnswer } from './port.js';
import { type CallEnd, type CallInProgress, type HotOperation, strangeAnswer } from './wire.js';

/** Makes one call on the wire, by whichever path. Never throws. @param done called once, with what it came to. */
export type SendCall = (
  operation: HotOperation,
  input: object,
  call: CallInProgress,
  done: (end: CallEnd) => void,
) => void;

/** Which credentials a call was signed with, and when it was sent. */
export interface AsOf {
  readonly generation: number;
  readonly sentAt: number;
}

/** A call that may be made again. */
export interface Repeatable<T> {
  readonly signal: Abortable;
  readonly attempt: () => Promise<CallEnd<T>>;
  /** Called where it may be made again, before that is known. */
  readonly again: () => void;
}

/** What renews the credentials that calls are signed with. */
export interface Renewal {
  /** To be taken before a call is sent. */
  asOf(): AsOf;
  /** A call was accepted. */
  accepted(asOf: AsOf): void;
  /**
   * A call failed. Where that was for its credentials, and there are new ones, it is made once more.
   * @returns what it came to in the end
   */
  failed<T>(end: CallEnd<T>, asOf: AsOf, call: Repeatable<T>): Promise<CallEnd<T>>;
  /** Calls back whenever there are new credentials in place of what was refused. */
  onRenewed(listener: () => void): void;
}

/** The port over one path to the wire: what its ends mean is decided here, for all paths. */
export function activityPort(send: SendCall, credentials: Renewal): ActivityPort {
  const make = <T>(
    operation: HotOperation,
    input: object,
    call: CallUnderWay,
    read: (end: CallEnd) => T,
  ): Promise<T> =>
    new Promise((resolve) => {
      const asOf = credentials.asOf();
      send(operation, input, call, (end) => {
        if ('output' in end) {
          credentials.accepted(asOf);
          return resolve(read(end));
        }
        const { signal, onAgain: again } = call;
        const once = (): Promise<CallEnd> => new Promise((done) => send(operation, input, call, done));
        const attempt = async (): Promise<CallEnd> => onTime(await once(), again, once);
        resolve(
          onTime(end, again, once)
            .then((settled) => credentials.failed(settled, asOf, { signal, attempt, again }))
            .then(read),
        );
      });
    });
  const report = (operation: HotOperation, input: object, signal: Abortable): Promise<ReportAnswer> =>
    make(operation, input, { signal, onSent: ignore, onAgain: ignore }, reportAnswer);
  return {
    poll: (activityArn, workerName, signal, onSent, onAgain = ignore) =>
      make('GetActivityTask', { activityArn, workerName }, { signal, onSent, onAgain }, pollAnswer),
    succeed: (taskToken, output, signal) => report('SendTaskSuccess', { taskToken, output }, signal),
    fail: (taskToken, error, cause, signal) => report('SendTaskFailure', { taskToken, error, cause }, signal),
    heartbeat: (taskToken, signal) => report('SendTaskHeartbeat', { taskToken }, signal),
    onMended: (listener) => credentials.onRenewed(listener),
  };
}

interface CallUnderWay extends CallInProgress {
  /** What was sent was answered, and is made again: nothing is on its way until `onSent` is called again. */
  readonly onAgain: () => void;
}

const OK = { kind: 'ok' } as const;
const ignore = (): void => {};

/** What a call comes to, which is sent once more where its answer has just corrected the clock. */
async function onTime(end: CallEnd, again: () => void, send: () => Promise<CallEnd>): Promise<CallEnd> {
  if ('output' in end || !end.failure.clockCorrected) return end;
  again();
  return send();
}

const reportAnswer = (end: CallEnd): ReportAnswer => ('failure' in end ? reportFailure(end.failure) : OK);

function pollAnswer(end: CallEnd): PollAnswer {
  if ('failure' in end) return pollFailure(end.failure);
  // Nothing has looked at what they are; null is how some stand-ins say that there is none.
  const taskToken: unknown = end.output.taskToken ?? '';
  const input: unknown = end.output.input ?? '';
  if (typeof taskToken !== 'string' || typeof input !== 'string') return NO_TASK_OF_THE_SERVICE;
  return taskToken === '' ? { kind: 'empty' } : { kind: 'task', token: taskToken, input };
}

/** It may hold a token all the same, so it is not shown. */
const NO_TASK_OF_THE_SERVICE = pollFailure({
  error: strangeAnswer(200, 'taskToken or input is no string'),
  ...{ type: undefined, status: 200, sent: true, setup: false },
});
