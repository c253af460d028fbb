import type { SFNClient } from '@aws-sdk/client-sfn';
import type { Clock } from '../../base/time/clock.js';
import { loadSdk } from '../sdk/load-sdk.js';
import { query } from './query.js';

/** The name and the ARN of a state machine that the service lists. */
export interface KeptMachine {
  readonly name: string;
  readonly arn: string;
}

/** A state machine with its definition. */
export interface DeployedMachine extends KeptMachine {
  readonly definition: string;
}

/** Lists the state machines in the client's region and account. */
export async function listMachines(client: SFNClient, abortSignal: AbortSignal): Promise<KeptMachine[]> {
  const { paginateListStateMachines } = await loadSdk();
  const found: KeptMachine[] = [];
  for await (const page of paginateListStateMachines({ client }, { maxResults: 1000 }, { abortSignal }))
    for (const { name, stateMachineArn: arn } of page.stateMachines ?? [])
      if (name && arn) found.push({ name, arn });
  return found;
}

/**
 * Reads every state machine in the client's region and account, with one DescribeStateMachine call each.
 * @throws QueryTimeout if one of the calls isn't answered in time
 */
export async function describeMachines(client: SFNClient, clock: Clock): Promise<DeployedMachine[]> {
  const { DescribeStateMachineCommand } = await loadSdk();
  const machines: DeployedMachine[] = [];
  for (const kept of await query(clock, (abortSignal) => listMachines(client, abortSignal))) {
    const command = new DescribeStateMachineCommand({ stateMachineArn: kept.arn });
    const { definition } = await query(clock, (abortSignal) => client.send(command, { abortSignal }));
    if (definition) machines.push({ ...kept, definition });
  }
  return machines;
}
