import { readFile } from 'node:fs/promises';
import { text as readStream } from 'node:stream/consumers';
import { systemClock } from '../../base/time/clock.js';
import type { Settings } from '../../config/resolve.js';
import type { Flags } from '../../config/sources.js';
import { showDuration } from '../../base/time/duration.js';
import { QueryTimeout } from '../../aws/queries/query.js';
import { AwsService } from '../../aws/sdk/aws-service.js';
import { type Endpoint, showEndpoint } from '../../aws/endpoint.js';
import {
  type ExecutionEnd,
  followExecution,
  HistoryReader,
  isExpress,
  runExpress,
  type SFNClient,
  startExecution,
} from '../../aws/queries/execution-queries.js';
import { findMachine } from '../../aws/queries/machine-queries.js';
import { viewEvent } from '../../local/view/history-event.js';
import { Trace, UNTAKEN_MS } from '../../local/view/trace.js';
import { formatError } from '../output/format-error.js';
import { explainCallError, isRefused } from '../output/call-error.js';
import { readEndpoint } from '../project/config-file.js';
import { type FromFlags, type FromState, readFrom, startFromState } from './from-state.js';
import { print, write } from '../output/stdio.js';
import { JsonText } from '../../check/source/json-text.js';

/** The flags that only `execute` has. */
export interface ExecuteFlags extends FromFlags {
  /** Prints each event as it happens. */
  readonly trace?: boolean;
  /** Starts another execution each time the file with the input changes. */
  readonly watch?: boolean;
}

/**
 * Starts an execution and waits for its end. The execution's output is written to stdout as one line of JSON, and
 * everything else to stderr.
 * @param machine the name or ARN of a machine; absent if `--of` has the ARN of an execution
 * @param typed JSON, `@FILE`, or `-` for standard input. @default {}, or with `--from` what `--input` has
 * @returns the exit code: 0 only for SUCCEEDED
 */
export async function execute(
  machine: string | undefined,
  typed: string | undefined,
  flags: Flags,
  { trace = false, watch, ...given }: ExecuteFlags,
): Promise<number> {
  const from = readFrom(machine, typed, given);
  const words = from ? given.input : (typed ?? '{}');
  const file = words === undefined ? undefined : fileOf(words);
  if (watch && file === undefined)
    throw new Error('--watch needs a file to watch: execute MACHINE @input.json --watch');
  const input = words === undefined ? undefined : await readInput(words);
  const { service, client, endpoint } = await connect(machine ?? from?.of ?? '', flags);
  try {
    const asked = { client, endpoint, machine, trace, from };
    const code = await run(asked, input);
    return watch && file !== undefined ? await runAtEachChange(file, asked) : code;
  } finally {
    service.close();
  }
}

interface Connection {
  readonly service: AwsService;
  /** A client for the region in the ARN that was given, or for the configured region if only a name was given. */
  readonly client: SFNClient;
  readonly endpoint: Endpoint;
}

export async function connect(nameOrArn: string, flags: Flags): Promise<Connection> {
  const { endpoint, settings } = await readEndpoint(flags);
  return connectTo(endpoint, settings, nameOrArn);
}

/** Connects to an endpoint as {@link connect} does. */
export async function connectTo(
  endpoint: Endpoint,
  settings: Pick<Settings, 'sdk' | 'region'>,
  nameOrArn: string,
): Promise<Connection> {
  const service = new AwsService({ endpoint, sdk: settings.sdk, region: settings.region });
  const region = (nameOrArn.startsWith('arn:') && nameOrArn.split(':')[3]) || (await service.defaultRegion());
  if (!region) throw new Error('no region is configured: set AWS_REGION or `region` in the config');
  return { service, client: await service.client(region), endpoint };
}

/** The service and the options of a command. They stay the same for each execution under `--watch`. */
interface Asked {
  readonly client: SFNClient;
  readonly endpoint: Endpoint;
  /** The machine's name or ARN. Undefined only if `from` has the ARN of an execution. */
  readonly machine: string | undefined;
  readonly trace: boolean;
  readonly from: FromState | undefined;
}

async function run(asked: Asked, input: string | undefined): Promise<number> {
  const begun = await begin(asked, input);
  if (typeof begun !== 'string') return printEnd(begun);
  print(`RUNNING ${begun}`);
  return printEnd(await follow(asked, begun));
}

/** Starts an execution. @returns the execution's ARN; for an EXPRESS machine, which can't be followed, its end */
async function begin(asked: Asked, input: string | undefined): Promise<string | ExecutionEnd> {
  const { client, endpoint, machine, from } = asked;
  let isAsked = false;
  try {
    if (from) return await startFromState(asked, from, input);
    const stateMachineArn = await findMachine(client, machine ?? '', systemClock);
    const express = await isExpress(client, stateMachineArn, systemClock);
    isAsked = true;
    const text = input ?? '{}';
    if (express) return await runExpress(client, stateMachineArn, text, endpoint.kind === 'aws', systemClock);
    const executionArn = await startExecution(client, stateMachineArn, text, systemClock);
    if (executionArn.includes(':express:')) throw new Error(withoutResult(executionArn));
    return executionArn;
  } catch (error) {
    const explained = explainCallError(error, endpoint);
    if (!isAsked || !(error instanceof QueryTimeout)) throw explained;
    const message = `${(explained as Error).message} It is not known if the execution was started: check that before you start it again`;
    throw new Error(message, { cause: error });
  }
}

/** Says why the result of an EXPRESS machine isn't known: it was started without a look at its type. */
const withoutResult = (executionArn: string): string =>
  `${executionArn} was started, but its result is only in the log group of its state machine, which is EXPRESS. To wait for results, allow states:DescribeStateMachine and states:StartSyncExecution`;

