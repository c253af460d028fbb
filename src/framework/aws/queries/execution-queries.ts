import { randomUUID } from 'node:crypto';
import type {
  DescribeExecutionOutput,
  DescribeStateMachineForExecutionOutput,
  HistoryEvent,
  SFNClient,
} from '@aws-sdk/client-sfn';
import type { Clock } from '../../base/time/clock.js';
import { classifyReportFailure } from '../activity-port.js';
import { sdkFailure } from '../failure.js';
import { NoStepFunctions } from './machine-queries.js';
import { ask } from './query.js';

export type { HistoryEvent, SFNClient } from '@aws-sdk/client-sfn';

/**
 * The milliseconds between the first two requests for an execution's status. They are few, since many executions end at
 * once; later intervals are longer.
 */
const FIRST_LOOK_MS = 50;
const SLOWEST_LOOK_MS = 2_000;

/** The status and the result of an execution that has ended. */
export interface ExecutionEnd {
  /** `SUCCEEDED`, `FAILED`, `TIMED_OUT` or `ABORTED`. */
  readonly status: string;
  readonly output?: string | undefined;
  readonly error?: string | undefined;
  readonly cause?: string | undefined;
}

/** Reads the history of an execution in parts: each call returns the events since the last successful call. */
export class HistoryReader {
  /** The token of the last page that was read, which may contain more events by now. Undefined for the first page. */
  #page: string | undefined;
  #lastId = 0;

  constructor(
    private readonly client: SFNClient,
    private readonly executionArn: string,
    private readonly clock: Clock,
  ) {}

  /** Returns the events since the last successful call. @throws QueryTimeout if the call isn't answered in time */
  async next(): Promise<HistoryEvent[]> {
    const fresh: HistoryEvent[] = [];
    let lastId = this.#lastId;
    for (let page = this.#page; ;) {
      const input = { executionArn: this.executionArn, maxResults: 1000, nextToken: page };
      const { events = [], nextToken } = await ask(this.client, this.clock, 'GetExecutionHistory', input);
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

/** An execution with its whole history, and the definition with which it began. */
export interface RecordedExecution {
  readonly execution: DescribeExecutionOutput;
  readonly machine: DescribeStateMachineForExecutionOutput;
  readonly events: readonly HistoryEvent[];
}

/**
 * Reads an execution by DescribeStateMachineForExecution, GetExecutionHistory and DescribeExecution. The execution may be
 * running.
 * @throws what the service answers, and QueryTimeout if one of the calls isn't answered in time
 */
export async function readExecution(
  client: SFNClient,
  executionArn: string,
  clock: Clock,
): Promise<RecordedExecution> {
  const machine = await ask(client, clock, 'DescribeStateMachineForExecution', { executionArn });
  const history = new HistoryReader(client, executionArn, clock);
  const events = await history.next();
  const execution = await ask(client, clock, 'DescribeExecution', { executionArn });
  // It may have ended since its history was read.
  if (execution.status !== 'RUNNING') events.push(...(await history.next()));
  return { execution, machine, events };
}

/**
 * Starts an execution.
 * @returns the execution's ARN
 * @throws QueryTimeout if the call isn't answered in time; the execution may have started nevertheless
 */
export async function startExecution(
  client: SFNClient,
  stateMachineArn: string,
  input: string,
  clock: Clock,
): Promise<string> {
  // With a name, a retry of the SDK after a lost answer doesn't start a second execution.
  const named = { stateMachineArn, input, name: randomUUID() };
  const { executionArn } = await ask(client, clock, 'StartExecution', named);
  if (!executionArn) throw new NoStepFunctions('it started an execution without an ARN');
  return executionArn;
}

/** The longest time of an EXPRESS execution is five minutes. */
const EXPRESS_LIMIT_MS = 330_000;

/**
 * Returns false for a STANDARD machine, and also if the service refuses to describe it: a role may be allowed to start
 * and not to describe machines. What is wrong otherwise, the start says.
 * @throws the error of a request that failed for a reason that may pass, such as throttling: the type isn't known then
 */
export async function isExpress(client: SFNClient, stateMachineArn: string, clock: Clock): Promise<boolean> {
  const input = { stateMachineArn, includedData: 'METADATA_ONLY' } as const;
  try {
    return (await ask(client, clock, 'DescribeStateMachine', input)).type === 'EXPRESS';
  } catch (error) {
    if (mayPass(error)) throw error;
    return false;
  }
}

/**
 * Runs an execution of an EXPRESS machine, which can't be followed, and waits for its end.
 * @param isAws false at any other endpoint. The SDK then doesn't put `sync-` before the host
 * @throws QueryTimeout if there is no response in time
 */
export async function runExpress(
  client: SFNClient,
  stateMachineArn: string,
  input: string,
  isAws: boolean,
  clock: Clock,
): Promise<ExecutionEnd> {
  if (!isAws) client.config.disableHostPrefix = true;
  const given = { stateMachineArn, input };
  const {
    status = '',
    output,
    error,
    cause,
  } = await ask(client, clock, 'StartSyncExecution', given, EXPRESS_LIMIT_MS);
  return { status, output, error, cause };
}

interface Following {
  readonly clock: Clock;
  /** Called each time that the execution's status was read, including the time that shows its end. */
  readonly onLook?: () => Promise<void>;
  /**
   * Called when the execution's status could not be read for a reason that may pass.
   * @param silentMs the milliseconds since the service last responded
   * @returns true to try again
   * @default a failed request isn't repeated
   */
  readonly onFailure?: (error: unknown, silentMs: number) => boolean;
}

/**
 * Waits until an execution has ended.
 * @throws the error of a request for its status that failed, QueryTimeout if a request isn't answered in time
 */
export async function followExecution(
  client: SFNClient,
  executionArn: string,
  { clock, onLook, onFailure }: Following,
): Promise<ExecutionEnd> {
  let answeredAt = clock.now();
  for (let waitMs = FIRST_LOOK_MS; ; waitMs = Math.min(waitMs * 1.5, SLOWEST_LOOK_MS)) {
    try {
      const answer = await ask(client, clock, 'DescribeExecution', { executionArn });
      const { status = 'RUNNING', output, error, cause } = answer;
      await onLook?.();
      if (status !== 'RUNNING' && status !== 'PENDING_REDRIVE') return { status, output, error, cause };
      answeredAt = clock.now();
    } catch (error) {
      if (!mayPass(error) || !onFailure?.(error, clock.now() - answeredAt)) throw error;
    }
    await clock.sleep(waitMs);
  }
}

/**
 * Returns true for an error that may pass: the network or the service fails, or the service throttles. Returns
 * false if the service refused the request, which a person must fix.
 */
function mayPass(error: unknown): boolean {
  const answer = classifyReportFailure(sdkFailure(error, true));
  return answer.kind === 'retry' && answer.pace !== 'slow';
}
