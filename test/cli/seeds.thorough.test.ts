import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import {
  DescribeStateMachineAliasCommand,
  ListActivitiesCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { endpointOf, execute, killAll, stepwright } from '../support/cli.js';

afterEach(killAll);

test('local creates the activities that the machines name, in a project whose classes it does not read', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'stepwright-seeds-'));
  const arn = 'arn:aws:states:eu-west-1:111122223333:activity:Charge';
  const definition = { StartAt: 'Pay', States: { Pay: { Type: 'Task', Resource: arn, End: true } } };
  mkdirSync(join(dir, 'state-machines'));
  writeFileSync(join(dir, 'package.json'), '{}');
  writeFileSync(join(dir, 'state-machines/Order.asl.json'), JSON.stringify(definition));
  const run = stepwright(['local', '--port', '0'], {}, dir);
  const endpoint = await endpointOf(run);
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new SFNClient({ endpoint, region: 'eu-west-1', credentials });
  const { activities = [] } = await client.send(new ListActivitiesCommand({}));
  expect(activities.map(({ activityArn }) => activityArn)).toEqual([arn]);
  client.destroy();
  rmSync(dir, { recursive: true });
});

test('local runs the machines of a template, whose definition is no machine of the project then', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'stepwright-seeds-'));
  mkdirSync(join(dir, 'state-machines'));
  writeFileSync(join(dir, 'package.json'), '{}');
  writeFileSync(
    join(dir, 'state-machines/order.asl.json'),
    '{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"${Ship}","End":true}}}',
  );
  writeFileSync(
    join(dir, 'template.yaml'),
    `Parameters: { Stage: { Type: String } }
Resources:
  Ship: { Type: AWS::StepFunctions::Activity }
  Order:
    Type: AWS::Serverless::StateMachine
    Properties:
      Name: !Sub 'order-\${Stage}'
      AutoPublishAlias: live
      DefinitionUri: state-machines/order.asl.json
      DefinitionSubstitutions: { Ship: !Ref Ship }
`,
  );
  const flags = ['--template', 'template.yaml', '--parameter', 'Stage=dev', '--region', 'eu-west-1'];
  const endpoint = await endpointOf(stepwright(['local', '--port', '0', ...flags], {}, dir));
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new SFNClient({ endpoint, region: 'eu-west-1', credentials });
  const { activities = [] } = await client.send(new ListActivitiesCommand({}));
  expect(activities.map(({ name }) => name)).toEqual(['Ship']);
  const { stateMachines = [] } = await client.send(new ListStateMachinesCommand({}));
  const [{ stateMachineArn } = {}] = stateMachines;
  expect(stateMachineArn).toBe('arn:aws:states:eu-west-1:123456789012:stateMachine:order-dev');
  const alias = new DescribeStateMachineAliasCommand({ stateMachineAliasArn: `${stateMachineArn}:live` });
  const { routingConfiguration } = await client.send(alias);
  expect(routingConfiguration).toEqual([{ stateMachineVersionArn: `${stateMachineArn}:1`, weight: 100 }]);
  client.destroy();
  rmSync(dir, { recursive: true });
});

test('local runs the functions of the config, whose paths begin in the project', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'stepwright-seeds-'));
  const Resource = 'arn:aws:lambda:us-east-1:123456789012:function:Greet';
  const definition = { StartAt: 'A', States: { A: { Type: 'Task', Resource, End: true } } };
  const inside = join(dir, 'state-machines');
  mkdirSync(inside);
  writeFileSync(join(dir, 'package.json'), '{}');
  writeFileSync(join(inside, 'M.asl.json'), JSON.stringify(definition));
  writeFileSync(join(dir, 'greet.mjs'), 'export const handler = async ({ name }) => `Hello ${name}`;');
  const config = "export default { activities: [], lambdas: { Greet: './greet.handler' } };";
  writeFileSync(join(dir, 'nest-style.config.mjs'), config);
  const local = stepwright(['local', '--port', '0', '--config', '../nest-style.config.mjs'], {}, inside);
  const run = execute(await endpointOf(local), 'M', '{"name":"Ann"}');
  expect(await run.ended).toMatchObject({ code: 0 });
  expect(run.stdout()).toBe('"Hello Ann"\n');
  rmSync(dir, { recursive: true });
});

