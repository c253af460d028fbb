import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Server as TcpServer,
  type Socket,
} from 'node:net';
import { SFNClient } from '@aws-sdk/client-sfn';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { CallRequest } from '../../src/framework/aws/call.js';
import { createLog } from 'stepwright';
import type { ActivityPort } from '../../src/framework/aws/activity-port.js';
import { wallTime } from '../../src/framework/base/time/clock.js';
import { withResolvers } from '../../src/framework/base/time/wait.js';
import { AwsService, type ServiceSettings } from '../../src/framework/aws/sdk/aws-service.js';
import { makeCertificate } from '../support/certificate.js';
import { SERVICE_HEADERS } from '../support/service-headers.js';
import { judgeSignature, type Signed } from '../support/signature.js';

interface Seen extends Signed {
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

const SIGNER = { accessKeyId: 'KEY', secretAccessKey: 'secret/with+signs', sessionToken: 'session==' };
const never = new AbortController().signal;
const seen: Seen[] = [];
let servers: TcpServer[] = [];
const connections = new Set<Socket>();
let services: AwsService[] = [];
let logged: Record<string, unknown>[] = [];

beforeEach(() => {
  [servers, services, logged] = [[], [], []];
  seen.length = 0;
});
afterEach(() => {
  jest.restoreAllMocks();
  for (const each of services) each.close();
  for (const each of connections) each.destroy();
  for (const each of servers) each.close();
});

/** Reads a request, judges its signature, and answers. */
const judging = (answer = '{}') =>
  async function (request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = Buffer.concat(await request.toArray()).toString();
    seen.push({
      ...(await judgeSignature(request, body, SIGNER)),
      url: request.url,
      headers: request.headers,
      body,
    });
    response.writeHead(200, SERVICE_HEADERS).end(answer);
  };

async function listen(server: TcpServer, host = '127.0.0.1'): Promise<number> {
  servers.push(server);
  server.on('connection', (socket) => connections.add(socket));
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return (server.address() as AddressInfo).port;
}

async function portAt(url: string, settings: Partial<ServiceSettings> = {}): Promise<ActivityPort> {
  const destination = {
    write: (line: string) => void logged.push(JSON.parse(line) as Record<string, unknown>),
  };
  const service = new AwsService({
    endpoint: { kind: 'url', url },
    log: createLog({ level: 'info', destination }),
    sdk: { credentials: SIGNER },
    ...settings,
  });
  services.push(service);
  return service.port('eu-west-1');
}

const pollAt = (port: ActivityPort, onSent = (): void => {}, onAgain?: () => void) =>
  port.poll('arn:a', 'w', never, onSent, { onAgain });

describe('a request of the lean path', () => {
  test('is signed as the SDK signs it, in each of the four calls, whatever its content', async () => {
    const text = '{"ä":"\\ud83d\\ude00 \\u2028","n":[1,2]}';
    const at = await listen(createServer((request, response) => void judging()(request, response)));
    const port = await portAt(`http://127.0.0.1:${at}/a%20path/ü/`);
    await pollAt(port);
    expect(
      await port.report(new CallRequest('SendTaskSuccess', { taskToken: 'token', output: text }), never),
    ).toEqual({ kind: 'ok' });
    expect(
      await port.report(
        new CallRequest('SendTaskFailure', { taskToken: 'token', error: 'Ä', cause: 'cause 😀' }),
        never,
      ),
    ).toEqual({ kind: 'ok' });
    expect(await port.heartbeat('token', never)).toEqual({ kind: 'ok' });
    expect(seen.map(({ isRight }) => isRight)).toEqual([true, true, true, true]);
    expect(seen.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
      { activityArn: 'arn:a', workerName: 'w' },
      { taskToken: 'token', output: text },
      { taskToken: 'token', error: 'Ä', cause: 'cause 😀' },
      { taskToken: 'token' },
    ]);
    expect(seen[0]).toMatchObject({ accessKeyId: 'KEY', region: 'eu-west-1', service: 'states' });
    expect(seen[0]?.headers['x-amz-security-token']).toBe('session==');
  });

  test('of a report that is sent again has the body of before, and a signature of its own', async () => {
    const text = JSON.stringify('ü'.repeat(1_000));
    const at = await listen(createServer((request, response) => void judging()(request, response)));
    const port = await portAt(`http://127.0.0.1:${at}`);
    const request = new CallRequest('SendTaskSuccess', { taskToken: 'token', output: text });
    expect(request.isWritten).toBe(false);
    const now = wallTime();
    const bodies = [];
    for (const seconds of [0, 90]) {
      jest.spyOn(Date, 'now').mockReturnValue(now + seconds * 1_000);
      expect(await port.report(request, never)).toEqual({ kind: 'ok' });
      bodies.push(request.body());
    }
    expect(bodies[1]).toBe(bodies[0]);
    expect(seen.map(({ isRight }) => isRight)).toEqual([true, true]);
    expect(seen[1]?.body).toBe(seen[0]?.body);
    expect(seen[1]?.headers['x-amz-date']).not.toBe(seen[0]?.headers['x-amz-date']);
    expect(request.input).toEqual({ taskToken: 'token', output: text });
  });

  test.each([
    ['is the same in the same second', { seconds: 0, arn: 'arn:a' }, true],
    ['is made again for the next second', { seconds: 1, arn: 'arn:a' }, false],
    ['is made again for another activity', { seconds: 0, arn: 'arn:b' }, false],
  ])('of a poll: the signature %s', async (_, { seconds, arn }, isSame) => {
    const at = await listen(createServer((request, response) => void judging()(request, response)));
    const port = await portAt(`http://127.0.0.1:${at}`);
    const now = wallTime();
    jest.spyOn(Date, 'now').mockReturnValue(now);
    await pollAt(port);
    jest.spyOn(Date, 'now').mockReturnValue(now + seconds * 1_000);
    await port.poll(arn, 'w', never, () => {});
    expect(seen.map(({ isRight }) => isRight)).toEqual([true, true]);
    expect(JSON.parse(seen[1]?.body ?? '')).toEqual({ activityArn: arn, workerName: 'w' });
    expect(seen[1]?.headers.authorization === seen[0]?.headers.authorization).toBe(isSame);
  });

  test('has the headers that the SDK would send, but for those of a single request', async () => {
    const at = await listen(createServer((request, response) => void judging()(request, response)));
    const sdk = { credentials: SIGNER, customUserAgent: 'mine/1.2' };
    for (const calls of ['lean', 'sdk'] as const)
      await pollAt(await portAt(`http://127.0.0.1:${at}/p/`, { sdk, calls }));
    const [lean, sdks] = seen.map(({ url, headers }) => {
      const { 'user-agent': agent = '', ...rest } = headers;
      // The features that the SDK counts differ with the signer.
      return {
        url,
        names: Object.keys(rest),
        agent: agent.replace(/ m\/\S+/, ''),
        type: rest['content-type'],
      };
    });
    expect(lean?.agent).toMatch(/mine\/1\.2/);
    expect(lean).toMatchObject({ url: sdks?.url, agent: sdks?.agent, type: sdks?.type });
    const ofOne = new Set(['amz-sdk-invocation-id', 'x-amz-content-sha256']);
    const expected = sdks?.names.filter((name) => !ofOne.has(name)).toSorted();
    expect(lean?.names.toSorted()).toEqual(expected);
  });
});

