import type { SFNClient } from '@aws-sdk/client-sfn';
import { sdkFailure } from '../failure.js';
import type { Clock } from '../../base/time/clock.js';
import type { CallEnd } from '../call.js';
import { listActivities } from './activity-queries.js';
import { ask, type InputOf, type OutputOf, query } from './query.js';
import { type KeptMachine, listMachines } from './machine-queries.js';
import type { Operation } from '../sdk/load-sdk.js';

/** Facts about credentials that may be shown to a person. They include no key and no token. */
export interface CredentialsFound {
  /** True if the credentials belong to a session, and so expire. */
  readonly temporary: boolean;
  /** The epoch milliseconds at which the credentials expire; absent if that isn't known. */
  readonly endsAt?: number;
}

/** The output of a query, or its failure. A query never rejects. */
export type QueryResult<T> = CallEnd<T>;

/** The calls that end a task or keep it alive. */
export type TaskCall = 'SendTaskSuccess' | 'SendTaskFailure' | 'SendTaskHeartbeat';

/**
 * A text that looks like a task token, so that the service doesn't refuse it for its form. The service never issued
 * this token.
 */
const MADE_UP_TOKEN = 'AAAAKgAAAAIAAAAAstepwright-doctor-made-this-up';

/** The most characters of a worker's name ("GetActivityTask", Request Parameters). */
const LONGEST_NAME = 80;

/**
 * Queries to Step Functions in one region, made with one SDK client. They change nothing: they don't take, end or
 * prolong any task.
 */
export class RegionQueries {
  /**
   * The milliseconds by which the service's clock is ahead of this machine's clock. There is one value for each
   * response, exact to a second.
   */
  readonly aheadMs: number[] = [];

  constructor(
    private readonly client: SFNClient,
    private readonly clock: Clock,
  ) {
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

  /** Returns the ARNs of the activities in the region, by name. */
  activities(): Promise<QueryResult<ReadonlyMap<string, string>>> {
    return this.#query((signal) => listActivities(this.client, signal));
  }

  activity(activityArn: string): Promise<QueryResult<unknown>> {
    return this.#ask('DescribeActivity', { activityArn });
  }

  /**
   * Makes a worker's call with a token that belongs to no task. The service always refuses it, and the error's name
   * shows if the caller is allowed to make the call.
   */
  withMadeUpToken(call: TaskCall): Promise<QueryResult<unknown>> {
    return this.#ask(call, { taskToken: MADE_UP_TOKEN, ...(call === 'SendTaskSuccess' && { output: '{}' }) });
  }

  /** Polls an activity with a worker name that is too long. The service always refuses it, so it hands out no task. */
  rejectedPoll(activityArn: string): Promise<QueryResult<unknown>> {
    return this.#ask('GetActivityTask', { activityArn, workerName: 'x'.repeat(LONGEST_NAME + 1) });
  }

  machines(): Promise<QueryResult<readonly KeptMachine[]>> {
    return this.#query((signal) => listMachines(this.client, signal));
  }

  async definition(stateMachineArn: string): Promise<QueryResult<string>> {
    const answer = await this.#ask('DescribeStateMachine', { stateMachineArn });
    return 'failure' in answer ? answer : { output: answer.output.definition ?? '' };
  }

  #query<T>(send: (signal: AbortSignal) => Promise<T>): Promise<QueryResult<T>> {
    return resultOf(query(this.clock, send));
  }

  #ask<O extends Operation>(operation: O, input: InputOf<O>): Promise<QueryResult<OutputOf<O>>> {
    return resultOf(ask(this.client, this.clock, operation, input));
  }

  /**
   * Adds a value to `aheadMs`, computed from a response's header `date`. That date is a whole second at some time
   * between the request and the response.
   */
  #compareClocks(response: unknown, sentAt: number): void {
    const { date } = (response as { headers?: { date?: string } }).headers ?? {};
    const theirs = Date.parse(date ?? '');
    if (Number.isNaN(theirs)) return;
    this.aheadMs.push(theirs + 500 - (sentAt + this.clock.now()) / 2);
  }
}

async function resultOf<T>(asked: Promise<T>): Promise<QueryResult<T>> {
  try {
    return { output: await asked };
  } catch (error) {
    return { failure: sdkFailure(error, true) };
  }
}

/** Gets a client's credentials from their provider, and returns facts about them. Never rejects. */
export async function findCredentials({ config }: SFNClient): Promise<QueryResult<CredentialsFound>> {
  try {
    const { sessionToken, expiration } = await config.credentials();
    const endsAt = expiration && { endsAt: expiration.getTime() };
    return { output: { temporary: sessionToken !== undefined, ...endsAt } };
  } catch (error) {
    return { failure: sdkFailure(error, false) };
  }
}
