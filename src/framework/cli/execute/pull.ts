import { PUT_EXECUTION, type PutEvent } from '../../base/local-protocol.js';
import { systemClock } from '../../base/time/clock.js';
import { type Endpoint, type LocalEndpoint, localEndpoint, showEndpoint } from '../../aws/endpoint.js';
import { readExecution, type RecordedExecution } from '../../aws/queries/execution-queries.js';
import type { Settings } from '../../config/resolve.js';
import type { Flags } from '../../config/sources.js';
import { viewEvent } from '../../local/view/history-event.js';
import { Run } from '../../local/view/run.js';
import type { Visit } from '../../local/view/visit.js';
import { command } from '../output/banner.js';
import { explainCallError } from '../output/call-error.js';
import { print, write } from '../output/stdio.js';
import { readEndpoint } from '../project/config-file.js';
import { connectTo } from './execute.js';
import { callOwnOperation } from '../local/own-operation.js';
import { Secrets } from './secrets.js';

/** What the local service says of an execution that it shows. */
interface Put {
  /** The ARN of the execution there. */
  readonly executionArn: string;
  readonly stateMachineArn: string;
  readonly machineIs: 'created' | 'same' | 'different';
  /** Why its definition can't run there, if the local service refuses it. */
  readonly refused?: string;
}

/**
 * Shows an execution of AWS at the local service. Nothing changes at AWS. Writes the execution's local ARN to stdout, and
 * to stderr how it ended and how it can be run on.
 * @returns the exit code, 0
 */
export async function pull(executionArn: string, flags: Flags): Promise<number> {
  checkExecution(executionArn);
  const { endpoint, settings } = await readEndpoint(flags);
  const here = localEndpoint(settings.port);
  // What a command calls by default has nothing to pull.
  const from: Endpoint = endpoint.kind === 'local' ? { kind: 'aws' } : endpoint;
  const recorded = await read(executionArn, from, settings);
  const secrets = new Secrets(recorded.machine.definition ?? '');
  const events = eventsOf(recorded, secrets);
  const put = await send(recorded, events, secrets, here);
  if (secrets.count > 0) print(`${secrets.count} tokens and credentials in it were replaced by (masked)`);
  tell(recorded, put, events, here.url);
  await write(`${put.executionArn}\n`);
  return 0;
}

function checkExecution(arn: string): void {
  if (/^arn:[^:]+:states:[^:]*:\d*:express:/.test(arn))
    throw new Error(
      `AWS keeps no history of an EXPRESS execution: read its log group in CloudWatch, and start its input here by \`${command('execute')} MACHINE INPUT\``,
    );
  if (!/^arn:[^:]+:states:[^:]+:\d{12}:execution:[^:]+:[^:]+$/.test(arn))
    throw new Error(
      `expected the ARN of an execution, such as arn:aws:states:REGION:ACCOUNT:execution:MACHINE:NAME, got '${arn}'`,
    );
}

async function read(arn: string, endpoint: Endpoint, settings: Settings): Promise<RecordedExecution> {
  const { service, client } = await connectTo(endpoint, settings, arn);
  try {
    const recorded = await readExecution(client, arn, systemClock);
    if (recorded.execution.mapRunArn !== undefined)
      throw new Error(
        `it is a child of a Map Run, which can't run alone: pull the execution that started it`,
      );
    return recorded;
  } catch (error) {
    throw explain(error, arn, endpoint);
  } finally {
    service.close();
  }
}

function explain(error: unknown, arn: string, endpoint: Endpoint): unknown {
  const { name, message } = error as Error;
  if (name === 'ExecutionDoesNotExist')
    return new Error(
      `${showEndpoint(endpoint)} has no execution ${arn}: check the ARN, the account of the credentials, and the endpoint (--endpoint aws). AWS keeps executions for 90 days after their end`,
      { cause: error },
    );
  if (name === 'AccessDeniedException')
    return new Error(
      `the credentials may not read it (${message}): allow states:DescribeExecution, states:GetExecutionHistory and states:DescribeStateMachineForExecution`,
      { cause: error },
    );
  if (name.startsWith('Kms'))
    return new Error(
      `the key that encrypts it may not be used (${message}): allow kms:Decrypt on the key of its machine`,
      { cause: error },
    );
  return explainCallError(error, endpoint);
}

