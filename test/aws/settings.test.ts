import { hash } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { CallRequest } from '../../src/framework/aws/call.js';
import { createLog } from 'stepwright';
import { wallTime } from '../../src/framework/base/time/clock.js';
import { Signer } from '../../src/framework/aws/lean/signer.js';
import { AwsService } from '../../src/framework/aws/sdk/aws-service.js';
import type { SdkSettings } from '../../src/framework/aws/sdk/settings.js';
import { SERVICE_HEADERS } from '../support/service-headers.js';
import { judgeSignature, type Signed } from '../support/signature.js';

// Each row is a way to set what calls are made of. It says which path ran, and that the request was right: the server
// puts every signature together by the SDK's own signer.

interface Seen extends Signed {
  readonly path: 'lean' | 'sdk';
  readonly url: string | undefined;
  readonly date: string;
}

const environment = { ...process.env };
const secretOf = (key: string): string => `secret-of-${key}`;
const keyPair = (key: string) => ({ accessKeyId: key, secretAccessKey: secretOf(key) });
/** The life of a session of STS here: so short that it is renewed after a few calls. */
const SESSION_MS = 60;

let home: string;
let server: Server;
let url: string;
let service: AwsService | undefined;
let tunnelled = 0;
let sessions = 0;
const seen: Seen[] = [];
const logged: string[] = [];

const file = (name: string): string => join(home, name);
function put(name: string, ...lines: string[]): string {
  writeFileSync(file(name), `${lines.join('\n')}\n`);
  return file(name);
}

