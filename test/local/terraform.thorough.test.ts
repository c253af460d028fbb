import { expect, test } from '@jest/globals';
import {
  DescribeActivityCommand,
  DescribeStateMachineAliasCommand,
  DescribeStateMachineCommand,
} from '@aws-sdk/client-sfn';
import { openBench, ROLE } from './service.js';
import { create, destroy, plan, refresh, update, validate, type Stack } from './terraform-provider.js';

const define = (Result: number): string =>
  JSON.stringify({ StartAt: 'X', States: { X: { Type: 'Pass', Result, End: true } } });
const KEY = {
  type: 'CUSTOMER_MANAGED_KMS_KEY',
  kms_key_id: 'arn:aws:kms:us-east-1:123456789012:key/1',
  kms_data_key_reuse_period_seconds: 900,
} as const;
const GROUP = 'arn:aws:logs:us-east-1:123456789012:log-group:g:*';

/** A configuration that leaves out what it may. */
const least: Stack = {
  machine: { name: 'M', definition: define(1), role_arn: ROLE, type: 'STANDARD', tags: {} },
  alias: { name: 'live', description: '', weights: [100] },
  activity: { name: 'A', tags: {} },
};
/** One that sets every attribute. */
const most: Stack = {
  machine: {
    ...least.machine,
    definition: `${define(2)}\n`,
    role_arn: `${ROLE}-2`,
    tags: { team: 'a', stage: '' },
    logging_configuration: { include_execution_data: true, level: 'ERROR', log_destination: GROUP },
    tracing_configuration: { enabled: true },
    encryption_configuration: KEY,
  },
  alias: { name: 'live', description: 'shifted', weights: [80, 20] },
  activity: { name: 'A', tags: { team: 'b' }, encryption_configuration: KEY },
};
/** The key of an activity can't be changed, so that it is created with it. */
const first: Stack = { ...least, activity: { ...least.activity, encryption_configuration: KEY } };
const back: Stack = {
  machine: {
    ...least.machine,
    tags: { team: 'b' },
    logging_configuration: { include_execution_data: false, level: 'OFF' },
    tracing_configuration: { enabled: false },
    encryption_configuration: { type: 'AWS_OWNED_KEY' },
  },
  alias: first.alias,
  activity: first.activity,
};

test('the calls of Terraform leave nothing to plan, from the creation to the end', async () => {
  const { client } = await openBench();
  await validate(client, first);
  let state = await create(client, first);
  expect(plan(first, state)).toEqual([]);
  expect(state.computed).toMatchObject({ status: 'ACTIVE', revision_id: undefined });

  for (const [stack, changes, versions] of [
    [most, 9, 2],
    [back, 9, 3],
    [most, 9, 4],
  ] as const) {
    expect(plan(stack, state).length).toBe(changes);
    await validate(client, stack);
    state = await update(client, state, stack);
    expect(plan(stack, state)).toEqual([]);
    expect(plan(stack, await refresh(client, state.arns))).toEqual([]);
    expect(state.computed.versions.length).toBe(versions);
    expect(state.computed.revision_id).toBeDefined();
  }

  await destroy(client, state);
  const { machine: stateMachineArn, alias: stateMachineAliasArn, activity: activityArn } = state.arns;
  for (const [gone, name] of [
    [client.send(new DescribeStateMachineCommand({ stateMachineArn })), 'StateMachineDoesNotExist'],
    [client.send(new DescribeStateMachineAliasCommand({ stateMachineAliasArn })), 'ResourceNotFound'],
    [client.send(new DescribeActivityCommand({ activityArn })), 'ActivityDoesNotExist'],
  ] as const)
    await expect(gone).rejects.toMatchObject({ name });
});

test('a stack that sets everything has nothing to plan after its creation', async () => {
  const { client } = await openBench();
  const stack = { ...most, alias: { ...most.alias, weights: [100] } };
  expect(plan(stack, await create(client, stack))).toEqual([]);
});
