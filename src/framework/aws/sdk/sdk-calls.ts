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
 * The number of attempts that the SDK makes at a call. The worker repeats calls itself: if the SDK did, a lost token
 * would go unnoticed, and a report that was accepted at first would look like a task that timed out.
 */
const ONE_ATTEMPT = 1;

/** The most calls of each kind that a worker may have open at once in one region. */
export interface Sockets {
  readonly polls: number;
  readonly reports: number;
  readonly heartbeats: number;
}

/**
 * Makes the four calls with the SDK's own `send`, which follows all settings. Polls, reports and heartbeats each have
 * their own client, so that a report never waits because many polls or heartbeats are open.
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
  { signal, onSent, isWanted }: CallInProgress,
  send: (call: WatchedCall) => Promise<object>,
): Promise<CallEnd> {
  const seen: Seen = { sent: false };
  const call: WatchedCall = {
    ...{ signal, isWanted },
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

/** What is known so far about a call that is open. */
interface Seen {
  sent: boolean;
  answered?: CallEnd;
}

const refusal = ({ answered }: Seen): { readonly failure: CallFailure } | undefined =>
  answered && 'failure' in answered ? answered : undefined;

/**
 * Returns true if the SDK has corrected its clock, so that a second call may succeed. If it hasn't, the key is wrong.
 */
function correctedClock(thrown: unknown): boolean {
  const { name, $metadata } = thrown as { name?: string; $metadata?: { clockSkewCorrected?: boolean } };
  return mayBeSkewed(name) && $metadata?.clockSkewCorrected === true;
}
