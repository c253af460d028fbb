import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { LocalServiceOptions, SdkPackages } from 'stepwright/local';
import { type Moto, skipped, startMoto } from '../support/moto.js';
import { eventsOf, type Ended, outcome } from './one-state.js';

/** The package.json of a project with the clients of all services here: this project needs few of them. */
const PROJECT = process.env['SDK_PROJECT'] ?? 'package.json';
const require = createRequire(pathToFileURL(PROJECT));
const packages: SdkPackages = {
  has(name) {
    try {
      return require.resolve(name) !== '';
    } catch {
      return false;
    }
  },
  load: async (name) => require(name) as object,
};

let moto: Moto | undefined;
beforeAll(async () => {
  moto = await startMoto();
}, 60_000);
jest.setTimeout(300_000);
afterAll(() => moto?.stop());

const task = (resource: string, Parameters: object): object => ({
  Type: 'Task',
  Resource: `arn:aws:states:::${resource}`,
  Parameters,
  End: true,
});

type Call = (resource: string, parameters: object) => Promise<Ended>;

/** Tests against moto, or says that it, or the client of a service, is missing. */
async function against(
  service: string,
  run: (call: Call, options: LocalServiceOptions) => Promise<void>,
): Promise<void> {
  const name = `@aws-sdk/client-${service}`;
  if (!moto) return skipped('python3-moto');
  if (!packages.has(name)) return skipped(`${name} (SDK_PROJECT may name a package.json beside it)`);
  const options = { packages, env: { AWS_ENDPOINT_URL: moto.url } };
  await run((resource, parameters) => outcome(options, task(resource, parameters)), options);
}

const QUEUE = { QueueName: 'q' };