/** Returns the events in the form that the local service takes, without secrets. */
const eventsOf = ({ events }: RecordedExecution, secrets: Secrets): PutEvent[] =>
  events.map(viewEvent).map((event) => ({ ...event, details: secrets.mask(event.details, event.type) }));

/** Sends an execution to the local service, in as many requests as its history needs. */
async function send(
  { execution, machine }: RecordedExecution,
  events: readonly PutEvent[],
  secrets: Secrets,
  here: LocalEndpoint,
): Promise<Put> {
  const { executionArn, input = '{}', startDate, status, stopDate, output, error, cause } = execution;
  const { stateMachineArn, definition: recorded = '', roleArn } = machine;
  const definition = secrets.maskDefinition(recorded);
  const startedAt = startDate?.getTime() ?? 0;
  const head = { executionArn, startedAt, stateMachineArn, definition, roleArn, input: secrets.mask(input) };
  const end = stopDate && {
    status,
    stoppedAt: stopDate.getTime(),
    ...secrets.mask({ output, error, cause }),
  };
  const parts = partsOf(events);
  const answers: Put[] = [];
  for (const [index, part] of parts.entries()) {
    const body = { ...head, events: part, ...(index === parts.length - 1 && end) };
    answers.push(await callOwnOperation<Put>(here, PUT_EXECUTION, body));
  }
  const [first] = answers;
  if (!first) throw new Error('there is no local service');
  return first;
}

/** The most characters of the events in one request: the local service takes 4 MiB. */
const PART = 1024 * 1024;

/** Returns the events as the JSON of one or several lists. */
function partsOf(events: readonly PutEvent[]): string[] {
  const text = JSON.stringify(events);
  if (text.length <= PART || events.length === 1) return [text];
  const half = Math.ceil(events.length / 2);
  return [...partsOf(events.slice(0, half)), ...partsOf(events.slice(half))];
}

/** Prints how the execution ended, where it is shown, and how it can be run on. */
function tell(
  { execution: { executionArn, status, error }, machine: { name } }: RecordedExecution,
  { executionArn: copy, stateMachineArn, machineIs, refused }: Put,
  events: readonly PutEvent[],
  url: string,
): void {
  print(`${status} ${executionArn}: ${events.length} events`);
  if (error !== undefined) print(`error: ${error}`);
  if (machineIs === 'created') print(`machine: ${name} was created as ${stateMachineArn}`);
  if (machineIs === 'different')
    print(
      `machine: ${name} of this service has another definition, which is kept. The execution is shown with its own, and runs on by that of ${stateMachineArn}`,
    );
  print(`console: ${url}/#/executions/${encodeURIComponent(copy)}`);
  if (refused !== undefined) {
    print(`it can not run on here, since the local service refuses its definition: ${refused}`);
    return;
  }
  const state = status === 'SUCCEEDED' ? undefined : lastState(events);
  if (state !== undefined)
    print(
      `run it on: ${command('execute')} --endpoint ${url} --from ${quoted(state)} --of ${copy} [--input JSON]`,
    );
}

/** Returns the state at the top level in which the execution failed or is; undefined if it has entered none. */
function lastState(events: readonly PutEvent[]): string | undefined {
  const run = new Run();
  run.add(events);
  const outermost = (visit: Visit): Visit => (visit.parent ? outermost(visit.parent) : visit);
  const last = run.end?.visit ?? run.visits.at(-1);
  return last && outermost(last).name;
}

/** Quotes a text for the shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;
