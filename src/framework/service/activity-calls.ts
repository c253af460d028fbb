import { pollFailure, reportFailure } from './answer.js';
import type { ActivityPort, PollAnswer, ReportAnswer } from './port.js';
import type { CallEnd, CallInProgress, HotOperation } from './wire.js';

/** Makes one call on the wire, by whichever path. Never rejects. */
export type SendCall = (operation: HotOperation, input: object, call: CallInProgress) => Promise<CallEnd>;

/** What renews the credentials that calls are signed with. */
export interface Renewal {
  /**
   * Makes a call, and once more where it was refused for its credentials and there are new ones.
   * @param again called before that.
   */
  call(signal: AbortSignal, attempt: () => Promise<CallEnd>, again: () => void): Promise<CallEnd>;
  /** Calls back whenever there are new credentials in place of what was refused. */
  onRenewed(listener: () => void): void;
}

/** The port over one path to the wire: what its ends mean is decided here, for all paths. */
export function activityPort(send: SendCall, credentials: Renewal): ActivityPort {
  const call = (operation: HotOperation, input: object, under: CallUnderWay): Promise<CallEnd> =>
    credentials.call(under.signal, () => sendOnTime(send, operation, input, under), under.onAgain);
  const report = async (
    operation: HotOperation,
    input: object,
    signal: AbortSignal,
  ): Promise<ReportAnswer> => {
    const end = await call(operation, input, { signal, onSent: ignore, onAgain: ignore });
    return 'failure' in end ? reportFailure(end.failure) : { kind: 'ok' };
  };
  return {
    poll: async (activityArn, workerName, signal, onSent, onAgain = ignore) =>
      pollAnswer(await call('GetActivityTask', { activityArn, workerName }, { signal, onSent, onAgain })),
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

const ignore = (): void => {};

/** Sends, and once more where the answer has just corrected the clock. */
async function sendOnTime(
  send: SendCall,
  operation: HotOperation,
  input: object,
  call: CallUnderWay,
): Promise<CallEnd> {
  const first = await send(operation, input, call);
  if (!('failure' in first && first.failure.clockCorrected)) return first;
  call.onAgain();
  return send(operation, input, call);
}

function pollAnswer(end: CallEnd): PollAnswer {
  if ('failure' in end) return pollFailure(end.failure);
  const { taskToken, input } = end.output;
  return taskToken ? { kind: 'task', token: taskToken, input: input ?? '' } : { kind: 'empty' };
}
