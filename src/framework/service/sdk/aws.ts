import { unlessAborted } from '../../abort.js';
import { type ActivityPort, type PollAnswer, type ReportAnswer } from '../port.js';
import { pollFailure, reportFailure } from '../answer.js';
import { CallSignals } from './call-signals.js';
import { ClientFactory, type ClientSettings } from './aws-client.js';
import type { GetActivityTaskOutput, SFNClient } from '@aws-sdk/client-sfn';

/** Retrying is the worker's: the SDK would hide a lost token, and make a delivered result look like a timeout. */
const ONE_ATTEMPT = 1;

/** How many calls of each kind one region's worker may have open at once. */
export interface Sockets {
  readonly polls: number;
  readonly reports: number;
}

/**
 * Step Functions through the AWS SDK: for each region a client for polls and another for reports, since fifty
 * parked polls on a shared one would make a heartbeat wait until one of them ends.
 */
export class AwsService {
  readonly #clients: ClientFactory;

  constructor(settings: ClientSettings) {
    this.#clients = new ClientFactory(settings);
  }

  /** The four calls of the worker, in one region. */
  async port(region: string, sockets: Sockets): Promise<ActivityPort> {
    const sdk = await import('@aws-sdk/client-sfn');
    const polls = await this.#clients.client(region, sockets.polls, ONE_ATTEMPT);
    const reports = await this.#clients.client(region, sockets.reports, ONE_ATTEMPT);
    const signals = new CallSignals();
    for (const client of [polls, reports]) signals.attach(client);
    return {
      poll: (activityArn, workerName, signal) =>
        poll(signal, () =>
          polls.send(signals.bind(new sdk.GetActivityTaskCommand({ activityArn, workerName }), signal)),
        ),
      succeed: (taskToken, output, signal) =>
        report(signal, () =>
          reports.send(signals.bind(new sdk.SendTaskSuccessCommand({ taskToken, output }), signal)),
        ),
      fail: (taskToken, error, cause, signal) =>
        report(signal, () =>
          reports.send(signals.bind(new sdk.SendTaskFailureCommand({ taskToken, error, cause }), signal)),
        ),
      heartbeat: (taskToken, signal) =>
        report(signal, () =>
          reports.send(signals.bind(new sdk.SendTaskHeartbeatCommand({ taskToken }), signal)),
        ),
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

async function poll(signal: AbortSignal, send: () => Promise<GetActivityTaskOutput>): Promise<PollAnswer> {
  try {
    const { taskToken, input } = await unlessAborted(signal, send());
    return taskToken ? { kind: 'task', token: taskToken, input: input ?? '' } : { kind: 'empty' };
  } catch (thrown) {
    return pollFailure(thrown);
  }
}

async function report(signal: AbortSignal, send: () => Promise<unknown>): Promise<ReportAnswer> {
  try {
    await unlessAborted(signal, send());
    return { kind: 'ok' };
  } catch (thrown) {
    return reportFailure(thrown);
  }
}
