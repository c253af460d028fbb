import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import * as s3 from '@aws-sdk/client-s3';
import { afterEach, expect, test } from '@jest/globals';
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  ListMapRunsCommand,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { LocalServiceOptions } from 'stepwright/local';
import { openBench, ROLE } from './service.js';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** An Amazon S3 with one bucket, whose listings have pages of two objects. Returns its URL. */
async function fakeS3(objects: Map<string, string>): Promise<string> {
  const list = (after: string): string => {
    const keys = [...objects.keys()].toSorted((a, b) => (a < b ? -1 : 1)).filter((key) => key > after);
    const contents = keys
      .slice(0, 2)
      .map((key) => `<Contents><Key>${key}</Key><Size>${objects.get(key)?.length}</Size></Contents>`);
    const more = keys.length > 2 ? `<NextContinuationToken>${keys[1]}</NextContinuationToken>` : '';
    return `<ListBucketResult>${contents.join('')}${more}</ListBucketResult>`;
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://s3');
    const key = pathname.replace(/^\/bucket\/?/, '');
    if (request.method === 'PUT') objects.set(key, await text(request));
    const body = searchParams.has('list-type')
      ? list(searchParams.get('continuation-token') ?? '')
      : objects.get(key);
    if (body !== undefined) return void response.end(request.method === 'PUT' ? '' : body);
    response
      .writeHead(404)
      .end('<Error><Code>NoSuchKey</Code><Message>There is no such key.</Message></Error>');
  };
  const server = createServer((request, response) => void answer(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const packages = { has: (name: string) => name === '@aws-sdk/client-s3', load: async () => s3 };

/** Starts an execution of a Distributed Map. */
async function start(map: object, options: LocalServiceOptions) {
  const { client, clock } = await openBench(options);
  const Inner = { StartAt: 'P', States: { P: { Type: 'Pass', End: true } } };
  const All = {
    Type: 'Map',
    ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' }, ...Inner },
    ...map,
    End: true,
  };
  const definition = JSON.stringify({ StartAt: 'All', States: { All } });
  const { stateMachineArn } = await client.send(
    new CreateStateMachineCommand({ name: 'M', definition, roleArn: ROLE }),
  );
  const { executionArn } = await client.send(new StartExecutionCommand({ stateMachineArn }));
  return { client, clock, executionArn };
}

async function run(map: object, options: LocalServiceOptions) {
  const { client, clock, executionArn } = await start(map, options);
  for (;;) {
    await clock.settle();
    const end = await client.send(new DescribeExecutionCommand({ executionArn }));
    if (end.status !== 'RUNNING') return end;
    await new Promise((turn) => setImmediate(turn));
  }
}

const reader = (action: string, more: object = {}, ReaderConfig?: object): object => ({
  ItemReader: {
    Resource: `arn:aws:states:::s3:${action}`,
    Parameters: { Bucket: 'bucket', ...more },
    ...(ReaderConfig && { ReaderConfig }),
  },
});

test('a bucket without a folder is read and written at the endpoint of the environment', async () => {
  const objects = new Map([['items.jsonl', '1\n{"a":2}\n']]);
  const env = { AWS_ENDPOINT_URL_S3: await fakeS3(objects) };
  const ResultWriter = {
    Resource: 'arn:aws:states:::s3:putObject',
    Parameters: { Bucket: 'bucket', Prefix: 'out' },
    WriterConfig: { Transformation: 'COMPACT', OutputType: 'JSONL' },
  };
  const map = { ...reader('getObject', { Key: 'items.jsonl' }, { InputType: 'JSONL' }), ResultWriter };
  const { output = '', status, cause } = await run(map, { env, packages });
  expect([status, cause]).toEqual(['SUCCEEDED', undefined]);
  const { ResultWriterDetails } = JSON.parse(output) as { ResultWriterDetails: { Key: string } };
  expect(objects.get(ResultWriterDetails.Key.replace('manifest.json', 'SUCCEEDED_0.jsonl'))).toBe(
    '1\n{"a":2}\n',
  );
  expect(JSON.parse(objects.get(ResultWriterDetails.Key) ?? '')).toMatchObject({
    DestinationBucket: 'bucket',
  });
});

test('a listing of the endpoint is read page by page', async () => {
  const objects = new Map(['a', 'b', 'c', 'd', 'e'].map((key) => [key, key]));
  const map = { ...reader('listObjectsV2'), ItemSelector: { 'key.$': '$$.Map.Item.Value.Key' } };
  const end = await run(map, { env: { AWS_ENDPOINT_URL_S3: await fakeS3(objects) }, packages });
  expect(JSON.parse(end.output ?? '')).toEqual(['a', 'b', 'c', 'd', 'e'].map((key) => ({ key })));
});

const missing = ['none.json', 'none.json.gz'];
test.each(missing)('a missing %s fails the state with the cause of the endpoint', async (Key) => {
  const env = { AWS_ENDPOINT_URL_S3: await fakeS3(new Map()) };
  const map = reader('getObject', { Key }, { InputType: 'JSON' });
  expect(await run(map, { env, packages })).toMatchObject({
    error: 'States.ItemReaderFailed',
    cause: 'There is no such key.',
  });
});

test('StopExecution ends a run whose reader waits for an endpoint that does not answer', async () => {
  const server = createServer(() => {}).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  const env = { AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  const { client, executionArn } = await start(reader('getObject', { Key: 'a.json' }), { env, packages });
  const [request] = (await once(server, 'request')) as [IncomingMessage];
  const cut = once(request.socket, 'close');
  await client.send(new StopExecutionCommand({ executionArn }));
  const { mapRuns } = await client.send(new ListMapRunsCommand({ executionArn }));
  expect(mapRuns).toMatchObject([{ stopDate: expect.any(Date) }]);
  await cut;
});

test('a bucket that nothing stands for fails the state, and says what to do', async () => {
  const map = reader('getObject', { Key: 'a.json' }, { InputType: 'JSON' });
  const begin =
    "Nothing stands for the bucket 'bucket' in the local service: name a folder for it by the option";
  const folder = `${begin} s3: { 'bucket': './folder' }`;
  const none = { has: () => false, load: async () => s3 };
  const url = 'http://127.0.0.1:1';
  for (const [options, cause] of [
    [{}, `${folder}.`],
    [{ packages }, `${folder}, or set AWS_ENDPOINT_URL_S3 to the URL of an emulator.`],
    [
      { packages: none, env: { AWS_ENDPOINT_URL: url } },
      `${folder}, or install the client of Amazon S3: npm install --save-dev @aws-sdk/client-s3.`,
    ],
  ] as const)
    expect(await run(map, options)).toMatchObject({ error: 'States.ItemReaderFailed', cause });
});

test('a key that leads out of the folder is refused', async () => {
  const map = reader('getObject', { Key: '../package.json' }, { InputType: 'JSON' });
  expect(await run(map, { s3: { bucket: 'test' } })).toMatchObject({
    error: 'States.ItemReaderFailed',
    cause: "The key '../package.json' leads out of the folder of the bucket 'bucket'",
  });
});

test('a listing of a folder leaves out links that lead to no file', async () => {
  const bucket = mkdtempSync(join(tmpdir(), 'bucket-'));
  writeFileSync(join(bucket, 'b.txt'), 'b');
  symlinkSync(join(bucket, 'gone'), join(bucket, 'a'));
  symlinkSync(tmpdir(), join(bucket, 'c'));
  const map = { ...reader('listObjectsV2'), ItemSelector: { 'key.$': '$$.Map.Item.Value.Key' } };
  expect(await run(map, { s3: { bucket } })).toMatchObject({ output: '[{"key":"b.txt"}]' });
});
