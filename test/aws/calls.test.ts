import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GetActivityTaskCommand } from '@aws-sdk/client-sfn';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { AwsService } from '../../src/framework/aws/sdk/aws-service.js';
import type { ActivityPort } from '../../src/framework/aws/activity-port.js';

const ARN = 'arn:aws:states:us-east-1:123456789012:activity:Work';

let server: Server;
let service: AwsService;
let port: ActivityPort;
/** Answers of the server, in order; where there is none, a call is held. */
const answers: string[] = [];
const closed: Promise<void>[] = [];

async function begin(calls: 'lean' | 'sdk'): Promise<void> {
  closed.length = 0;
  server = createServer((_, response) => {
    closed.push(new Promise((resolve) => response.once('close', resolve)));
    const answer = answers.shift();
    if (answer !== undefined) response.setHeader('content-type', 'application/x-amz-json-1.0').end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  service = new AwsService({ endpoint: { kind: 'url', url }, sdk: {}, calls });
  port = await service.port('us-east-1');
}
afterEach(() => {
  jest.restoreAllMocks();
  service.close();
  server.closeAllConnections();
  server.close();
});

const poll = (signal = new AbortController().signal) => port.poll(ARN, 'w', signal, () => {});
const heldCalls = async (count: number): Promise<void> => {
  while (closed.length < count) await new Promise((resolve) => setImmediate(resolve));
};

describe.each(['lean', 'sdk'] as const)('%s', (calls) => {
  beforeEach(() => begin(calls));

  test('a signal ends its own call at the wire, and no other', async () => {
    const [first, second] = [new AbortController(), new AbortController()];
    const calls = [poll(first.signal), poll(second.signal)];
    await heldCalls(2);
    let ended = 0;
    for (const each of closed) void each.then(() => ended++);
    first.abort(new Error('enough'));
    expect(await calls[0]).toMatchObject({ kind: 'failed', error: { message: 'enough' } });
    await Promise.race(closed);
    expect(ended).toBe(1);
    second.abort(new Error('enough of this too'));
    expect(await calls[1]).toMatchObject({ kind: 'failed', error: { message: 'enough of this too' } });
    await Promise.all(closed);
  });

  test('a call after an aborted one is answered', async () => {
    const aborted = new AbortController();
    const call = poll(aborted.signal);
    await heldCalls(1);
    aborted.abort(new Error('enough'));
    await call;
    answers.push('{"taskToken":"t","input":"{}"}');
    expect(await poll()).toEqual({ kind: 'task', token: 't', input: '{}' });
  });
});

test('the middleware of the SDK is built once, not for each call', async () => {
  await begin('sdk');
  const built = jest.spyOn(GetActivityTaskCommand.prototype, 'resolveMiddleware');
  answers.push('{}', '{}', '{}');
  for (let i = 0; i < 3; i++) expect(await poll()).toEqual({ kind: 'empty' });
  expect(built).toHaveBeenCalledTimes(1);
});
