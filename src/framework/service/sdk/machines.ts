import type { SFNClient } from '@aws-sdk/client-sfn';

/** A state machine as the service keeps it. */
export interface DeployedMachine {
  readonly name: string;
  readonly arn: string;
  readonly definition: string;
}

/** Every state machine of a client's region and account. Takes a call each: DescribeStateMachine. */
export async function describeMachines(client: SFNClient): Promise<DeployedMachine[]> {
  const { DescribeStateMachineCommand, paginateListStateMachines } = await import('@aws-sdk/client-sfn');
  const machines: DeployedMachine[] = [];
  for await (const page of paginateListStateMachines({ client }, { maxResults: 1000 })) {
    for (const { stateMachineArn } of page.stateMachines ?? []) {
      const { name, definition } = await client.send(new DescribeStateMachineCommand({ stateMachineArn }));
      if (name && stateMachineArn && definition) machines.push({ name, arn: stateMachineArn, definition });
    }
  }
  return machines;
}
