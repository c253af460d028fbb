import type { SFNClient } from '@aws-sdk/client-sfn';
import { ClientFactory } from '../sdk/client-factory.js';
import { sdkFailure } from '../failure.js';
import type { Clock } from '../../base/time/clock.js';
import type { Endpoint } from '../endpoint.js';
import type { CallFailure } from '../call.js';
import { listActivities } from './activity-queries.js';
import { query } from './query.js';
import { type KeptMachine, listMachines } from './machine-queries.js';
import type { SdkSettings } from '../sdk/settings.js';
import { loadSdk } from '../sdk/load-sdk.js';

/** Facts about credentials that may be shown to a person. They include no key and no token. */
export interface CredentialsFound {
  /** True if the credentials belong to a session, and so expire. */
  readonly temporary: boolean;
  /** The epoch milliseconds at which the credentials expire; absent if that isn't known. */
  readonly endsAt?: number;
}

/** Queries in any region. They use the credentials that a worker with the same settings would use. */
export class ServiceQueries {
  readonly #clients: ClientFactory;
  readonly #settings: QuerySettings;

  constructor(settings: QuerySettings) {
    this.#settings = settings;
    this.#clients = new ClientFactory(settings);
  }

  /** Resolves with the region for calls that don't name an ARN; undefined if none is configured. */
  defaultRegion(): Promise<string | undefined> {
    return this.#clients.defaultRegion();
  }

  /** Makes a client for queries in one region. */
  forRegion(region: string): Promise<RegionQueries> {
    return RegionQueries.open(this.#clients, region, this.#settings.clock);
  }

  /** Gets credentials from the provider, and returns facts about them. Never rejects. */
  async credentials(region: string | undefined): Promise<QueryResult<CredentialsFound>> {
    const client = await this.#clients.client(region, 1, 1);
    try {
      const { sessionToken, expiration } = await client.config.credentials();
      const endsAt = expiration && { endsAt: expiration.getTime() };
      return { output: { temporary: sessionToken !== undefined, ...endsAt } };
    } catch (error) {
      return { failure: sdkFailure(error, false) };
    }
  }

  close(): void {
    this.#clients.close();
  }
}

/** The output of a query, or its failure. A query never rejects. */
export type QueryResult<T> = { readonly output: T } | { readonly failure: CallFailure };

/** The calls that end a task or keep it alive. */
export type TaskCall = 'SendTaskSuccess' | 'SendTaskFailure' | 'SendTaskHeartbeat';

const ATTEMPTS = 2;
const AT_ONCE = 8;
/**
 * A text that looks like a task token, so that the service doesn't refuse it for its form. The service never issued
 * this token.
 */
const MADE_UP_TOKEN = 'AAAAKgAAAAIAAAAAstepwright-doctor-made-this-up';

/** The most characters of a worker's name ("GetActivityTask", Request Parameters). */
const LONGEST_NAME = 80;

interface QuerySettings {
  readonly endpoint: Endpoint;
  readonly sdk: SdkSettings;
  readonly region?: string;
  readonly clock: Clock;
}

/**
 * Queries to Step Functions in one region, made with one SDK client. They change nothing: they don't take, end or
 * prolong any task.
 */
export class RegionQueries {
  readonly #client: SFNClient;
  readonly #clock: Clock;
  /**
   * The milliseconds by which the service's clock is ahead of this machine's clock. There is one value for each
   * response, exact to a second.
   */
  readonly aheadMs: number[] = [];

  private constructor(client: SFNClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
    // Added to the innermost step, since only that one gets the headers of every answer.
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

  static async open(clients: ClientFactory, region: string, clock: Clock): Promise<RegionQueries> {
    return new RegionQueries(await clients.client(region, AT_ONCE, ATTEMPTS), clock);
  }

  /** Returns the ARNs of the activities in the region, by name. */
  activities(): Promise<QueryResult<ReadonlyMap<string, string>>> {
    return this.#query((signal) => listActivities(this.#client, signal));
  }

  activity(activityArn: string): Promise<QueryResult<unknown>> {
    return this.#query(async (abortSignal) => {
      const { DescribeActivityCommand } = await loadSdk();
      return this.#client.send(new DescribeActivityCommand({ activityArn }), { abortSignal });
    });
  }

  /**
   * Makes a worker's call with a token that belongs to no task. The service always refuses it, and the error's name
   * shows if the caller is allowed to make the call.
   */
  withMadeUpToken(call: TaskCall): Promise<QueryResult<unknown>> {
    return this.#query(async (abortSignal) => {
      const sdk = await loadSdk();
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

  /** Polls an activity with a worker name that is too long. The service always refuses it, so it hands out no task. */
  rejectedPoll(activityArn: string): Promise<QueryResult<unknown>> {
    return this.#query(async (abortSignal) => {
      const { GetActivityTaskCommand } = await loadSdk();
      const workerName = 'x'.repeat(LONGEST_NAME + 1);
      return this.#client.send(new GetActivityTaskCommand({ activityArn, workerName }), { abortSignal });
    });
  }

  machines(): Promise<QueryResult<readonly KeptMachine[]>> {
    return this.#query((signal) => listMachines(this.#client, signal));
  }

  definition(stateMachineArn: string): Promise<QueryResult<string>> {
    return this.#query(async (abortSignal) => {
      const { DescribeStateMachineCommand } = await loadSdk();
      const command = new DescribeStateMachineCommand({ stateMachineArn });
      return (await this.#client.send(command, { abortSignal })).definition ?? '';
    });
  }

  async #query<T>(send: (signal: AbortSignal) => Promise<T>): Promise<QueryResult<T>> {
    try {
      return { output: await query(this.#clock, send) };
    } catch (error) {
      return { failure: sdkFailure(error, true) };
    }
  }

  /**
   * Adds a value to `aheadMs`, computed from a response's header `date`. That date is a whole second at some time
   * between the request and the response.
   */
  #compareClocks(response: unknown, sentAt: number): void {
    const { date } = (response as { headers?: { date?: string } }).headers ?? {};
    const theirs = Date.parse(date ?? '');
    if (Number.isNaN(theirs)) return;
    this.aheadMs.push(theirs + 500 - (sentAt + this.#clock.now()) / 2);
  }
}
