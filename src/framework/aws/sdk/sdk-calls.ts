import type { SendCall } from '../activity-calls.js';
import { unlessAborted } from '../../base/time/wait.js';
import {
  type CallEnd,
  type CallInProgress,
  type HotOperation,
  mayBeSkewed,
  type WireFailure,
} from '../wire.js';
import type { ClientFactory } from './aws-client.js';
import { Calls, type WatchedCall } from './calls.js';
import { wireFailure } from './wire-failure.js';
import { loadSdk } from './load.js';

/** Retrying is the worker's: the SDK would hide a lost token, and make a delivered result look like a timeout. */
const ONE_ATTEMPT = 1;

/** How many calls of each kind one region's worker may have open at once. */
export interface Sockets {
  readonly polls: number;
  readonly reports: number;
  readonly heartbeats: number;
}

/**
 * The four calls through the SDK's own `send`, with all that a user may have set: a client for polls, one for reports
 * and one for heartbeats, so that fifty parked polls make no report wait, and no crowd of heartbeats either.
 */
export async function sdkCalls(
  clients: ClientFactory,
  region: string,
  sockets: Sockets,
  { watching }: { readonly watching: boolean },
): Promise<SendCall> {
  const sdk = loadSdk();
  const calls = new Calls({ watching });
  const client = (many: number) => clients.client(region, many, ONE_ATTEMPT, calls);
  const polls = await client(sockets.polls);
  const reports = await client(sockets.reports);
  const heartbeats = await client(sockets.heartbeats);
  // What each is given here, the caller made for it: the SDK checks no input but for what it needs itself.
  const send: Record<HotOperation, (input: never, call: WatchedCall) => Promise<object>> = {
    GetActivityTask: (input, call) => polls.send(calls.bind(new sdk.GetActivityTaskCommand(input), call)),
    SendTaskSuccess: (input, call) => reports.send(calls.bind(new sdk.SendTaskSuccessCommand(input), call)),
    SendTaskFailure: (input, call) => reports.send(calls.bind(new sdk.SendTaskFailureCommand(input), call)),
    SendTaskHeartbeat: (input, call) =>
      heartbeats.send(calls.bind(new sdk.SendTaskHeartbeatCommand(input), call)),
  };
  return (operation, input, call, onEnd) =>
    void attempt(call, (under) => send[operation](input as never, under)).then(onEnd);
}

/** One call that never throws. */
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
    // The SDK takes any 2xx for a success. A client that is mocked has no wire: it is believed.
    return refusal(seen) ?? { output };
  } catch (thrown) {
    const { failure } = refusal(seen) ?? { failure: wireFailure(thrown, seen.sent) };
    return { failure: { ...failure, clockCorrected: correctedClock(thrown) } };
  }
}

/** What was seen of a call on the wire. */
interface Seen {
  sent: boolean;
  answered?: CallEnd;
}

const refusal = ({ answered }: Seen): { readonly failure: WireFailure } | undefined =>
  answered && 'failure' in answered ? answered : undefined;

/** Without a correction a signature was refused for its key, and would be again. */
function correctedClock(thrown: unknown): boolean {
  const { name, $metadata } = thrown as { name?: string; $metadata?: { clockSkewCorrected?: boolean } };
  return mayBeSkewed(name) && $metadata?.clockSkewCorrected === true;
}
