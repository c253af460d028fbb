import type { SFNClient } from '@aws-sdk/client-sfn';
import type { Clock } from '../../base/time/clock.js';
import { ask } from './ask.js';
import { loadSdk } from '../sdk/load.js';

/** A state machine as the service lists it. */
export interface KeptMachine {
  readonly name: string;
  readonly arn: string;
}

/** A state machine as the service keeps it. */
export interface DeployedMachine extends KeptMachine {
  readonly definition: string;
}

/** The state machines of a client's region and account. */
export async function listMachines(client: SFNClient, abortSignal: AbortSignal): Promise<KeptMachine[]> {
  const { paginateListStateMachines } = loadSdk();
  const found: KeptMachine[] = [];
  for await (const page of paginateListStateMachines({ client }, { maxResults: 1000 }, { abortSignal }))
    for (const { name, stateMachineArn: arn } of page.stateMachines ?? [])
      if (name && arn) found.push({ name, arn });
  return found;
}

/**
 * Every state machine of a client's region and account. Takes a call each: DescribeStateMachine.
 * @throws NoAnswer where one of the calls is not answered
 */
export async function describeMachines(client: SFNClient, clock: Clock): Promise<DeployedMachine[]> {
  const { DescribeStateMachineCommand } = loadSdk();
  const machines: DeployedMachine[] = [];
  for (const kept of await ask(clock, (abortSignal) => listMachines(client, abortSignal))) {
    const command = new DescribeStateMachineCommand({ stateMachineArn: kept.arn });
    const { definition } = await ask(clock, (abortSignal) => client.send(command, { abortSignal }));
    if (definition) machines.push({ ...kept, definition });
  }
  return machines;
}
