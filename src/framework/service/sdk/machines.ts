import type { SFNClient } from '@aws-sdk/client-sfn';
import { loadSdk } from './load.js';

/** A state machine as the service lists it. */
export interface KeptMachine {
  readonly name: string;
  readonly arn: string;
}

/** A state machine as the service keeps it. */
export interface DeployedMachine extends KeptMachine {
  readonly definition: string;
}

/** The state machines of a client's region and account, page by page. */
export async function* listMachines(
  client: SFNClient,
  abortSignal?: AbortSignal,
): AsyncGenerator<KeptMachine> {
  const { paginateListStateMachines } = loadSdk();
  for await (const page of paginateListStateMachines({ client }, { maxResults: 1000 }, { abortSignal }))
    for (const { name, stateMachineArn: arn } of page.stateMachines ?? [])
      if (name && arn) yield { name, arn };
}

/** Every state machine of a client's region and account. Takes a call each: DescribeStateMachine. */
export async function describeMachines(client: SFNClient): Promise<DeployedMachine[]> {
  const { DescribeStateMachineCommand } = loadSdk();
  const machines: DeployedMachine[] = [];
  for await (const kept of listMachines(client)) {
    const { definition } = await client.send(new DescribeStateMachineCommand({ stateMachineArn: kept.arn }));
    if (definition) machines.push({ ...kept, definition });
  }
  return machines;
}