describe('against moto', () => {
  test('an item is put, read, updated and deleted', () =>
    against('dynamodb', async (call) => {
      const TableName = 'T';
      const made = await call('aws-sdk:dynamodb:createTable', {
        TableName,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      });
      expect(made).toMatchObject({
        output: { TableDescription: { TableName, CreationDateTime: expect.stringMatching(/Z$/) } },
      });
      const Key = { id: { S: '1' } };
      expect(await call('dynamodb:putItem', { TableName, Item: { ...Key, n: { N: '1' } } })).toMatchObject({
        output: { SdkHttpMetadata: { HttpStatusCode: 200 }, SdkResponseMetadata: {} },
      });
      const UpdateExpression = 'SET n = :n';
      await call('dynamodb:updateItem', {
        TableName,
        Key,
        UpdateExpression,
        ExpressionAttributeValues: { ':n': { N: '2' } },
      });
      expect(await call('dynamodb:getItem', { TableName, Key })).toMatchObject({
        output: { Item: { ...Key, n: { N: '2' } } },
      });
      expect(
        await call('aws-sdk:dynamodb:query', {
          TableName,
          KeyConditionExpression: 'id = :i',
          ExpressionAttributeValues: { ':i': { S: '1' } },
        }),
      ).toMatchObject({ output: { Count: 1, Items: [{ ...Key, n: { N: '2' } }], ScannedCount: 1 } });
      await call('dynamodb:deleteItem', { TableName, Key });
      expect(
        Object.keys((await call('aws-sdk:dynamodb:getItem', { TableName, Key })).output as object),
      ).toEqual([]);
      const ConditionExpression = 'attribute_exists(id)';
      expect(
        await call('aws-sdk:dynamodb:putItem', { TableName, Item: Key, ConditionExpression }),
      ).toMatchObject({
        error: 'DynamoDb.ConditionalCheckFailedException',
      });
      expect(await call('dynamodb:putItem', { TableName: 'none', Item: Key })).toMatchObject({
        error: 'DynamoDB.ResourceNotFoundException',
      });
    }));

  test('an object is put, listed and read', () =>
    against('s3', async (call) => {
      await call('aws-sdk:s3:createBucket', { Bucket: 'the-bucket' });
      expect(
        await call('aws-sdk:s3:putObject', { Bucket: 'the-bucket', Key: 'k', Body: { a: 1 } }),
      ).toMatchObject({
        status: 'SUCCEEDED',
      });
      expect(await call('aws-sdk:s3:listObjectsV2', { Bucket: 'the-bucket' })).toMatchObject({
        output: { Contents: [{ Key: 'k', Size: 7, LastModified: expect.stringMatching(/Z$/) }], KeyCount: 1 },
      });
      const { output } = await call('aws-sdk:s3:getObject', { Bucket: 'the-bucket', Key: 'k' });
      expect(output).toMatchObject({ Body: '{"a":1}', ContentLength: 7 });
      expect(Object.keys(output as object).at(-1)).toBe('Body');
      expect(await call('aws-sdk:s3:getObject', { Bucket: 'the-bucket', Key: 'none' })).toMatchObject({
        error: 'S3.NoSuchKeyException',
      });
      expect(await call('aws-sdk:s3:getObject', { Bucket: 'none', Key: 'k' })).toMatchObject({
        error: 'S3.NoSuchBucketException',
      });
    }));

  test('a message is sent, whose body may be any JSON', () =>
    against('sqs', async (call) => {
      const { output } = await call('aws-sdk:sqs:createQueue', QUEUE);
      const { QueueUrl } = output as { QueueUrl: string };
      const sent = await call('sqs:sendMessage', { QueueUrl, MessageBody: { a: 1 } });
      expect(Object.keys(sent.output as object)).toEqual([
        'MD5OfMessageBody',
        'MessageId',
        'SdkHttpMetadata',
        'SdkResponseMetadata',
      ]);
      expect(await call('aws-sdk:sqs:receiveMessage', { QueueUrl })).toMatchObject({
        output: { Messages: [{ Body: '{"a":1}', MessageId: expect.any(String) }] },
      });
      expect(await call('sqs:sendMessage', { QueueUrl: `${QueueUrl}-none`, MessageBody: 'x' })).toMatchObject(
        {
          error: expect.stringMatching(/^SQS\./),
        },
      );
    }));

  test('a task waits for its token, which a message has', () =>
    against('sqs', async (call, options) => {
      const { output } = await call('aws-sdk:sqs:createQueue', { QueueName: 'tokens' });
      const { QueueUrl } = output as { QueueUrl: string };
      const state = {
        Type: 'Task',
        Resource: 'arn:aws:states:::sqs:sendMessage.waitForTaskToken',
        TimeoutSeconds: 60,
        End: true,
        Parameters: { QueueUrl, MessageBody: { 'token.$': '$$.Task.Token' } },
      };
      const events = await eventsOf(options, state);
      expect(events.map(({ type }) => type)).toContain('TaskSubmitted');
      expect(events.at(-2)?.type).toBe('TaskTimedOut');
      const received = await call('aws-sdk:sqs:receiveMessage', { QueueUrl });
      expect(JSON.stringify(received.output)).toContain('{\\"token\\":');
    }));

  test('a message is published', () =>
    against('sns', async (call) => {
      const { output } = await call('aws-sdk:sns:createTopic', { Name: 't' });
      const { TopicArn } = output as { TopicArn: string };
      expect(await call('sns:publish', { TopicArn, Message: { a: 1 }, Subject: 's' })).toMatchObject({
        output: { MessageId: expect.any(String), SdkHttpMetadata: { HttpStatusCode: 200 } },
      });
      expect(await call('sns:publish', { TopicArn: `${TopicArn}-none`, Message: 'm' })).toMatchObject({
        error: 'SNS.NotFoundException',
        cause: expect.stringMatching(
          /\(Service: AmazonSNS; Status Code: 404; Error Code: NotFound; Request ID: .*; Proxy: null\)$/,
        ),
      });
    }));

  test('events are put, and name their sender', () =>
    against('eventbridge', async (call) => {
      const Entries = [{ Source: 'some.source', DetailType: 'd', Detail: { a: 1 } }];
      expect(await call('events:putEvents', { Entries })).toMatchObject({
        output: { Entries: [{ EventId: expect.any(String) }], FailedEntryCount: 0 },
      });
      expect(await call('events:putEvents', { Entries: [{ DetailType: 'd', Detail: '{}' }] })).toMatchObject({
        error: 'EventBridge.FailedEntry',
      });
    }));

  test('a service is found whose package has a hyphen in its name', () =>
    against('secrets-manager', async (call) => {
      await call('aws-sdk:secretsmanager:createSecret', { Name: 's', SecretString: 'hush' });
      expect(await call('aws-sdk:secretsmanager:getSecretValue', { SecretId: 's' })).toMatchObject({
        output: {
          ARN: expect.any(String),
          Name: 's',
          SecretString: 'hush',
          CreatedDate: expect.stringMatching(/Z$/),
        },
      });
      expect(await call('aws-sdk:secretsmanager:getSecretValue', { SecretId: 'none' })).toMatchObject({
        error: 'SecretsManager.ResourceNotFoundException',
      });
    }));

  test('members of an API with small letters begin with a capital', () =>
    against('ecs', async (call) => {
      expect(await call('aws-sdk:ecs:createCluster', { ClusterName: 'c' })).toMatchObject({
        output: { Cluster: { ClusterName: 'c', Status: 'ACTIVE' } },
      });
      expect(await call('aws-sdk:ecs:describeClusters', { Clusters: ['c'] })).toMatchObject({
        output: { Clusters: [{ ClusterName: 'c' }], Failures: [] },
      });
    }));
});