describe('what the lean calls can not honour is an error that names it', () => {
  test.each<[string, Partial<ServiceSettings>]>([
    ['sdk.requestHandler', { sdk: { requestHandler: { connectionTimeout: 1_000 } } }],
    ['sdk.extensions', { sdk: { extensions: [] } }],
  ])('%s', async (where, settings) => {
    await expect(portAt('http://127.0.0.1:1', settings)).rejects.toMatchObject({
      problems: [{ where, fix: expect.stringContaining("calls: 'sdk'") }],
    });
  });

  test('a client that is mocked', async () => {
    const answer = Promise.resolve({ taskToken: 't', input: '1' });
    jest.spyOn(SFNClient.prototype, 'send').mockReturnValue(answer as never);
    await expect(portAt('http://127.0.0.1:1')).rejects.toMatchObject({ problems: [{ where: 'SFNClient' }] });
    const port = await portAt('http://127.0.0.1:1', { calls: 'sdk' });
    expect(await pollAt(port)).toEqual({ kind: 'task', token: 't', input: '1' });
  });

  test('a setting that is undefined is none', async () => {
    await portAt('http://127.0.0.1:1', { sdk: { credentials: SIGNER, useFipsEndpoint: undefined } });
    expect(logged).toEqual([]);
  });
});

