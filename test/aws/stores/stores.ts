import { s3, type S3Options } from 'stepwright/s3';
import { dynamodb, type DynamoDbOptions } from 'stepwright/dynamodb';
import { createRequire } from 'node:module';
import { IfMatchProxy } from '../../support/if-match-proxy.js';
import { skipped, startMoto, type Moto } from '../../support/moto.js';
import type { Store } from '../../../src/framework/base/store.js';

const require = createRequire(import.meta.url);

const isInstalled = (name: string): boolean => {
  try {
    return require.resolve(name) !== '';
  } catch {
    return false;
  }
};

/** True if both packages of the SDK are there. */
export const hasSdk = ['@aws-sdk/client-s3', '@aws-sdk/client-dynamodb'].every(isInstalled);
if (!hasSdk) skipped('@aws-sdk/client-s3 or @aws-sdk/client-dynamodb');

export const SETTINGS = { region: 'us-east-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } };

/** A bucket `kept` below `tests`, at a service with the API of S3. */
export const s3At = (endpoint: string, options: Partial<S3Options> = {}): Store =>
  s3({ bucket: 'kept', prefix: 'tests', endpoint, client: SETTINGS, ...options });

/** A table `kept`, at a service with the API of DynamoDB. Moto counts the bytes of a record a third too high. */
export const dynamoDbAt = (endpoint: string, options: Partial<DynamoDbOptions> = {}): Store =>
  dynamodb({ table: 'kept', endpoint, client: SETTINGS, maxBytes: 256 * 1024, ...options });

/** Moto with a bucket and a table, and its S3 behind a proxy that honours `If-Match`. */
export interface Services extends Moto {
  readonly s3Url: string;
}

/** Undefined where moto or the SDK is not installed. */
export async function startStores(): Promise<Services | undefined> {
  const moto = hasSdk ? await startMoto() : undefined;
  if (!moto) {
    skipped('python3-moto or the SDK');
    return undefined;
  }
  await sendTo('s3', moto.url, ['CreateBucket', { Bucket: 'kept' }]);
  await createTable(moto.url, 'kept');
  const proxy = await new IfMatchProxy(moto.url).open();
  const stop = async (): Promise<void> => {
    proxy.close();
    await moto.stop();
  };
  return { url: moto.url, s3Url: proxy.url, stop };
}

/** The part of the packages that is used here. Their types are missing where they are not installed. */
interface Sdk {
  readonly [name: string]: new (input: object) => {
    send(command: object): Promise<unknown>;
    destroy(): void;
  };
}

/** Sends commands by the SDK's own client, as other programs would. */
export async function sendTo(
  service: 's3' | 'dynamodb',
  url: string,
  ...commands: readonly (readonly [name: string, input: object])[]
): Promise<unknown[]> {
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
  const sdk = require(`@aws-sdk/client-${service}`) as Sdk;
  const make = (name: string, input: object): InstanceType<Sdk[string]> => {
    const Made = sdk[name];
    if (!Made) throw new Error(`the SDK has no ${name}`);
    return new Made(input);
  };
  const client = make(service === 's3' ? 'S3Client' : 'DynamoDBClient', {
    ...SETTINGS,
    endpoint: url,
    ...(service === 's3' && { forcePathStyle: true }),
  });
  const answers: unknown[] = [];
  for (const [name, input] of commands) answers.push(await client.send(make(`${name}Command`, input)));
  client.destroy();
  return answers;
}

/** Creates a table. @param names the names of its partition key and its sort key */
export const createTable = (url: string, TableName: string, names = ['pk', 'sk']): Promise<unknown> =>
  sendTo('dynamodb', url, [
    'CreateTable',
    {
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: names.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: names.map((AttributeName, index) => ({
        AttributeName,
        KeyType: index === 0 ? 'HASH' : 'RANGE',
      })),
    },
  ]);

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const text = (value: Uint8Array | undefined): string | undefined =>
  value && new TextDecoder().decode(value);
