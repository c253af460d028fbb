import type { SendCall } from '../activity-calls.js';
import { unlessAborted } from '../../base/time/wait.js';
import {
  type CallEnd,
  type CallInProgress,
  type HotOperation,
  mayBeSkewed,
  type CallFailure,
} from '../call.js';
import type { ClientFactory } from './client-factory.js';
import { CallWatch, type WatchedCall } from './call-watch.js';
import { sdkFailure } from './sdk-failure.js';
import { loadSdk } from './load-sdk.js';

/**
 * The attempts that the SDK makes at a call. The worker repeats calls itself: the SDK would hide a lost token, and make
 * an accepted report look like a timeout.
 */
const ONE_ATTEMPT = 1;

/** The numbers of calls that a worker may have open at once in one region, by kind. */
export interface Sockets {
  readonly polls: number;
  readonly reports: number;
  readonly heartbeats: number;
}

/**
 * Makes the four calls through the SDK's own `send`, which honours all settings. Polls, reports and heartbeats have a
 * client each, so that neither fifty open polls nor many heartbeats make a report wait.
 */
export async function sdkCalls(
  clients: ClientFactory,
  region: string,
  sockets: Sockets,
  { watching }: { readonly watching: boolean },
): Promise<SendCall> {
  const sdk = loadSdk();
  const calls = new CallWatch({ watching });
  const client = (many: number) => clients.client(region, many, ONE_ATTEMPT, calls);
  const polls = await client(sockets.polls);
  const reports = await client(sockets.reports);
  const heartbeats = await client(sockets.heartbeats);
  // Each caller makes the input of its own operation; the SDK checks only the fields that it needs itself.
  const send: Record<HotOperation, (input: never, call: WatchedCall) => Promise<object>> = {
    GetActivityTask: (input, call) => polls.send(calls.bind(new sdk.GetActivityTaskCommand(input), call)),
    SendTaskSuccess: (input, call) => reports.send(calls.bind(new sdk.SendTaskSuccessCommand(input), call)),
    SendTaskFailure: (input, call) => reports.send(calls.bind(new sdk.SendTaskFailureCommand(input), call)),
    SendTaskHeartbeat: (input, call) =>
      heartbeats.send(calls.bind(new sdk.SendTaskHeartbeatCommand(input), call)),
  };
  return ({ operation, input }, call, onEnd) =>
    void attempt(call, (under) => send[operation](input as never, under)).then(onEnd);
}

/** Makes one call. Never rejects. */
async function attempt(
  { signal, onSent }: CallInProgress,
  send: (call: WatchedCall) => Promise<object>,
): Promise<CallEnd> {
  const seen: Seen = { sent: false };
  const call: WatchedCall = {
    signal,
    onSent: () => {
      seen.sent = true;
      onSent();
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
  }
}

/** The progress of a call, as seen so far. */
interface Seen {
  sent: boolean;
  answered?: CallEnd;
}

const refusal = ({ answered }: Seen): { readonly failure: CallFailure } | undefined =>
  answered && 'failure' in answered ? answered : undefined;

/**
 * Returns true where the SDK has corrected its clock, so that a second call may succeed. Otherwise the key is wrong.
 */
function correctedClock(thrown: unknown): boolean {
  const { name, $metadata } = thrown as { name?: string; $metadata?: { clockSkewCorrected?: boolean } };
  return mayBeSkewed(name) && $metadata?.clockSkewCorrected === true;
}