beforeEach(async () => {
  [tunnelled, sessions] = [0, 0];
  seen.length = 0;
  logged.length = 0;
  home = mkdtempSync(join(tmpdir(), 'stepwright-settings-'));
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  process.env['AWS_SHARED_CREDENTIALS_FILE'] = file('credentials');
  process.env['AWS_CONFIG_FILE'] = file('config');
  process.env['AWS_EC2_METADATA_DISABLED'] = 'true';
  server = createServer((request, response) => {
    void answer(request).then((text) => response.writeHead(200, SERVICE_HEADERS).end(text));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // The SDK and Stepwright take this name for no address of this machine; the kernel does.
  url = `http://0.0.0.0:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  service?.close();
  server.closeAllConnections();
  server.close();
  process.env = { ...environment };
  rmSync(home, { recursive: true });
});

async function answer(request: IncomingMessage): Promise<string> {
  const body = Buffer.concat(await request.toArray()).toString();
  if (body.includes('AssumeRoleWithWebIdentity')) return session(`SESSION${++sessions}`);
  const key = /Credential=([^/]+)/.exec(request.headers.authorization ?? '')?.[1] ?? '';
  const sessionToken = request.headers['x-amz-security-token'] as string | undefined;
  seen.push({
    ...(await judgeSignature(request, body, { ...keyPair(key), ...(sessionToken && { sessionToken }) })),
    path: 'amz-sdk-invocation-id' in request.headers ? 'sdk' : 'lean',
    url: request.url,
    date: String(request.headers['x-amz-date']),
  });
  return '{}';
}

function session(key: string): string {
  const fields = {
    AccessKeyId: key,
    SecretAccessKey: secretOf(key),
    SessionToken: `session-of-${key}`,
    Expiration: new Date(wallTime() + SESSION_MS).toISOString(),
  };
  const xml = Object.entries(fields).map(([name, value]) => `<${name}>${value}</${name}>`);
  const result = `<AssumeRoleWithWebIdentityResult><Credentials>${xml.join('')}</Credentials></AssumeRoleWithWebIdentityResult>`;
  return `<AssumeRoleWithWebIdentityResponse>${result}</AssumeRoleWithWebIdentityResponse>`;
}

interface Row {
  /** Sets the environment. @returns what of the SDK's settings is given */
  readonly set?: () => SdkSettings | void;
  readonly at?: string;
  readonly region?: string;
  readonly expected: Partial<Seen>;
  readonly calls?: 'lean' | 'sdk';
}

const fromVariables = (): void => {
  process.env['AWS_ACCESS_KEY_ID'] = 'VARIABLES';
  process.env['AWS_SECRET_ACCESS_KEY'] = secretOf('VARIABLES');
};

/** An agent that makes connections elsewhere, as a proxy's does. */
class Tunnel extends Agent {
  override createConnection(): Socket {
    tunnelled++;
    return connect((server.address() as AddressInfo).port, '127.0.0.1');
  }
}

const ROWS: Record<string, Row> = {
  'credentials in the environment': { set: fromVariables, expected: { accessKeyId: 'VARIABLES' } },
  'a session in the environment': {
    set: () => {
      fromVariables();
      process.env['AWS_SESSION_TOKEN'] = 'session==';
    },
    expected: { accessKeyId: 'VARIABLES' },
  },
  'credentials of a profile': {
    set: () => {
      process.env['AWS_PROFILE'] = 'work';
      put(
        'credentials',
        '[work]',
        'aws_access_key_id = PROFILE',
        `aws_secret_access_key = ${secretOf('PROFILE')}`,
      );
    },
    expected: { accessKeyId: 'PROFILE' },
  },
  'a profile that the config names': {
    set: () => {
      put(
        'credentials',
        '[work]',
        'aws_access_key_id = NAMED',
        `aws_secret_access_key = ${secretOf('NAMED')}`,
      );
      return { profile: 'work' };
    },
    expected: { accessKeyId: 'NAMED' },
  },
  'credentials of a process': {
    set: () => {
      const given = { Version: 1, AccessKeyId: 'PROCESS', SecretAccessKey: secretOf('PROCESS') };
      const script = put('process.sh', '#!/bin/sh', `echo '${JSON.stringify(given)}'`);
      chmodSync(script, 0o700);
      put('config', '[default]', `credential_process = ${script}`);
    },
    expected: { accessKeyId: 'PROCESS' },
  },
  'a function of the user': {
    set: () => ({ credentials: () => Promise.resolve(keyPair('FUNCTION')) }),
    expected: { accessKeyId: 'FUNCTION' },
  },
  'a function of the user that has no session, and says so by an empty text': {
    set: () => ({ credentials: () => Promise.resolve({ ...keyPair('FUNCTION'), sessionToken: '' }) }),
    expected: { accessKeyId: 'FUNCTION' },
  },
  'the region of the ARN, whatever else is set': {
    set: () => {
      fromVariables();
      process.env['AWS_REGION'] = 'eu-west-1';
    },
    region: 'ap-northeast-1',
    expected: { region: 'ap-northeast-1' },
  },
  'a URL with a path': {
    set: fromVariables,
    at: '/step%20functions/ü',
    expected: { url: '/step%20functions/%C3%BC/' },
  },
  'a URL with a path that ends in a slash': {
    set: fromVariables,
    at: '/states/',
    expected: { url: '/states/' },
  },
  'a region to sign for': {
    set: () => {
      fromVariables();
      return { signingRegion: 'eu-central-1' };
    },
    expected: {},
  },
  'a clock that is said to be an hour behind': {
    set: () => {
      fromVariables();
      return { systemClockOffset: 3_600_000 };
    },
    expected: {},
  },
  "a proxy's agent": {
    calls: 'sdk',
    set: () => {
      fromVariables();
      return { requestHandler: { httpAgent: new Tunnel({ keepAlive: true }) } };
    },
    expected: { path: 'sdk' },
  },
  middleware: {
    calls: 'sdk',
    set: () => {
      fromVariables();
      return { extensions: [{ configure: () => {} }] };
    },
    expected: { path: 'sdk' },
  },
  "a logger of the SDK's": {
    calls: 'sdk',
    set: () => {
      fromVariables();
      const line = (): void => {};
      return { logger: { debug: line, info: line, warn: line, error: line } };
    },
    expected: { path: 'sdk' },
  },
  'the SDK, asked for': { set: fromVariables, calls: 'sdk', expected: { path: 'sdk' } },
};

const open = (
  sdk: SdkSettings,
  more: { at?: string; calls?: 'lean' | 'sdk'; endpoint?: 'aws' } = {},
): AwsService => {
  const destination = { write: (line: string) => void logged.push(line) };
  service = new AwsService({
    endpoint: more.endpoint === 'aws' ? { kind: 'aws' } : { kind: 'url', url: `${url}${more.at ?? ''}` },
    sdk,
    calls: more.calls,
    log: createLog({ level: 'info', destination }),
  });
  return service;
};

const never = new AbortController().signal;

test.each(Object.entries(ROWS))('%s', async (_, { set, region = 'us-east-1', at, calls, expected }) => {
  const sdk = set?.() ?? {};
  const port = await open(sdk, { at, calls }).port(region);
  expect(await port.poll('arn:a', 'w', never, () => {})).toEqual({ kind: 'empty' });
  expect(
    await port.report(new CallRequest('SendTaskSuccess', { taskToken: 'token', output: '"ü"' }), never),
  ).toEqual({ kind: 'ok' });
  expect(
    await port.report(
      new CallRequest('SendTaskFailure', { taskToken: 'token', error: 'Error', cause: '{}' }),
      never,
    ),
  ).toEqual({ kind: 'ok' });
  expect(await port.heartbeat('token', never)).toEqual({ kind: 'ok' });
  const { path = 'lean' } = expected;
  const all = { isRight: true, service: 'states', path, ...expected };
  expect(seen).toEqual(Array.from({ length: 4 }, () => expect.objectContaining(all)));
  expect(logged).toEqual([]);
  if (path === 'sdk') return;
  service?.close();
  await (await open(sdk, { at, calls: 'sdk' }).port(region)).heartbeat('token', never);
  const [lean, sdks] = [seen[0], seen[4]];
  expect(sdks).toEqual({ ...lean, path: 'sdk', date: sdks?.date });
});

test.each([
  ['lean', 'accessKeyId', 'KEY\n'],
  ['sdk', 'accessKeyId', 'KEY\n'],
  ['lean', 'sessionToken', 'session\r\n'],
  ['sdk', 'sessionToken', 'session\u2028'],
] as const)(
  '%s: %s %j can be in no header, which is told as trouble of the set-up',
  async (calls, part, value) => {
    const credentials = { ...keyPair('KEY'), [part]: value };
    const port = await open({ credentials }, { calls }).port('us-east-1');
    const error = { name: 'CredentialsProviderError', message: expect.stringContaining(part) };
    const polled = await port.poll('arn:a', 'w', never, () => {});
    expect(polled).toMatchObject({ trouble: 'refused', mayHaveLostToken: false, error });
    expect(
      await port.report(new CallRequest('SendTaskSuccess', { taskToken: 'token', output: '1' }), never),
    ).toMatchObject({
      kind: 'retry',
      pace: 'slow',
      error,
    });
    expect(seen).toEqual([]);
  },
);

test("a proxy's agent keeps its connections, and makes all of them", async () => {
  fromVariables();
  const sdk = { requestHandler: { httpAgent: new Tunnel({ keepAlive: true }) } };
  const port = await open(sdk, { calls: 'sdk' }).port('us-east-1');
  for (let n = 0; n < 5; n++) await port.heartbeat('token', never);
  expect([tunnelled, seen.length]).toEqual([1, 5]);
});

test('the session of a web identity file is renewed before it expires, and signs the next call', async () => {
  process.env['AWS_WEB_IDENTITY_TOKEN_FILE'] = put('token', 'a token');
  process.env['AWS_ROLE_ARN'] = 'arn:aws:iam::123456789012:role/Worker';
  process.env['AWS_ENDPOINT_URL_STS'] = url;
  process.env['AWS_REGION'] = 'us-east-1';
  const port = await open({}).port('us-east-1');
  const keys = (): Set<string> => new Set(seen.map(({ accessKeyId }) => accessKeyId));
  for (let n = 0; n < 1_000 && keys().size < 2; n++)
    expect(await port.heartbeat('token', never)).toEqual({ kind: 'ok' });
  expect(keys()).toEqual(new Set(['SESSION1', 'SESSION2']));
  expect(seen.every(({ isRight, path }) => isRight && path === 'lean')).toBe(true);
});

test('a configured clock offset signs with the true time', async () => {
  fromVariables();
  const port = await open({ systemClockOffset: 3_600_000 }).port('us-east-1');
  await port.heartbeat('token', never);
  const signedAt =
    seen[0]?.date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z') ?? '';
  expect(Math.abs(Date.parse(signedAt) - wallTime() - 3_600_000)).toBeLessThan(60_000);
});

describe('the region of calls that name no ARN', () => {
  test.each<[string, () => void, string]>([
    ['a variable', () => void (process.env['AWS_REGION'] = 'eu-west-1'), 'eu-west-1'],
    ['the profile', () => void put('config', '[default]', 'region = sa-east-1'), 'sa-east-1'],
  ])('%s', async (_, set, region) => {
    set();
    expect(await open({}).defaultRegion()).toBe(region);
  });
});

describe("AWS's own addresses", () => {
  test.each<[string, string, SdkSettings, string]>([
    ['of a region', 'eu-west-1', {}, 'states.eu-west-1.amazonaws.com'],
    ['of China', 'cn-north-1', {}, 'states.cn-north-1.amazonaws.com.cn'],
    ['FIPS', 'us-east-2', { useFipsEndpoint: true }, 'states-fips.us-east-2.amazonaws.com'],
    ['FIPS in GovCloud', 'us-gov-west-1', { useFipsEndpoint: true }, 'states.us-gov-west-1.amazonaws.com'],
    ['dual-stack', 'eu-west-1', { useDualstackEndpoint: true }, 'states.eu-west-1.api.aws'],
    [
      'FIPS and dual-stack',
      'us-east-1',
      { useFipsEndpoint: true, useDualstackEndpoint: true },
      'states-fips.us-east-1.api.aws',
    ],
  ])('%s', async (_, region, sdk, host) => {
    const opened = open({ credentials: keyPair('KEY'), ...sdk }, { endpoint: 'aws' });
    await opened.port(region);
    const recipe = opened.recipes(region)?.operations.SendTaskSuccess;
    if (!recipe) throw new Error('it is the SDK that makes these calls');
    expect(recipe).toMatchObject({
      origin: `https://${host}`,
      path: '/',
      signingRegion: region,
      signingName: 'states',
    });
    const headers = new Signer(recipe).headers(hash('sha256', '{"a":1}'), keyPair('KEY'), wallTime());
    const named = Object.fromEntries(
      headers.flatMap((name, i) => (i % 2 === 0 ? [[name, headers[i + 1]]] : [])),
    ) as Record<string, string>;
    const request = { method: 'POST', url: recipe.path, headers: named } as unknown as IncomingMessage;
    expect(await judgeSignature(request, '{"a":1}', keyPair('KEY'))).toMatchObject({ isRight: true, region });
    expect(named['host']).toBe(host);
  });
});
