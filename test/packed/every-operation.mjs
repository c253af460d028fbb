// Every operation of Step Functions, as one story of calls that any client can make: what each answer must have, and
// which operations the local service refuses.
import { isDeepStrictEqual } from 'node:util';
import * as sdk from '@aws-sdk/client-sfn';
import { expect } from './checks.mjs';

/** The names of all operations, by the SDK's own commands. */
export const OPERATIONS = Object.keys(sdk).flatMap((name) => /^([A-Z]\w+)Command$/.exec(name)?.[1] ?? []);

const ROLE = 'arn:aws:iam::123456789012:role/any';
const KEY = {
  type: 'CUSTOMER_MANAGED_KMS_KEY',
  kmsKeyId: 'arn:aws:kms:us-east-1:123456789012:key/1',
  kmsDataKeyReusePeriodSeconds: 300,
};
const ARN = 'arn:aws:states:us-east-1:123456789012:';
const ACTIVITY = `${ARN}activity:Work`;
const MACHINE = `${ARN}stateMachine:M`;
const LOGS = {
  level: 'ALL',
  includeExecutionData: true,
  destinations: [
    { cloudWatchLogsLogGroup: { logGroupArn: 'arn:aws:logs:us-east-1:123456789012:log-group:g:*' } },
  ],
};
const TASK = JSON.stringify({
  StartAt: 'Work',
  States: { Work: { Type: 'Task', Resource: ACTIVITY, End: true } },
});
const NOTED = JSON.stringify({ Comment: 'second', ...JSON.parse(TASK) });
const PASS = JSON.stringify({ Type: 'Pass', Result: 'done', End: true });

/**
 * Calls every operation once or more, and throws at the first answer that is not as expected.
 * @param send makes a call; resolves with the answer, and rejects with an Error whose message has the error's name
 * @returns the operations that were called
 */
export async function callEveryOperation(send) {
  const called = new Set();
  const call = async (operation, input, wanted = {}) => {
    called.add(operation);
    const answer = (await send(operation, input)) ?? {};
    for (const [member, value] of Object.entries(wanted))
      expect(
        isDeepStrictEqual(answer[member], value),
        `${operation} answers ${member} ${JSON.stringify(answer[member])}, not ${JSON.stringify(value)}`,
      );
    return answer;
  };
  const refused = async (operation, input, type) => {
    called.add(operation);
    const message = await send(operation, input).then(
      () => 'it is answered',
      (error) => error.message,
    );
    expect(type.test(message), `${operation}: ${message}`);
  };
  await prepare(call);
  await execute(call);
  await call('ListMapRuns', { executionArn: `${ARN}execution:M:E` }, { mapRuns: [] });
  for (const [operation, input, type] of [
    ['StartSyncExecution', { stateMachineArn: MACHINE }, /StateMachineTypeNotSupported/],
    ['DescribeMapRun', { mapRunArn: `${ARN}mapRun:M/L:1` }, /ResourceNotFound/],
    ['UpdateMapRun', { mapRunArn: `${ARN}mapRun:M/L:1`, maxConcurrency: 1 }, /ResourceNotFound/],
  ])
    await refused(operation, input, type);
  await tidy(call);
  return called;
}

