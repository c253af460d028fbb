import { unlessAborted } from '../../wait.js';
import type { GetActivityTaskOutput, SFNClient } from '@aws-sdk/client-sfn';
import { pollFailure, reportFailure } from '../answer.js';
import type { ActivityPort, PollAnswer, ReportAnswer } from '../port.js';
import { ClientFactory, type ClientSettings, ownsConnections } from './aws-client.js';
import { type CallInProgress, Calls } from './calls.js';
import type { CallEnd, Credentials } from './credentials.js';
import { wireFailure } from './wire-failure.js';

/** Retrying is the worker's: the SDK would hide a lost token, and make a delivered result look like a timeout. */
const ONE_ATTEMPT = 1;

/** How many calls of each kind one region's worker may have open at once. */
export interface Sockets {
  readonly polls: number;
  readonly reports: number;
  readonly heartbeats: number;
}

/** What a signature is refused for where the clocks differ. The SDK learns the difference from the answer. */
const SKEWED = new Set([
  'RequestExpired',
  'RequestInTheFuture',
  'RequestTimeTooSkewed',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
]);

/**
 * Step Functions through the AWS SDK: for each region a client for polls, one for reports and one for heartbeats, so
 * that fifty parked polls make no report wait, and no crowd of heartbeats either.
 */
export class AwsService {
  readonly #clients: ClientFactory;
  readonly #watching: boolean;

  constructor(settings: ClientSettings) {
    this.#clients = new ClientFactory(settings);
    this.#watching = ownsConnections(settings.sdk);
  }

  /** The four calls of the worker, in one region. */
  async port(region: string, sockets: Sockets): Promise<ActivityPort> {
    const sdk = await import('@aws-sdk/client-sfn');
    const calls = new Calls({ watching: this.#watching });
    const [polls, reports, heartbeats] = await Promise.all(
      [sockets.polls, sockets.reports, sockets.heartbeats].map((many) =>
        this.#clients.client(region, many, ONE_ATTEMPT, calls),
      ),
    );
    if (!polls || !reports || !heartbeats) throw new Error('three clients were asked for');
    const { credentials } = this.#clients;
    const report = (signal: AbortSignal, send: Send<unknown>): Promise<ReportAnswer> =>
      makeReport(credentials, signal, send);
    return {
      poll: (activityArn, workerName, signal, onSent) =>
        makePoll(credentials, { signal, onSent }, (call) =>
          polls.send(calls.bind(new sdk.GetActivityTaskCommand({ activityArn, workerName }), call)),
        ),
      succeed: (taskToken, output, signal) =>
        report(signal, (call) =>
          reports.send(calls.bind(new sdk.SendTaskSuccessCommand({ taskToken, output }), call)),
        ),
      fail: (taskToken, error, cause, signal) =>
        report(signal, (call) =>
          reports.send(calls.bind(new sdk.SendTaskFailureCommand({ taskToken, error, cause }), call)),
        ),
      heartbeat: (taskToken, signal) =>
        report(signal, (call) =>
          heartbeats.send(calls.bind(new sdk.SendTaskHeartbeatCommand({ taskToken }), call)),
        ),
      onMended: (listener) => credentials.onRenewed(listener),
    };
  }

  /** A client for the calls outside the loop. The SDK retries them. */
  client(region: string): Promise<SFNClient> {
    return this.#clients.client(region, 10, 5);
  }

  /** The region for calls that name no ARN, or undefined where none is configured anywhere. */
  defaultRegion(): Promise<string | undefined> {
    return this.#clients.defaultRegion();
  }

  close(): void {
    this.#clients.close();
  }
}

type Send<T> = (call: CallInProgress) => Promise<T>;

async function makePoll(
  credentials: Credentials,
  call: CallInProgress,
  send: Send<GetActivityTaskOutput>,
): Promise<PollAnswer> {
  const ended = await credentials.call(call.signal, () => sendOnTime(call, send));
  if ('failure' in ended) return pollFailure(ended.failure);
  const { taskToken, input } = ended.output;
  return taskToken ? { kind: 'task', token: taskToken, input: input ?? '' } : { kind: 'empty' };
}

async function makeReport(
  credentials: Credentials,
  signal: AbortSignal,
  send: Send<unknown>,
): Promise<ReportAnswer> {
  const ended = await credentials.call(signal, () => sendOnTime({ signal, onSent: () => {} }, send));
  return 'failure' in ended ? reportFailure(ended.failure) : { kind: 'ok' };
}

/** One call that never throws; and once more where the answer has just corrected the clock, since nothing was done. */
async function sendOnTime<T>(call: CallInProgress, send: Send<T>): Promise<CallEnd<T>> {
  const first = await attempt(call, send);
  return 'skewed' in first && first.skewed ? attempt(call, send) : first;
}

async function attempt<T>(
  { signal, onSent }: CallInProgress,
  send: Send<T>,
): Promise<CallEnd<T> & { readonly skewed?: boolean }> {
  let sent = false;
  const seen = (): void => {
    sent = true;
    onSent();
  };
  try {
    return { output: await unlessAborted(signal, send({ signal, onSent: seen })) };
  } catch (thrown) {
    return { failure: wireFailure(thrown, sent), skewed: correctedClock(thrown) };
  }
}

/** Without a correction a signature was refused for its key, and would be again. */
function correctedClock(thrown: unknown): boolean {
  const { name, $metadata } = thrown as { name?: string; $metadata?: { clockSkewCorrected?: boolean } };
  return name !== undefined && SKEWED.has(name) && $metadata?.clockSkewCorrected === true;
}