describe.each(['lean', 'sdk'] as const)('%s: a poll', (calls) => {
  test('does not leave where the certificate is not trusted', async () => {
    const at = await listen(
      createTlsServer(makeCertificate(), (_, response) => response.writeHead(200, SERVICE_HEADERS).end('{}')),
    );
    let sent = 0;
    const answer = await pollAt(await portAt(`https://127.0.0.1:${at}`, { calls }), () => sent++);
    expect(answer).toMatchObject({
      kind: 'failed',
      trouble: 'unreachable',
      mayHaveLostToken: false,
      error: { message: expect.stringContaining('NODE_EXTRA_CA_CERTS') },
    });
    expect(sent).toBe(0);
  });

  test('is not sent while its connection is made', async () => {
    let connected = (): void => {};
    const asked = new Promise<void>((resolve) => (connected = resolve));
    // It takes connections, and says nothing of TLS.
    const at = await listen(
      createTcpServer((socket) => void socket.on('error', () => {}).once('data', connected)),
    );
    const port = await portAt(`https://127.0.0.1:${at}`, { calls });
    const limit = new AbortController();
    let sent = 0;
    const polled = port.poll('arn:a', 'w', limit.signal, () => sent++);
    await asked;
    limit.abort(new Error('no answer'));
    expect(await polled).toMatchObject({
      kind: 'failed',
      mayHaveLostToken: false,
      error: { message: 'no answer' },
    });
    expect(sent).toBe(0);
  });

  test('is not sent where it is not wanted any more once there are credentials', async () => {
    const at = await listen(createServer((request, response) => void judging()(request, response)));
    const given = withResolvers<typeof SIGNER>();
    const provider = () => given.promise;
    const port = await portAt(`http://127.0.0.1:${at}`, { calls, sdk: { credentials: provider } });
    let isWanted = true;
    const answers = [
      port.poll('arn:a', 'w', never, () => {}, { isWanted: () => isWanted }),
      port.report(new CallRequest('SendTaskSuccess', { taskToken: 't', output: '1' }), never, () => isWanted),
      port.heartbeat('t', never, () => isWanted),
    ];
    await new Promise(setImmediate);
    isWanted = false;
    given.resolve(SIGNER);
    const error = { message: 'not sent: the call is not wanted any more' };
    expect(await Promise.all(answers)).toMatchObject([
      { kind: 'failed', mayHaveLostToken: false, error },
      { kind: 'retry', mayHaveArrived: false, error },
      { kind: 'retry', mayHaveArrived: false, error },
    ]);
    expect(seen).toEqual([]);
  });

  test('may have lost its token where the answer is torn', async () => {
    const at = await listen(
      createServer((_, response) => {
        response.writeHead(200, { ...SERVICE_HEADERS, 'content-length': 100 }).write('{"taskToken":"t"');
        setImmediate(() => response.socket?.destroy());
      }),
    );
    const answer = await pollAt(await portAt(`http://127.0.0.1:${at}`, { calls }));
    expect(answer).toMatchObject({ kind: 'failed', trouble: 'unreachable', mayHaveLostToken: true });
  });

  test('is not open while it is repeated with a corrected clock', async () => {
    const told: string[] = [];
    const at = await listen(
      createServer((request, response) => {
        told.push('answered');
        response.setHeader('date', new Date(Date.UTC(2030, 0, 1)).toUTCString());
        const refused = JSON.stringify({ __type: 'InvalidSignatureException', message: 'expired' });
        request.resume().once('end', () => {
          if (told.includes('again')) response.writeHead(200, SERVICE_HEADERS).end('{}');
          else response.writeHead(400, SERVICE_HEADERS).end(refused);
        });
      }),
    );
    const port = await portAt(`http://127.0.0.1:${at}`, { calls });
    const polled = await pollAt(
      port,
      () => told.push('sent'),
      () => told.push('again'),
    );
    expect(polled).toEqual({ kind: 'empty' });
    expect(told).toEqual(['sent', 'answered', 'again', 'sent', 'answered']);
  });

  test('goes to an IPv6 address', async () => {
    const at = await listen(
      createServer((request, response) => void judging()(request, response)),
      '::1',
    );
    expect(await pollAt(await portAt(`http://[::1]:${at}`, { calls }))).toEqual({ kind: 'empty' });
    expect(seen).toMatchObject([{ isRight: true, headers: { host: `[::1]:${at}` } }]);
  });
});

test.each([1, 2])('%i unasked responses 100 Continue cost no token', async (many) => {
  const body = JSON.stringify({ taskToken: 'token', input: '1' });
  const headers = { ...SERVICE_HEADERS, 'content-length': Buffer.byteLength(body) };
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const server = createTcpServer((socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 100 Continue\r\n\r\n'.repeat(many));
      // After a turn of the event loop, so that it arrives by itself.
      setImmediate(() => setImmediate(() => socket.write(`HTTP/1.1 200 OK\r\n${head.join('')}\r\n${body}`)));
    });
  });
  const port = await portAt(`http://127.0.0.1:${await listen(server)}`);
  expect(await pollAt(port)).toEqual({ kind: 'task', token: 'token', input: '1' });
});
