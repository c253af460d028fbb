import type { SFNClient } from '@aws-sdk/client-sfn';
import type { Calls } from '../activity-calls.js';
import { unlessAborted } from '../../base/time/wait.js';
import {
  type CallEnd,
  type CallInProgress,
  type HotOperation,
  mayBeSkewed,
  type CallFailure,
} from '../call.js';
import { CallWatch, type WatchedCall } from './call-watch.js';
import { sdkFailure } from '../failure.js';
import { loadSdk } from './load-sdk.js';

/**
 * The number of attempts that the SDK makes at a call. The worker repeats failed calls itself. If the SDK did, a poll
 * whose task was lost on the way would go unnoticed, and a report whose first attempt was accepted would look like one
 * for a task that timed out.
 */
const ONE_ATTEMPT = 1;

/**
 * Makes the worker's four calls with the SDK's `send`, which follows all settings. The number of connections isn't
 * limited: the worker limits its calls, and may be told to make more of them while it runs.
 * @param watching true if Stepwright can see the client's connections
 */
export async function sdkCalls(
  open: (maxAttempts: number, calls: CallWatch) => Promise<SFNClient>,
  watching: boolean,
): Promise<Calls> {
  const sdk = await loadSdk();
  const calls = new CallWatch({ watching });
  const client = await open(ONE_ATTEMPT, calls);
  // Each caller makes the input of its own operation; the SDK checks only the fields that it needs itself.
  const send: Record<HotOperation, (input: never, call: WatchedCall) => Promise<object>> = {
    GetActivityTask: (input, call) => client.send(calls.bind(new sdk.GetActivityTaskCommand(input), call)),
    SendTaskSuccess: (input, call) => client.send(calls.bind(new sdk.SendTaskSuccessCommand(input), call)),
    SendTaskFailure: (input, call) => client.send(calls.bind(new sdk.SendTaskFailureCommand(input), call)),
    SendTaskHeartbeat: (input, call) =>
      client.send(calls.bind(new sdk.SendTaskHeartbeatCommand(input), call)),
  };
  // The input is copied, because polls share one, and the watch tells calls apart by their inputs.
  return {
    begin: ({ operation, input }, call, onEnd) =>
      void attempt(call, (under) => send[operation]({ ...input } as never, under)).then(onEnd),
  };
}

/** Makes one call. Never rejects. */
async function attempt(
  { signal, onSent, isWanted }: CallInProgress,
  send: (call: WatchedCall) => Promise<object>,
): Promise<CallEnd> {
  const seen: Seen = { sent: false };
  // A socket keeps its last request, and with it the call: the question must not keep the task.
  let question = isWanted;
  const call: WatchedCall = {
    signal,
    isWanted: () => question?.() ?? true,
    onSent: () => {
      seen.sent = true;
      onSent?.();
    },
    onAnswer: (end) => (seen.answered = end),
  };
  try {
    const output = await unlessAborted(signal, send(call));
    // The SDK takes any 2xx for a success. A mocked client has no response to check.
    return refusal(seen) ?? { output };
  } catch (thrown) {
    const { failure } = refusal(seen) ?? { failure: sdkFailure(thrown, seen.sent) };
    return { failure: { ...failure, clockCorrected: correctedClock(thrown) } };
  } finally {
    question = undefined;
  }
}

/** The events of a call in progress so far: if it was sent, and the result in its response. */
interface Seen {
  sent: boolean;
  answered?: CallEnd;
}

const refusal = ({ answered }: Seen): { readonly failure: CallFailure } | undefined =>
  answered && 'failure' in answered ? answered : undefined;

/**
 * Returns true if the service refused a call because of its time of signing, and the SDK has then corrected its clock,
 * so that a second call may succeed. If the SDK has not corrected it, the error must be due to a wrong key.
 */
function correctedClock(thrown: unknown): boolean {
  const { name, $metadata } = thrown as { name?: string; $metadata?: { clockSkewCorrected?: boolean } };
  return mayBeSkewed(name) && $metadata?.clockSkewCorrected === true;
}