/**
 * The milliseconds for which calls are repeated if they fail. A restart of the local service takes less time than this.
 */
const RETRY_LIMIT_MS = 60_000;

async function follow({ client, endpoint, trace }: Asked, executionArn: string): Promise<ExecutionEnd> {
  const onLook = trace ? tracing(client, executionArn) : untaken(client, executionArn);
  const isGone = (error: unknown): boolean => endpoint.kind === 'local' && isRefused(error);
  let isReported = false;
  const onFailure = (error: unknown, silentMs: number): boolean => {
    if (isGone(error) || silentMs >= RETRY_LIMIT_MS) return false;
    if (!isReported)
      print(
        `${formatError(explainCallError(error, endpoint))}\ntrying on, for up to ${showDuration(RETRY_LIMIT_MS)}`,
      );
    return (isReported = true);
  };
  try {
    return await followExecution(client, executionArn, { clock: systemClock, onLook, onFailure });
  } catch (error) {
    if (error instanceof Error && error.name === 'ExecutionDoesNotExist') throw error;
    const message = isGone(error)
      ? `the service at ${showEndpoint(endpoint)} ended before the execution did: it keeps everything in memory, so the result is lost`
      : `${formatError(explainCallError(error, endpoint))}\nSo it is not known how the execution ends; it may still run. To follow it again: ${followAgain(executionArn, endpoint)}`;
    throw new Error(message, { cause: error });
  }
}

function followAgain(executionArn: string, endpoint: Endpoint): string {
  const region = executionArn.split(':')[3];
  const at = endpoint.kind === 'aws' ? '' : ` --endpoint-url ${showEndpoint(endpoint)}`;
  return `aws stepfunctions describe-execution --region ${region} --execution-arn ${executionArn}${at}`;
}

/** The milliseconds for which the execution's history is searched for a task that no worker has taken. */
const WATCHED_MS = 60_000;

/** Returns a function that prints the first tasks that no worker takes. It prints none if the history can't be read. */
function untaken(client: SFNClient, executionArn: string): () => Promise<void> {
  const history = new HistoryReader(client, executionArn, systemClock);
  const trace = new Trace(print, { onlyUntaken: true });
  const begun = systemClock.now();
  let isReadable = true;
  return async () => {
    const now = systemClock.now();
    if (!isReadable || now - begun < UNTAKEN_MS || now - begun > WATCHED_MS) return;
    const events = await history.next().catch(() => undefined);
    if (events) trace.print(events.map(viewEvent), now);
    else isReadable = false;
  };
}

function tracing(client: SFNClient, executionArn: string): () => Promise<void> {
  const history = new HistoryReader(client, executionArn, systemClock);
  const trace = new Trace(print);
  return async () => trace.print((await history.next()).map(viewEvent), systemClock.now());
}

/**
 * Runs an execution each time the file with the input changes, until the process is stopped. Errors are printed, and
 * don't end the watch.
 */
async function runAtEachChange(file: string, asked: Asked): Promise<never> {
  let before = await readFile(file, 'utf8');
  print(`watching ${file}: each change runs it again. Press Ctrl-C to end.`);
  for (;;) {
    await systemClock.sleep(WATCH_MS);
    const text = await readFile(file, 'utf8').catch(() => before);
    if (text === before) continue;
    before = text;
    try {
      await run(asked, await readInput(`@${file}`));
    } catch (error) {
      print((error as Error).message);
    }
  }
}

/** The interval, in milliseconds, at which the file with the input is read. */
const WATCH_MS = 200;

/**
 * Prints how an execution or a state has ended: its output on stdout as one line, everything else on stderr.
 * @returns the exit code: 0 only for SUCCEEDED
 */
export async function printEnd({
  status,
  error,
  cause,
  nextState,
  output,
}: ExecutionEnd & { readonly nextState?: string | undefined }): Promise<number> {
  print(status);
  if (error !== undefined) print(`error: ${error}`);
  if (cause !== undefined) print(`cause: ${cause}`);
  if (nextState !== undefined) print(`next: ${nextState}`);
  if (output !== undefined) await write(`${output.replaceAll(/\s*\n\s*/g, ' ')}\n`);
  return status === 'SUCCEEDED' ? 0 : 1;
}

/**
 * Returns the JSON text that is given as JSON, `@FILE`, or `-` for standard input.
 * @param what what the text is
 * @throws Error that says at which position the text isn't JSON
 */
export async function readInput(typed: string, what = 'input'): Promise<string> {
  const [text, from] = await readText(typed, what);
  const { broken } = new JsonText(text);
  if (!broken) return text;
  const place =
    from === undefined ? `at character ${broken.column}` : `at ${from}:${broken.line}:${broken.column}`;
  const quoting =
    from === undefined
      ? `; got ${text}\nQuote it for the shell: '{"who":"hoge"}', or read a file: @input.json`
      : '';
  throw new Error(`the ${what} is not JSON ${place}: ${broken.what} (${broken.fix})${quoting}`);
}

/** Returns the path if the input has the form `@FILE`; otherwise undefined. */
const fileOf = (typed: string): string | undefined => (typed.startsWith('@') ? typed.slice(1) : undefined);

async function readText(typed: string, what: string): Promise<[text: string, from?: string]> {
  if (typed === '-') return [await readStream(process.stdin), 'standard input'];
  const file = fileOf(typed);
  if (file === undefined) return [typed];
  try {
    return [await readFile(file, 'utf8'), file];
  } catch (error) {
    throw new Error(`the ${what}'s file can not be read: ${(error as Error).message}`, { cause: error });
  }
}
