import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { explainCallError } from '../../src/framework/cli/output/call-error.js';
import type { Clock } from '../../src/framework/base/time/clock.js';
import type { Endpoint } from '../../src/framework/aws/endpoint.js';
import { AwsService } from '../../src/framework/aws/sdk/aws-service.js';
import {
  followExecution,
  HistoryReader,
  type SFNClient,
  startExecution,
} from '../../src/framework/aws/queries/execution-queries.js';
import { describeMachines, findMachine } from '../../src/framework/aws/queries/machine-queries.js';
import { HandClock } from '../../src/framework/testing/index.js';
import { execute, killAll } from '../support/cli.js';

const MACHINE = 'arn:aws:states:us-east-1:123456789012:stateMachine:M';
const EXECUTION = 'arn:aws:states:us-east-1:123456789012:execution:M:e';

let server: Server;
let endpoint: Endpoint;
let service: AwsService;
beforeEach(async () => {
  // The server accepts connections and never answers.
  server = createServer((socket) => socket.on('error', () => {}).resume());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = { kind: 'url', url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  service = new AwsService({ endpoint, sdk: {}, region: 'us-east-1' });
});
afterEach(() => {
  killAll();
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
  expect(explainCallError(await failed, endpoint)).toMatchObject({
    message: expect.stringMatching(/^there was no response from http:\/\/127\.0\.0\.1:\d+ within 10 s: /),
  });
});

/** Serves these answers to DescribeExecution one by one, and the last one from then on. */
async function serviceThatSays(...answers: readonly [status: number, body: object][]) {
  let looks = 0;
  const http = createHttpServer((request, response) => {
    const isLook = request.headers['x-amz-target'] === 'AWSStepFunctions.DescribeExecution';
    const [status, body] = isLook
      ? (answers[Math.min(looks++, answers.length - 1)] ?? [500, {}])
      : [200, { executionArn: EXECUTION, startDate: 1 }];
    request.resume();
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  return { url, looks: () => looks, close: () => http.close() };
}

const UNAVAILABLE: [number, object] = [503, { __type: 'ServiceUnavailable', message: 'it restarts' }];

test('execute looks on while the service restarts, and shows what would steer the terminal', async () => {
  const end = { executionArn: EXECUTION, stateMachineArn: MACHINE, startDate: 1, status: 'FAILED' };
  const failed: [number, object] = [200, { ...end, error: '\u001b[31mE', cause: '\u001b]0;x\u0007\nline' }];
  // The SDK itself tries five times.
  const restarting = await serviceThatSays(...Array.from({ length: 6 }, () => UNAVAILABLE), failed);
  const run = execute(restarting.url, MACHINE, '{}');
  expect(await run.ended).toEqual({ code: 1, signal: null });
  restarting.close();
  expect(run.stderr()).toMatch(
    /^RUNNING .*\nServiceUnavailable: it restarts\ntrying on, for up to 60 s\nFAILED\nerror: \\u001b\[31mE\ncause: \\u001b\]0;x\\u0007\nline\n$/,
  );
});

test('an execution that can not be looked at any more may run on: execute says how to go on looking', async () => {
  const refusing = await serviceThatSays([400, { __type: 'AccessDeniedException', message: 'not yours' }]);
  const run = execute(refusing.url, MACHINE, '{}');
  expect(await run.ended).toEqual({ code: 1, signal: null });
  refusing.close();
  expect(refusing.looks()).toBe(1);
  expect(run.stderr()).toContain('AccessDeniedException: not yours\n');
  expect(run.stderr()).toContain(
    `it may still run. To follow it again: aws stepfunctions describe-execution --region us-east-1 --execution-arn ${EXECUTION} --endpoint-url ${refusing.url}\n`,
  );
});

test('an execution of which nobody says anything is looked at for as long as whoever follows it wants', async () => {
  const clock = new HandClock();
  const silent: number[] = [];
  const onFailure = (_: unknown, silentMs: number): boolean => silent.push(silentMs) < 3;
  const following = followExecution(await service.client('us-east-1'), EXECUTION, { clock, onFailure });
  const failed = following.catch((error: unknown) => error);
  await clock.advance(60_000);
  expect(await failed).toMatchObject({ message: 'no answer within 10 s' });
  // The pauses between tries grow.
  expect(silent).toEqual([10_000, 20_050, 30_125]);
});
