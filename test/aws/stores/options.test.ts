import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { dynamodb } from 'stepwright/dynamodb';
import { s3 } from 'stepwright/s3';
import { bytes, dynamoDbAt, hasSdk, s3At } from './stores.js';

const withSdk = hasSdk ? describe : describe.skip;

test.each<[string, () => unknown, string]>([
  [
    's3() has no option',
    () => s3({ bucket: 'b', prefx: 'x' } as never),
    "s3() has no option 'prefx': did you mean 'prefix'?",
  ],
  ['a bucket is needed', () => s3({} as never), 's3() needs `bucket`'],
  [
    'dynamodb() has no option',
    () => dynamodb({ table: 't', bucket: 'x' } as never),
    "dynamodb() has no option 'bucket'",
  ],
  ['a table is needed', () => dynamodb({ table: '' }), 'dynamodb() needs `table`'],
  [
    'a prefix leaves room for the key',
    () => dynamodb({ table: 't', prefix: 'x'.repeat(201) }),
    'a `prefix` of at most 200 characters',
  ],
])('a mistake is named where the store is made: %s', (_, make, told) => {
  expect(make).toThrow(told);
});

withSdk('settings', () => {
  const noRegion = {
    region: undefined,
    client: { region: async () => Promise.reject(new Error('Region is missing')) },
  };

  test.each([
    ['s3', () => s3At('http://127.0.0.1:1', noRegion)],
    ['dynamodb', () => dynamoDbAt('http://127.0.0.1:1', noRegion)],
  ])('%s without a region says where to set it', async (_, open) => {
    await expect(open().get('k/a')).rejects.toMatchObject({
      kind: 'denied',
      message: expect.stringContaining('AWS_REGION'),
    });
  });

  test.each([
    ['s3', (client: object) => s3({ bucket: 'b', client }), 'PutObjectCommand'],
    ['dynamodb', (client: object) => dynamodb({ table: 't', client }), 'PutItemCommand'],
  ])('%s uses a client that the user made', async (_, open, expected) => {
    const sent: string[] = [];
    const client = {
      send: async (command: object) => {
        sent.push(command.constructor.name);
        return {};
      },
    };
    await open(client).put('k/a', bytes('x'));
    expect(sent).toEqual([expected]);
  });
});

withSdk.each([
  ['s3', (client: object) => s3({ bucket: 'b', client })],
  ['dynamodb', (client: object) => dynamodb({ table: 't', client })],
])('%s', (_, open) => {
  test('ends the wait for a client that does not look at the signal', async () => {
    const ended = new AbortController();
    const reason = new Error('enough');
    const done = open({ send: () => new Promise(() => {}) }).get('k/a', { signal: ended.signal });
    ended.abort(reason);
    await expect(done).rejects.toBe(reason);
  });
});

describe('where the SDK’s package is not installed', () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'stepwright-peer-'));
    mkdirSync(join(dir, 'node_modules'));
    symlinkSync(resolve('node_modules/fastest-levenshtein'), join(dir, 'node_modules/fastest-levenshtein'));
    for (const room of ['base', 'aws/stores'])
      cpSync(resolve('dist/src/framework', room), join(dir, room), { recursive: true });
    writeFileSync(join(dir, 'package.json'), '{"type":"module"}');
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  test.each([
    ['s3', 'bucket', '@aws-sdk/client-s3'],
    ['dynamodb', 'table', '@aws-sdk/client-dynamodb'],
  ])('%s() says what to install', async (name, option, peer) => {
    const script = `const { ${name} } = await import('./aws/stores/${name}.js');
      try { ${name}({ ${option}: 'x' }); } catch ({ kind, message }) { console.log(kind, message); }`;
    const told = await new Promise<string>((done) =>
      execFile(process.execPath, ['--input-type=module', '-e', script], { cwd: dir }, (_, out, err) =>
        done(out + err),
      ),
    );
    expect(told).toBe(
      `denied ${name}() uses ${peer}, which is not installed: npm install '${peer}@~3.1164'\n`,
    );
  });
});
