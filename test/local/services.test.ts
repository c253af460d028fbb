import { createRequire } from 'node:module';
import { describe, expect, test } from '@jest/globals';
import type { LocalServiceOptions, SdkPackages } from 'stepwright/local';
import { eventsOf, outcome } from './one-state.js';
import { stubServer } from './stub-server.js';

const require = createRequire(import.meta.url);
const INSTALLED = ['@aws-sdk/client-dynamodb', '@aws-sdk/client-s3'];
const packages: SdkPackages = {
  has: (name) => INSTALLED.includes(name),
  load: async (name) => require(name) as object,
};

const task = (resource: string, Parameters: object): object => ({
  Type: 'Task',
  Resource: `arn:aws:states:::${resource}`,
  Parameters,
  End: true,
});
const at = (url: string): LocalServiceOptions => ({ packages, env: { AWS_ENDPOINT_URL: url } });

const JSON_10 = { 'content-type': 'application/x-amz-json-1.0' };
const ITEM = { id: { S: '7' }, inner: { M: { lowerKey: { N: '1' } } } };
const KEY = { TableName: 'T', Key: { id: { S: '7' } } };
const answering = (value: object) => stubServer({ headers: JSON_10, body: JSON.stringify(value) });
const refusing = (type: string) =>
  stubServer({
    status: 400,
    headers: JSON_10,
    body: JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}`, message: 'no such' }),
  });

describe('an SDK integration', () => {
  test('is called by the SDK of the user, and the keys of a map stay as they are', async () => {
    const { url, requests } = await answering({ Item: ITEM });
    const { output } = await outcome(at(url), task('aws-sdk:dynamodb:getItem', KEY));
    expect(output).toEqual({ Item: ITEM });
    expect(requests).toMatchObject([
      {
        headers: {
          'x-amz-target': 'DynamoDB_20120810.GetItem',
          authorization: expect.stringContaining('Credential=local/'),
        },
      },
    ]);
    expect(requests.map(({ headers }) => headers['authorization'])).toEqual([
      expect.stringContaining('/us-east-1/dynamodb/aws4_request'),
    ]);
    expect(JSON.parse(requests[0]?.body ?? '')).toEqual(KEY);
  });

  test('an error of the API has the name and the cause that were recorded', async () => {
    const { url } = await refusing('ResourceNotFoundException');
    expect(await outcome(at(url), task('aws-sdk:dynamodb:getItem', KEY))).toMatchObject({
      error: 'DynamoDb.ResourceNotFoundException',
      cause: 'no such (Service: DynamoDb, Status Code: 400, Request ID: r-1) (SDK Attempt Count: 1)',
    });
  });

  test('an error that is not in the model of the API has the name of the service', async () => {
    const { url } = await refusing('ValidationException');
    expect(await outcome(at(url), task('aws-sdk:dynamodb:getItem', KEY))).toMatchObject({
      error: 'DynamoDb.DynamoDbException',
    });
  });

  test('an object in S3 is text, and stands behind the other members', async () => {
    const dated = { 'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT' };
    const { url, requests } = await stubServer({
      headers: { ...dated, etag: '"e"', 'content-length': '5', 'x-amz-meta-own': 'm' },
      body: 'Hello',
    });
    const { output } = await outcome(at(url), task('aws-sdk:s3:getObject', { Bucket: 'b', Key: 'a/k' }));
    expect(JSON.stringify(output)).toBe(
      '{"ContentLength":5,"ETag":"\\"e\\"","LastModified":"2026-01-01T00:00:00.000Z","Metadata":{"own":"m"},"Body":"Hello"}',
    );
    expect(requests).toMatchObject([{ url: '/b/a/k?x-id=GetObject' }]);
  });

  test('an object that is put into S3 may be any JSON', async () => {
    const { url, requests } = await stubServer({});
    const state = task('aws-sdk:s3:putObject', { Bucket: 'b', Key: 'k', Body: { some: 'JSON' } });
    expect(await outcome(at(url), state)).toMatchObject({ status: 'SUCCEEDED' });
    expect(requests[0]?.body).toContain('{"some":"JSON"}');
    expect(requests[0]?.headers['content-type']).toBe('text/plain; charset=UTF-8');
    await outcome(at(url), task('aws-sdk:s3:putObject', { Bucket: 'b', Key: 'k', Body: 'text' }));
    expect(requests[1]?.body).toContain('"text"');
  });

  test('an error of S3 gets an end that its name lacks', async () => {
    const body = '<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>';
    const { url } = await stubServer({ status: 404, headers: { 'content-type': 'application/xml' }, body });
    expect(await outcome(at(url), task('aws-sdk:s3:getObject', { Bucket: 'b', Key: 'k' }))).toMatchObject({
      error: 'S3.NoSuchKeyException',
      cause: expect.stringContaining(
        'The specified key does not exist. (Service: S3, Status Code: 404, Request ID: ',
      ),
    });
  });

  test('an action that the service does not have is told', async () => {
    const { url } = await answering({});
    const { cause } = await outcome(at(url), task('aws-sdk:dynamodb:getAnything', {}));
    expect(cause).toContain("The service DynamoDb has no action 'getAnything'");
  });
});

describe('an optimised integration', () => {
  test('answers with what the SDK knows of the response', async () => {
    const { url } = await answering({ Item: ITEM });
    const { output } = await outcome(at(url), task('dynamodb:getItem', KEY));
    expect(Object.keys(output as object)).toEqual(['Item', 'SdkHttpMetadata', 'SdkResponseMetadata']);
    expect(output).toMatchObject({
      Item: ITEM,
      SdkHttpMetadata: {
        AllHttpHeaders: { 'Content-Type': ['application/x-amz-json-1.0'], 'x-amzn-RequestId': ['r-1'] },
        HttpStatusCode: 200,
      },
      SdkResponseMetadata: { RequestId: 'r-1' },
    });
  });

  test.each([
    ['ResourceNotFoundException', 'DynamoDB.ResourceNotFoundException'],
    ['ValidationException', 'DynamoDB.AmazonDynamoDBException'],
  ])('%s is %s', async (type, error) => {
    const { url } = await refusing(type);
    expect(await outcome(at(url), task('dynamodb:getItem', KEY))).toMatchObject({
      error,
      cause: `no such (Service: AmazonDynamoDBv2; Status Code: 400; Error Code: ${type}; Request ID: r-1; Proxy: null)`,
    });
  });

  test('a service that can not be reached is an error of the client', async () => {
    const { error, cause } = await outcome(at('http://127.0.0.1:1'), task('dynamodb:getItem', KEY));
    expect(error).toBe('DynamoDB.SdkClientException');
    expect(cause).toMatch(/^Unable to execute HTTP request: /);
  });

  test('its events are those of a Task', async () => {
    const { url } = await answering({});
    const events = await eventsOf(at(url), task('dynamodb:getItem', KEY));
    expect(events.map(({ type }) => type)).toEqual([
      'ExecutionStarted',
      'TaskStateEntered',
      'TaskScheduled',
      'TaskStarted',
      'TaskSucceeded',
      'TaskStateExited',
      'ExecutionSucceeded',
    ]);
  });
});

/** A package of a service whose API begins its members with small letters, and has texts, dates, blobs and lists. */
const made = (answer: object): SdkPackages & { readonly sent: object[]; readonly made: object[] } => {
  const [sent, clients]: [object[], object[]] = [[], []];
  class BatchClient {
    readonly config = { serviceId: 'Batch Thing' };
    readonly middlewareStack = { add: () => {} };
    constructor(options: object) {
      clients.push(options);
    }
    async send({ input }: { input: object }): Promise<object> {
      sent.push(input);
      return { ...answer, $metadata: { httpStatusCode: 200, requestId: 'r' } };
    }
    destroy(): void {}
  }
  const inner = [3, 'ns', 'Inner', 0, ['someKey', 'at'], [0, 4]];
  const shape = [
    3,
    'ns',
    'Shape',
    0,
    ['name', 'when', 'data', 'body', 'items', 'map', 'inner', 'DBName'],
    [
      0,
      [7, { location: 'x' }],
      21,
      [() => [0, 'ns', 'Secret', 8, 0], 0],
      [1, 'ns', 'L', 0, () => inner],
      128,
      () => inner,
      0,
    ],
  ];
  class SubmitJobCommand {
    readonly schema = [9, 'ns', 'SubmitJob', 0, () => shape, () => shape];
    constructor(readonly input: object) {}
  }
  return { sent, made: clients, has: () => true, load: async () => ({ BatchClient, SubmitJobCommand }) };
};

test('members begin with a capital in a state machine, whatever the API has; the keys of maps do not change', async () => {
  const date = new Date(Date.UTC(2026, 0, 1));
  const own = made({
    name: 'n',
    when: date,
    data: Buffer.from('blob'),
    items: [{ someKey: 'k' }],
    map: { lowKey: 'v' },
    inner: { at: date },
  });
  const { output } = await outcome(
    { packages: own, env: { AWS_ENDPOINT_URL_BATCH: 'http://127.0.0.1:1' } },
    task('aws-sdk:batch:submitJob', {
      Name: 'n',
      When: '2026-01-01T00:00:00Z',
      Data: 'blob',
      Body: { json: [1] },
      Items: [{ SomeKey: 'k' }],
      Map: { lowKey: 'v' },
      Inner: { SomeKey: 'i' },
    }),
  );
  expect(own.sent).toEqual([
    {
      name: 'n',
      when: date,
      data: Buffer.from('blob'),
      body: '{"json":[1]}',
      items: [{ someKey: 'k' }],
      map: { lowKey: 'v' },
      inner: { someKey: 'i' },
    },
  ]);
  expect(JSON.stringify(output)).toBe(
    '{"Data":"blob","Inner":{"At":"2026-01-01T00:00:00.000Z"},"Items":[{"SomeKey":"k"}],"Map":{"lowKey":"v"},"Name":"n","When":"2026-01-01T00:00:00.000Z"}',
  );
  expect(own.made).toMatchObject([{ region: 'us-east-1', endpoint: 'http://127.0.0.1:1', maxAttempts: 1 }]);
});

test.each([
  ['name', { name: 'n' }, "did you mean 'Name'?"],
  ['Other', { Inner: { Other: 1 } }, 'There are: SomeKey, At'],
])('a parameter %s that Step Functions does not have is refused', async (field, parameters, help) => {
  const own = made({});
  const env = { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' };
  const { error, cause } = await outcome({ packages: own, env }, task('aws-sdk:batch:submitJob', parameters));
  expect(error).toBe('States.Runtime');
  expect(cause).toContain(`The field '${field}' is not supported by Step Functions`);
  expect(cause).toContain(help);
  expect(own.sent).toEqual([]);
});

test('a parameter may be spelt as in Java', async () => {
  const own = made({});
  const env = { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' };
  await outcome({ packages: own, env }, task('aws-sdk:batch:submitJob', { DbName: 'd' }));
  expect(own.sent).toEqual([{ DBName: 'd' }]);
});

describe('nothing reaches AWS unless it is asked for', () => {
  test('without an endpoint the line is told that is missing', async () => {
    const { error, cause } = await outcome({ packages }, task('aws-sdk:secretsmanager:getSecretValue', {}));
    expect(error).toBe('States.Runtime');
    expect(cause).toMatch(
      /Nothing answers .*set AWS_ENDPOINT_URL_SECRETS_MANAGER to the URL of an emulator\.$/,
    );
  });

  test('a folder is no bucket of a Task, which is told', async () => {
    const { cause } = await outcome({ packages, s3: { b: '.' } }, task('aws-sdk:s3:getObject', {}));
    expect(cause).toContain("the folders of 's3' are for Distributed Maps alone");
  });

  test('without the package the line is told that installs it', async () => {
    const { cause } = await outcome(
      at('http://127.0.0.1:1'),
      task('sqs:sendMessage', { QueueUrl: 'q', MessageBody: 'm' }),
    );
    expect(cause).toMatch(/npm install --save-dev @aws-sdk\/client-sqs\.$/);
  });

  test('a job is not begun, since its end is known to AWS alone', async () => {
    const options = { packages: made({}), env: { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' } };
    const events = await eventsOf(options, task('batch:submitJob.sync', {}));
    expect(events.at(-1)?.executionFailedEventDetails?.cause).toContain(
      "Nothing answers 'arn:aws:states:::batch:submitJob.sync'",
    );
    expect(options.packages.sent).toEqual([]);
  });

  test('the endpoint of a service stands before that of all', async () => {
    const [own, all] = [await answering({}), await answering({})];
    const env = { AWS_ENDPOINT_URL_DYNAMODB: own.url, AWS_ENDPOINT_URL: all.url };
    await outcome({ packages, env }, task('dynamodb:getItem', KEY));
    expect([own.requests.length, all.requests.length]).toEqual([1, 0]);
  });
});
