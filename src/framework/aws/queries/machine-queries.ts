import { nearestNames } from '../../base/show.js';
import type { SFNClient, TestStateInput, TestStateOutput } from '@aws-sdk/client-sfn';
import type { Clock } from '../../base/time/clock.js';
import { loadSdk } from '../sdk/load-sdk.js';
import { ask, query } from './query.js';

/** The name and the ARN of a state machine that the service lists. */
export interface KeptMachine {
  readonly name: string;
  readonly arn: string;
}

interface DeployedMachine extends KeptMachine {
  readonly definition: string;
}

/** Thrown if the server at the endpoint isn't Step Functions. */
export class NoStepFunctions extends Error {
  override readonly name = 'NoStepFunctions';
}

/** Lists the state machines in the client's region and account. @throws NoStepFunctions */
export async function listMachines(client: SFNClient, abortSignal: AbortSignal): Promise<KeptMachine[]> {
  const { paginateListStateMachines } = await loadSdk();
  const found: KeptMachine[] = [];
  for await (const page of paginateListStateMachines({ client }, { maxResults: 1000 }, { abortSignal })) {
    if (!page.stateMachines)
      throw new NoStepFunctions('its list of state machines holds none of their names');
    for (const { name, stateMachineArn: arn } of page.stateMachines)
      if (name && arn) found.push({ name, arn });
  }
  return found;
}

/**
 * Finds the ARN of a state machine by its name. If an ARN is given, returns it unchanged.
 * @throws Error that names the machines with the most similar names if none has this name, QueryTimeout if there is no
 * response in time
 */
export async function findMachine(client: SFNClient, nameOrArn: string, clock: Clock): Promise<string> {
  if (nameOrArn.startsWith('arn:')) return nameOrArn;
  const listing = query(clock, (abortSignal) => listMachines(client, abortSignal));
  const machines = await listing.catch((error: Error) => {
    if (error.name !== 'AccessDeniedException') throw error;
    const fix = 'give the ARN of the state machine, or allow states:ListStateMachines';
    throw new Error(`the credentials may not look up a name (${error.message}): ${fix}`, { cause: error });
  });
  const found = machines.find(({ name }) => name === nameOrArn);
  if (found) return found.arn;
  const near = nearestNames(
    nameOrArn,
    machines.map(({ name }) => name),
  );
  const hint = near.length > 0 ? `the nearest are ${near.join(', ')}` : 'there are no machines at all';
  throw new Error(`there is no state machine named '${nameOrArn}': ${hint}`);
}

/**
 * Reads every state machine in the client's region and account, with one DescribeStateMachine call each.
 * @throws QueryTimeout if one of the calls isn't answered in time
 */
export async function describeMachines(client: SFNClient, clock: Clock): Promise<DeployedMachine[]> {
  const machines: DeployedMachine[] = [];
  for (const kept of await query(clock, (abortSignal) => listMachines(client, abortSignal))) {
    const { definition } = await ask(client, clock, 'DescribeStateMachine', { stateMachineArn: kept.arn });
    if (definition) machines.push({ ...kept, definition });
  }
  return machines;
}

export type { TestStateInput, TestStateOutput } from '@aws-sdk/client-sfn';

/** The longest time that a test may take, in milliseconds. Step Functions ends it after five minutes. */
const LIMIT_MS = 330_000;

/**
 * Tests one state.
 * @param isAws false at any other endpoint. The SDK then doesn't put `sync-` before the host, since `sync-127.0.0.1` is
 *   no address
 * @throws QueryTimeout if there is no response in time
 */
export async function testState(
  client: SFNClient,
  input: TestStateInput,
  isAws: boolean,
  clock: Clock,
): Promise<TestStateOutput> {
  if (!isAws) client.config.disableHostPrefix = true;
  const answer = await ask(client, clock, 'TestState', input, LIMIT_MS);
  const { output, error, cause, inspectionData, nextState, status } = answer;
  return { output, error, cause, inspectionData, nextState, status };
}
