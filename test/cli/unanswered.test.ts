import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { explainCall } from '../../src/framework/cli/explain-call.js';
import type { Clock } from '../../src/framework/clock.js';
import type { Endpoint } from '../../src/framework/service/endpoint.js';
import { AwsService } from '../../src/framework/service/sdk/aws.js';
import {
  findMachine,
  followExecution,
  HistoryReader,
  type SFNClient,
  startExecution,
} from '../../src/framework/service/sdk/executions.js';
import { describeMachines } from '../../src/framework/service/sdk/machines.js';
import { HandClock } from '../../src/framework/testing/index.js';

const MACHINE = 'arn:aws:states:us-east-1:123456789012:stateMachine:M';
const EXECUTION = 'arn:aws:states:us-east-1:123456789012:execution:M:e';

let server: Server;
let endpoint: Endpoint;
let service: AwsService;
beforeEach(async () => {
  // It takes what it is sent, and says nothing.
  server = createServer((socket) => socket.on('error', () => {}).resume());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = { kind: 'url', url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  service = new AwsService({ endpoint, sdk: {}, region: 'us-east-1' });
});
afterEach(() => {
  service.close();
  server.close();
});

test.each<[string, (client: SFNClient, clock: Clock) => Promise<unknown>]>([
  ['a look-up of a machine', (client, clock) => findMachine(client, 'M', clock)],
  ['a start', (client, clock) => startExecution(client, MACHINE, '{}', clock)],
  ['a look at an execution', (client, clock) => followExecution(client, EXECUTION, { clock })],
  ['a history', (client, clock) => new HistoryReader(client, EXECUTION, clock).next()],
  ['what is deployed', (client, clock) => describeMachines(client, clock)],
])('where nobody answers, %s is given up after 10 s, and the endpoint is named', async (_, call) => {
  const clock = new HandClock();
  const failed = call(await service.client('us-east-1'), clock).catch((error: unknown) => error);
  await clock.advance(10_000);
  expect(explainCall(await failed, endpoint)).toMatchObject({
    message: expect.stringMatching(/^there was no answer from http:\/\/127\.0\.0\.1:\d+ within 10 s: /),
  });
});
