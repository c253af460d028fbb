import { expect, test } from '@jest/globals';
import {
  CreateStateMachineAliasCommand,
  CreateStateMachineCommand,
  DeleteStateMachineAliasCommand,
  DeleteStateMachineCommand,
  DescribeStateMachineAliasCommand,
  DescribeStateMachineCommand,
  ListStateMachineVersionsCommand,
  ListTagsForResourceCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateStateMachineAliasCommand,
  UpdateStateMachineCommand,
  ValidateStateMachineDefinitionCommand,
  type SFNClient,
} from '@aws-sdk/client-sfn';
import { openBench, ROLE } from './service.js';

/**
 * The calls that Terraform's AWS provider makes for `aws_sfn_state_machine` and `aws_sfn_alias`, as its public source
 * says (hashicorp/terraform-provider-aws, internal/service/sfn), for one configuration after another.
 */
interface Wanted {
  readonly definition: string;
  readonly roleArn: string;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
}

const define = (Result: number): string =>
  JSON.stringify({ StartAt: 'X', States: { X: { Type: 'Pass', Result, End: true } } });

const wanted: Wanted = { definition: define(1), roleArn: ROLE, description: '', tags: { team: 'a' } };
const changed: Wanted = {
  definition: define(2),
  roleArn: `${ROLE}-2`,
  description: 'second',
  tags: { stage: 'b' },
};

const tagList = (tags: Wanted['tags']): { key: string; value: string }[] =>
  Object.entries(tags).map(([key, value]) => ({ key, value }));

/** Before each plan that changes a definition. */
async function plan(client: SFNClient, { definition }: Wanted): Promise<void> {
  const { result } = await client.send(
    new ValidateStateMachineDefinitionCommand({ definition, type: 'STANDARD' }),
  );
  expect(result).toBe('OK');
}

/** Reads what the provider keeps in its state. */
async function refresh(client: SFNClient, arn: string, aliasArn: string): Promise<Wanted> {
  const machine = await client.send(new DescribeStateMachineCommand({ stateMachineArn: arn }));
  const { stateMachineVersions } = await client.send(
    new ListStateMachineVersionsCommand({ stateMachineArn: arn }),
  );
  const { tags = [] } = await client.send(new ListTagsForResourceCommand({ resourceArn: arn }));
  const alias = await client.send(new DescribeStateMachineAliasCommand({ stateMachineAliasArn: aliasArn }));
  expect(machine).toMatchObject({
    name: 'M',
    status: 'ACTIVE',
    type: 'STANDARD',
    loggingConfiguration: { level: 'OFF', includeExecutionData: false },
    tracingConfiguration: { enabled: false },
    encryptionConfiguration: { type: 'AWS_OWNED_KEY' },
  });
  // The alias of the configuration names the latest version.
  const [latest] = stateMachineVersions ?? [];
  expect(alias.routingConfiguration).toEqual([
    { stateMachineVersionArn: latest?.stateMachineVersionArn, weight: 100 },
  ]);
  return {
    definition: machine.definition ?? '',
    roleArn: machine.roleArn ?? '',
    description: alias.description ?? '',
    tags: Object.fromEntries(tags.map(({ key = '', value = '' }) => [key, value])),
  };
}

test('the calls of Terraform leave nothing to plan, from the creation to the end', async () => {
  const { client } = await openBench();

  await plan(client, wanted);
  const created = await client.send(
    new CreateStateMachineCommand({
      name: 'M',
      definition: wanted.definition,
      roleArn: wanted.roleArn,
      publish: true,
      type: 'STANDARD',
      tags: tagList(wanted.tags),
      loggingConfiguration: { includeExecutionData: false, level: 'OFF' },
      tracingConfiguration: { enabled: false },
    }),
  );
  const arn = created.stateMachineArn ?? '';
  const routed = (stateMachineVersionArn = ''): object[] => [{ stateMachineVersionArn, weight: 100 }];
  const { stateMachineAliasArn = '' } = await client.send(
    new CreateStateMachineAliasCommand({
      name: 'live',
      description: wanted.description,
      routingConfiguration: routed(created.stateMachineVersionArn) as never,
    }),
  );
  expect(await refresh(client, arn, stateMachineAliasArn)).toEqual(wanted);

  await plan(client, changed);
  const updated = await client.send(
    new UpdateStateMachineCommand({
      stateMachineArn: arn,
      definition: changed.definition,
      roleArn: changed.roleArn,
      publish: true,
      versionDescription: '',
    }),
  );
  await client.send(new UntagResourceCommand({ resourceArn: arn, tagKeys: Object.keys(wanted.tags) }));
  await client.send(new TagResourceCommand({ resourceArn: arn, tags: tagList(changed.tags) }));
  await client.send(
    new UpdateStateMachineAliasCommand({
      stateMachineAliasArn,
      description: changed.description,
      routingConfiguration: routed(updated.stateMachineVersionArn) as never,
    }),
  );
  expect(await refresh(client, arn, stateMachineAliasArn)).toEqual(changed);

  await client.send(new DeleteStateMachineAliasCommand({ stateMachineAliasArn }));
  await client.send(new DeleteStateMachineCommand({ stateMachineArn: arn }));
  await expect(client.send(new DescribeStateMachineCommand({ stateMachineArn: arn }))).rejects.toMatchObject({
    name: 'StateMachineDoesNotExist',
  });
  await expect(
    client.send(new DescribeStateMachineAliasCommand({ stateMachineAliasArn })),
  ).rejects.toMatchObject({ name: 'ResourceNotFound' });
});
