import type { SFNClient } from '@aws-sdk/client-sfn';
import type { Clock } from '../../base/time/clock.js';
import type { Environment } from '../../base/environment.js';
import type { Endpoint } from '../endpoint.js';
import type { WireFailure } from '../wire.js';
import { listActivities } from './activity-queries.js';
import { ask } from './ask.js';
import { ClientFactory } from '../sdk/aws-client.js';
import { type KeptMachine, listMachines } from './machine-queries.js';
import { simulate, type Simulated } from './policy-simulator.js';
import type { SdkSettings } from '../sdk/settings.js';
import { wireFailure } from '../sdk/wire-failure.js';
import { loadSdk } from '../sdk/load.js';

/** What was asked, and what came of it. Nothing throws. */
export type Reply<T> = { readonly output: T } | { readonly failure: WireFailure };

/** The calls that end a task or keep its lease. */
export type TaskCall = 'SendTaskSuccess' | 'SendTaskFailure' | 'SendTaskHeartbeat';

const ATTEMPTS = 2;
const AT_ONCE = 8;
/** Of the form of a token, so that nobody finds fault with that; no service ever issued it. */
const MADE_UP_TOKEN = 'AAAAKgAAAAIAAAAAstepwright-doctor-made-this-up';

export interface QuestionSettings {
  readonly endpoint: Endpoint;
  readonly sdk: SdkSettings;
  readonly region?: string;
  readonly clock: Clock;
}

/**
 * What can be asked of Step Functions without changing anything there: no task is leased, ended or kept. One region,
 * one client.
 */
export class Questions {
  readonly #client: SFNClient;
  readonly #clock: Clock;
  /** By how much the service's clock is ahead of this machine's, by each answer: to the second. */
  readonly aheadMs: number[] = [];

  private constructor(client: SFNClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
    // The innermost step: what it is given still has the head of the answer, whatever the answer is.
    client.middlewareStack.add(
      (next) => async (args) => {
        const sentAt = clock.now();
        const result = await next(args);
        this.#compareClocks(result.response, sentAt);
        return result;
      },
      { step: 'deserialize', priority: 'low', name: 'stepwrightClocks' },
    );
  }

  static async open(clients: ClientFactory, region: string, clock: Clock): Promise<Questions> {
    return new Questions(await clients.client(region, AT_ONCE, ATTEMPTS), clock);
  }

  /** ARNs by name. */
  activities(): Promise<Reply<ReadonlyMap<string, string>>> {
    return this.#ask((signal) => listActivities(this.#client, signal));
  }

  activity(activityArn: string): Promise<Reply<unknown>> {
    return this.#ask(async (abortSignal) => {
      const { DescribeActivityCommand } = loadSdk();
      return this.#client.send(new DescribeActivityCommand({ activityArn }), { abortSignal });
    });
  }

  /** Makes a call of a worker with a token that belongs to no task: it is refused by all means, and by its name. */
  withMadeUpToken(call: TaskCall): Promise<Reply<unknown>> {
    return this.#ask(async (abortSignal) => {
      const sdk = loadSdk();
      const [taskToken, options] = [MADE_UP_TOKEN, { abortSignal }];
      const calls: Record<TaskCall, () => Promise<unknown>> = {
        SendTaskSuccess: () =>
          this.#client.send(new sdk.SendTaskSuccessCommand({ taskToken, output: '{}' }), options),
        SendTaskFailure: () => this.#client.send(new sdk.SendTaskFailureCommand({ taskToken }), options),
        SendTaskHeartbeat: () => this.#client.send(new sdk.SendTaskHeartbeatCommand({ taskToken }), options),
      };
      return calls[call]();
    });
  }

  /** What IAM's simulator says of polls on these activities: for nobody is polled to find out. */
  polls(activityArns: readonly string[], env: Environment): Promise<Reply<readonly Simulated[]>> {
    return this.#ask((signal) => simulate(this.#client, 'states:GetActivityTask', activityArns, env, signal));
  }

  machines(): Promise<Reply<readonly KeptMachine[]>> {
    return this.#ask((signal) => listMachines(this.#client, signal));
  }

  definition(stateMachineArn: string): Promise<Reply<string>> {
    return this.#ask(async (abortSignal) => {
      const { DescribeStateMachineCommand } = loadSdk();
      const command = new DescribeStateMachineCommand({ stateMachineArn });
      return (await this.#client.send(command, { abortSignal })).definition ?? '';
    });
  }

  async #ask<T>(send: (signal: AbortSignal) => Promise<T>): Promise<Reply<T>> {
    try {
      return { output: await ask(this.#clock, send) };
    } catch (error) {
      return { failure: wireFailure(error, true) };
    }
  }

  /** The head of an answer tells the second in which it was made, some time between the two that we know. */
  #compareClocks(response: unknown, sentAt: number): void {
    const { date } = (response as { headers?: { date?: string } }).headers ?? {};
    const theirs = Date.parse(date ?? '');
    if (Number.isNaN(theirs)) return;
    this.aheadMs.push(theirs + 500 - (sentAt + this.#clock.now()) / 2);
  }
}