test.each([
  ["lambdas: { Ship: { hander: './ship.handler' } }", "lambdas['Ship']: expected './dist/file.handler', or"],
  ['mocks: { Ship: 5 }', "mocks['Ship']: expected { output }"],
])('local refuses %s by its key', async (options, message) => {
  const dir = mkdtempSync(join(tmpdir(), 'stepwright-seeds-'));
  mkdirSync(join(dir, 'state-machines'));
  writeFileSync(join(dir, 'package.json'), '{}');
  writeFileSync(
    join(dir, 'state-machines/M.asl.json'),
    '{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}',
  );
  writeFileSync(join(dir, 'nest-style.config.mjs'), `export default { activities: [], ${options} };`);
  const run = stepwright(['local', '--port', '0', '--config', 'nest-style.config.mjs'], {}, dir);
  expect(await run.ended).toMatchObject({ code: 1 });
  expect(run.stderr()).toContain(`  1. ${message}`);
  expect(run.stderr()).toContain('[CONFIG_BAD_VALUE]');
  rmSync(dir, { recursive: true });
});

test('local finds the client of a service that is installed while it runs', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'stepwright-seeds-'));
  const Resource = 'arn:aws:states:::aws-sdk:sqs:sendMessage';
  const definition = { StartAt: 'A', States: { A: { Type: 'Task', Resource, Parameters: {}, End: true } } };
  mkdirSync(join(dir, 'state-machines'));
  writeFileSync(join(dir, 'package.json'), '{}');
  writeFileSync(join(dir, 'state-machines/M.asl.json'), JSON.stringify(definition));
  const env = { AWS_ENDPOINT_URL_SQS: 'http://127.0.0.1:1' };
  const endpoint = await endpointOf(stepwright(['local', '--port', '0'], env, dir));
  const before = execute(endpoint, 'M', '{}');
  await before.ended;
  expect(before.stderr()).toContain('npm install --save-dev @aws-sdk/client-sqs');
  const folder = join(dir, 'node_modules/@aws-sdk/client-sqs/dist');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, '../package.json'), '{ "main": "./dist/index.js" }');
  writeFileSync(
    join(folder, 'index.js'),
    `exports.SQSClient = class {
      config = {};
      middlewareStack = { add() {} };
      send = async () => ({ MessageId: 'm', $metadata: {} });
      destroy() {}
    };
    exports.SendMessageCommand = class {};`,
  );
  const after = execute(endpoint, 'M', '{}');
  await after.ended;
  expect(JSON.parse(after.stdout())).toEqual({ MessageId: 'm' });
  rmSync(dir, { recursive: true });
});

test.each([
  ['--kept-executions', '1'],
  ['--kept-bytes', '10000'],
])('local with %s %s keeps the latest execution', async (...flag) => {
  const dir = mkdtempSync(join(tmpdir(), 'stepwright-seeds-'));
  mkdirSync(join(dir, 'state-machines'));
  writeFileSync(join(dir, 'package.json'), '{}');
  writeFileSync(
    join(dir, 'state-machines/M.asl.json'),
    '{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}',
  );
  const endpoint = await endpointOf(stepwright(['local', '--port', '0', ...flag], {}, dir));
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new SFNClient({ endpoint, region: 'us-east-1', credentials });
  const { stateMachines = [] } = await client.send(new ListStateMachinesCommand({}));
  const stateMachineArn = stateMachines[0]?.stateMachineArn;
  for (const name of ['a', 'b', 'c']) await client.send(new StartExecutionCommand({ stateMachineArn, name }));
  const { executions = [] } = await client.send(new ListExecutionsCommand({ stateMachineArn }));
  expect(executions.map(({ name }) => name)).toEqual(['c']);
  client.destroy();
  rmSync(dir, { recursive: true });
});
