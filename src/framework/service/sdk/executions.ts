import type { DescribeExecutionOutput, HistoryEvent, SFNClient } from '@aws-sdk/client-sfn';
import { distance } from 'fastest-levenshtein';
import type { Clock } from '../../clock.js';
import { loadSdk } from './load.js';

export type { HistoryEvent, SFNClient } from '@aws-sdk/client-sfn';

/** How often a followed execution is looked at: quick at first, for the many that end at once. */
const FIRST_LOOK_MS = 50;
const SLOWEST_LOOK_MS = 2_000;

/** How an execution ended. */
export interface ExecutionEnd {
  /** SUCCEEDED, FAILED, TIMED_OUT or ABORTED. */
  readonly status: string;
  readonly output?: string;
  readonly error?: string;
  readonly cause?: string;
}

/** Something answers, and it is no Step Functions. */
export class NoStepFunctions extends Error {
  override readonly name = 'NoStepFunctions';
}

/** Reads the history of an execution piece by piece: each call gives what came since the last one. */
export class HistoryReader {
  readonly #client: SFNClient;
  readonly #executionArn: string;
  /** Of the page that was last, which may have grown since. */
  #page: string | undefined;
  #lastId = 0;

  constructor(client: SFNClient, executionArn: string) {
    this.#client = client;
    this.#executionArn = executionArn;
  }

  async next(): Promise<HistoryEvent[]> {
    const { GetExecutionHistoryCommand } = loadSdk();
    const fresh: HistoryEvent[] = [];
    for (;;) {
      const request = { executionArn: this.#executionArn, maxResults: 1000, nextToken: this.#page };
      const { events = [], nextToken } = await this.#client.send(new GetExecutionHistoryCommand(request));
      fresh.push(...events.filter(({ id = 0 }) => id > this.#lastId));
      this.#lastId = Math.max(this.#lastId, ...events.map(({ id = 0 }) => id));
      if (nextToken === undefined) return fresh;
      this.#page = nextToken;
    }
  }
}

/** The ARN of a state machine by name or ARN. @throws Error that names the nearest machines where there is none. */
export async function findMachine(client: SFNClient, nameOrArn: string): Promise<string> {
  if (nameOrArn.startsWith('arn:')) return nameOrArn;
  const { paginateListStateMachines } = loadSdk();
  const known: string[] = [];
  for await (const page of paginateListStateMachines({ client }, { maxResults: 1000 })) {
    if (!page.stateMachines)
      throw new NoStepFunctions('its list of state machines holds none of their names');
    for (const { name, stateMachineArn } of page.stateMachines) {
      if (name === nameOrArn && stateMachineArn) return stateMachineArn;
      if (name) known.push(name);
    }
  }
  const near = known.toSorted((a, b) => distance(nameOrArn, a) - distance(nameOrArn, b)).slice(0, 3);
  const hint = near.length > 0 ? `the nearest are ${near.join(', ')}` : 'there are no machines at all';
  throw new Error(`there is no state machine named '${nameOrArn}': ${hint}`);
}

/** Starts an execution. @returns its ARN. */
export async function startExecution(
  client: SFNClient,
  stateMachineArn: string,
  input: string,
): Promise<string> {
  const { StartExecutionCommand } = loadSdk();
  const { executionArn } = await client.send(new StartExecutionCommand({ stateMachineArn, input }));
  if (!executionArn) throw new Error('the service started an execution without an ARN');
  return executionArn;
}

/** Called each time an execution was looked at, and once more when it has ended. */
export type OnLook = () => Promise<void>;

/** Resolves when an execution has ended. */
export async function followExecution(
  client: SFNClient,
  executionArn: string,
  clock: Clock,
  onLook: OnLook = () => Promise.resolve(),
): Promise<ExecutionEnd> {
  const { DescribeExecutionCommand } = loadSdk();
  for (let waitMs = FIRST_LOOK_MS; ; waitMs = Math.min(waitMs * 1.5, SLOWEST_LOOK_MS)) {
    const execution: DescribeExecutionOutput = await client.send(
      new DescribeExecutionCommand({ executionArn }),
    );
    await onLook();
    const { status = 'RUNNING', output, error, cause } = execution;
    if (status !== 'RUNNING' && status !== 'PENDING_REDRIVE') return { status, output, error, cause };
    await clock.sleep(waitMs);
  }
}