async function prepare(call) {
  const tags = [{ key: 'team', value: 'a' }];
  await call(
    'CreateActivity',
    { name: 'Work', tags, encryptionConfiguration: KEY },
    { activityArn: ACTIVITY },
  );
  await call('DescribeActivity', { activityArn: ACTIVITY }, { name: 'Work', encryptionConfiguration: KEY });
  const { activities } = await call('ListActivities', { maxResults: 10 });
  expect(activities.length === 1, 'ListActivities');
  await call('TagResource', { resourceArn: ACTIVITY, tags: [{ key: 'stage', value: 'b' }] });
  await call('UntagResource', { resourceArn: ACTIVITY, tagKeys: ['team'] });
  await call('ListTagsForResource', { resourceArn: ACTIVITY }, { tags: [{ key: 'stage', value: 'b' }] });
  const validation = { definition: TASK, type: 'STANDARD', severity: 'WARNING', maxResults: 10 };
  await call('ValidateStateMachineDefinition', validation, { result: 'OK', diagnostics: [] });
  const settings = { loggingConfiguration: LOGS, tracingConfiguration: { enabled: true } };
  await call(
    'CreateStateMachine',
    { name: 'M', definition: TASK, roleArn: ROLE, publish: true, versionDescription: 'v1', ...settings },
    { stateMachineArn: MACHINE, stateMachineVersionArn: `${MACHINE}:1` },
  );
  await call('DescribeStateMachine', { stateMachineArn: MACHINE }, { definition: TASK, ...settings });
  await call('ListStateMachines', {});
  await call('UpdateStateMachine', { stateMachineArn: MACHINE, definition: NOTED });
  const second = { stateMachineVersionArn: `${MACHINE}:2` };
  await call('PublishStateMachineVersion', { stateMachineArn: MACHINE, description: 'v2' }, second);
  const { stateMachineVersions } = await call('ListStateMachineVersions', { stateMachineArn: MACHINE });
  expect(stateMachineVersions.length === 2, 'ListStateMachineVersions');
  const alias = { stateMachineAliasArn: `${MACHINE}:live` };
  const route = (...weights) =>
    weights.map((weight, i) => ({ stateMachineVersionArn: `${MACHINE}:${i + 1}`, weight }));
  await call('CreateStateMachineAlias', { name: 'live', routingConfiguration: route(100) }, alias);
  await call('UpdateStateMachineAlias', { ...alias, description: 'd', routingConfiguration: route(0, 100) });
  await call('DescribeStateMachineAlias', alias, { routingConfiguration: route(0, 100), description: 'd' });
  const { stateMachineAliases } = await call('ListStateMachineAliases', { stateMachineArn: MACHINE });
  expect(stateMachineAliases.length === 1, 'ListStateMachineAliases');
}

async function execute(call) {
  const start = { stateMachineArn: `${MACHINE}:live`, name: 'E', input: '{"a":1}', traceHeader: 'Root=1' };
  const executionArn = `${ARN}execution:M:E`;
  await call('StartExecution', start, { executionArn });
  const running = { status: 'RUNNING', stateMachineAliasArn: `${MACHINE}:live`, traceHeader: 'Root=1' };
  await call('DescribeExecution', { executionArn, includedData: 'ALL_DATA' }, running);
  await call('DescribeStateMachineForExecution', { executionArn }, { definition: NOTED });
  const { executions } = await call('ListExecutions', { stateMachineArn: MACHINE, statusFilter: 'RUNNING' });
  expect(executions.length === 1, 'ListExecutions');
  const poll = { activityArn: ACTIVITY, workerName: 'me' };
  const { taskToken } = await call('GetActivityTask', poll, { input: '{"a":1}' });
  await call('SendTaskHeartbeat', { taskToken });
  await call('SendTaskFailure', { taskToken, error: 'Mine', cause: 'because' });
  await call('DescribeExecution', { executionArn }, { status: 'FAILED', error: 'Mine', cause: 'because' });
  await call('RedriveExecution', { executionArn });
  const again = await call('GetActivityTask', poll, { input: '{"a":1}' });
  await call('SendTaskSuccess', { taskToken: again.taskToken, output: '"done"' });
  await call('DescribeExecution', { executionArn }, { status: 'SUCCEEDED', output: '"done"' });
  const { events } = await call('GetExecutionHistory', { executionArn, reverseOrder: true });
  expect(events[0].type === 'ExecutionSucceeded', 'GetExecutionHistory');
  const other = await call('StartExecution', { stateMachineArn: MACHINE });
  await call('StopExecution', { executionArn: other.executionArn, error: 'Enough', cause: 'for now' });
  const state = { definition: PASS, input: '{}', roleArn: ROLE };
  await call('TestState', state, { status: 'SUCCEEDED', output: '"done"' });
}

async function tidy(call) {
  await call('DeleteStateMachineAlias', { stateMachineAliasArn: `${MACHINE}:live` });
  await call('DeleteStateMachineVersion', { stateMachineVersionArn: `${MACHINE}:1` });
  await call('DeleteStateMachine', { stateMachineArn: MACHINE });
  await call('DeleteActivity', { activityArn: ACTIVITY });
}
