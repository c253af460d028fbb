import {
  testState as sendTest,
  type TestStateInput,
  type TestStateOutput,
} from '../../aws/queries/machine-queries.js';
import { localRole } from '../../base/local-protocol.js';
import { systemClock } from '../../base/time/clock.js';
import type { Flags } from '../../config/sources.js';
import { explainCallError } from '../output/call-error.js';
import { print, write } from '../output/stdio.js';
import { connect, printEnd, readInput } from './execute.js';

/** The flags that only `stepwright test-state` has. */
export interface TestFlags {
  readonly state?: string;
  readonly input?: string;
  readonly mock?: string;
  readonly error?: string;
  readonly cause?: string;
  readonly variables?: string;
  readonly context?: string;
  readonly retries?: string;
  readonly role?: string;
  readonly level?: string;
  readonly json?: true;
}

/**
 * Tests one state of a definition. The state's output is written to stdout as one line of JSON, and everything else to
 * stderr.
 * @param file the definition of a state, or of a machine with the state
 * @returns the exit code: 0 only for SUCCEEDED
 */
export async function testState(file: string, own: TestFlags, flags: Flags): Promise<number> {
  const definition = await readInput(`@${file}`, 'definition');
  checkState(file, definition, own.state);
  const request = await requestOf(definition, own);
  const { service, client, endpoint } = await connect('', flags);
  const isAws = endpoint.kind === 'aws';
  const roleArn = own.role ?? (isAws ? undefined : localRole());
  try {
    const result = await sendTest(client, { ...request, roleArn }, isAws, systemClock);
    return await show(result, own.json === true);
  } catch (error) {
    throw explainCallError(error, endpoint);
  } finally {
    service.close();
  }
}

/** @throws Error that lists the states of a machine if none of them is named */
function checkState(file: string, definition: string, state: string | undefined): void {
  const { States: states } = JSON.parse(definition) as { readonly States?: object };
  const names = Object.keys(states ?? {});
  if (state === undefined && states !== undefined)
    throw new Error(`${file} is a whole machine: name one of its states by --state (${names.join(', ')})`);
  if (state !== undefined && states === undefined)
    throw new Error(`${file} has no States, so it is one state already: leave out --state`);
}

async function requestOf(
  definition: string,
  { state, input, mock, error, cause, variables, context, retries, level }: TestFlags,
): Promise<TestStateInput> {
  if (cause !== undefined && error === undefined) throw new Error('--cause needs --error NAME');
  if (retries !== undefined && !/^\d+$/.test(retries))
    throw new Error(`--retries is a whole number, got ${retries}`);
  const [result, ...texts] = await Promise.all([mock, input, variables, context].map(readIfGiven));
  const [inputText, variablesText, contextText] = texts;
  return {
    definition,
    stateName: state,
    input: inputText,
    variables: variablesText,
    context: contextText,
    inspectionLevel: (level ?? 'info').toUpperCase() as 'INFO' | 'DEBUG' | 'TRACE',
    ...(result !== undefined && { mock: { result } }),
    ...(error !== undefined && { mock: { errorOutput: { error, cause } } }),
    ...(retries !== undefined && { stateConfiguration: { retrierRetryCount: Number(retries) } }),
  };
}

const readIfGiven = async (typed: string | undefined): Promise<string | undefined> =>
  typed === undefined ? undefined : readInput(typed);

async function show(result: TestStateOutput, asJson: boolean): Promise<number> {
  const { status = '', inspectionData = {} } = result;
  if (asJson) {
    await write(`${JSON.stringify(result)}\n`);
    return status === 'SUCCEEDED' ? 0 : 1;
  }
  for (const [step, value] of Object.entries(inspectionData) as [string, unknown][])
    print(`${step}: ${typeof value === 'string' ? value : JSON.stringify(value)}`);
  return printEnd({ ...result, status });
}
