import { randomUUID } from 'node:crypto';
import type { HistoryEvent, SFNClient } from '@aws-sdk/client-sfn';
import { distance } from 'fastest-levenshtein';
import type { Clock } from '../../base/time/clock.js';
import { reportFailure } from '../answer.js';
import { ask } from './ask.js';
import { loadSdk } from '../sdk/load.js';
import { wireFailure } from '../sdk/wire-failure.js';

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

/** Reads the history of an execution piece by piece: each call gives what came since the last one that was answered. */
export class HistoryReader {
  readonly #client: SFNClient;
  readonly #executionArn: string;
  readonly #clock: Clock;
  /** Of the page that was last, which may have grown since. */
  #page: string | undefined;
  #lastId = 0;

  constructor(client: SFNClient, executionArn: string, clock: Clock) {
    this.#client = client;
    this.#executionArn = executionArn;
    this.#clock = clock;
  }

  /** @throws NoAnswer where it is not answered */
  async next(): Promise<HistoryEvent[]> {
    const { GetExecutionHistoryCommand } = loadSdk();
    const fresh: HistoryEvent[] = [];
    let lastId = this.#lastId;
    for (let page = this.#page; ;) {
      const command = new GetExecutionHistoryCommand({
        ...{ executionArn: this.#executionArn, maxResults: 1000, nextToken: page },
      });
      const send = (abortSignal: AbortSignal) => this.#client.send(command, { abortSignal });
      const { events = [], nextToken } = await ask(this.#clock, send);
      for (const event of events.filter(({ id = 0 }) => id > lastId)) fresh.push(event);
      lastId = Math.max(lastId, ...events.map(({ id = 0 }) => id));
      if (nextToken === undefined) {
        [this.#page, this.#lastId] = [page, lastId];
        return fresh;
      }
      page = nextToken;
    }
  }
}

/**
 * The ARN of a state machine by name or ARN.
 * @throws Error that names the nearest machines where there is none, NoAnswer where nobody answers
 */
export async function findMachine(client: SFNClient, nameOrArn: string, clock: Clock): Promise<string> {
  if (nameOrArn.startsWith('arn:')) return nameOrArn;
  const found = await ask(clock, (abortSignal) => lookUp(client, nameOrArn, abortSignal));
  if (typeof found === 'string') return found;
  const near = found.toSorted((a, b) => distance(nameOrArn, a) - distance(nameOrArn, b)).slice(0, 3);
  const hint = near.length > 0 ? `the nearest are ${near.join(', ')}` : 'there are no machines at all';
  throw new Error(`there is no state machine named '${nameOrArn}': ${hint}`);
}

/** The ARN of that name, or the names that there are. */
async function lookUp(
  client: SFNClient,
  wanted: string,
  abortSignal: AbortSignal,
): Promise<string | string[]> {
  const { paginateListStateMachines } = loadSdk();
  const known: string[] = [];
  for await (const page of paginateListStateMachines({ client }, { maxResults: 1000 }, { abortSignal })) {
    if (!page.stateMachines)
      throw new NoStepFunctions('its list of state machines holds none of their names');
    for (const { name, stateMachineArn } of page.stateMachines) {
      if (name === wanted && stateMachineArn) return stateMachineArn;
      if (name) known.push(name);
    }
  }
  return known;
}

/** Starts an execution. @returns its ARN. @throws NoAnswer where nobody answers: it may have been started */
export async function startExecution(
  client: SFNClient,
  stateMachineArn: string,
  input: string,
  clock: Clock,
): Promise<string> {
  const { StartExecutionCommand } = loadSdk();
  // By its name the SDK's own repetition, after an answer that was lost, starts no second one.
  const command = new StartExecutionCommand({ stateMachineArn, input, name: randomUUID() });
  const { executionArn } = await ask(clock, (abortSignal) => client.send(command, { abortSignal }));
  if (!executionArn) throw new Error('the service started an execution without an ARN');
  return executionArn;
}

/** How an execution is followed. */
export interface Following {
  readonly clock: Clock;
  /** Called each time it was looked at, and once more when it has ended. */
  readonly onLook?: () => Promise<void>;
  /**
   * Called when it could not be looked at, by trouble that may pass. @returns whether to look again
   * @param silentMs for how long nobody has answered. @default it is not looked at again
   */
  readonly onTrouble?: (error: unknown, silentMs: number) => boolean;
}

/** Resolves when an execution has ended. @throws what kept it from being looked at, NoAnswer where nobody answers */
export async function followExecution(
  client: SFNClient,
  executionArn: string,
  { clock, onLook, onTrouble }: Following,
): Promise<ExecutionEnd> {
  const { DescribeExecutionCommand } = loadSdk();
  const look = (abortSignal: AbortSignal) =>
    client.send(new DescribeExecutionCommand({ executionArn }), { abortSignal });
  let answeredAt = clock.now();
  for (let waitMs = FIRST_LOOK_MS; ; waitMs = Math.min(waitMs * 1.5, SLOWEST_LOOK_MS)) {
    try {
      const { status = 'RUNNING', output, error, cause } = await ask(clock, look);
      await onLook?.();
      if (status !== 'RUNNING' && status !== 'PENDING_REDRIVE') return { status, output, error, cause };
      answeredAt = clock.now();
    } catch (error) {
      if (!mayPass(error) || !onTrouble?.(error, clock.now() - answeredAt)) throw error;
    }
    await clock.sleep(waitMs);
  }
}

/** Trouble of the network, of the service, or a throttle; no refusal, which somebody has to act on. */
function mayPass(error: unknown): boolean {
  const answer = reportFailure(wireFailure(error, true));
  return answer.kind === 'retry' && answer.pace !== 'slow';
}
