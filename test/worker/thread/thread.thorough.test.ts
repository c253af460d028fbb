import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as nap } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SFNClient, StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { createLog, createWorker, type Worker } from 'stepwright';
import { type LocalService, startLocalService } from 'stepwright/local';
import { systemClock } from '../../../src/framework/base/time/clock.js';
import { MainLoopWatch } from '../../../src/framework/worker/thread/main-loop-watch.js';
import {
  type HeartbeatListener,
  WorkerHeartbeats,
} from '../../../src/framework/worker/thread/worker-heartbeats.js';
import type { TaskStatus } from '../../../src/framework/base/worker-status.js';
import type { PollAnswer } from '../../../src/framework/aws/activity-port.js';
import { AwsService } from '../../../src/framework/aws/sdk/aws-service.js';
import { startThread } from '../../../src/framework/worker/thread/heartbeat-thread.js';
import { HandClock } from '../../../src/framework/testing/harness/hand-clock.js';
import { makeCertificate } from '../../support/certificate.js';
import { SERVICE_HEADERS } from '../../support/service-headers.js';
import { type FaultPlan, faultPlan } from '../../support/faults.js';
import { credentials, portOf, task, workerOn } from '../../support/port.js';
import { type Held, holding } from '../../support/work.js';
import { ARN } from '../../support/world.js';

let service: LocalService;
let client: SFNClient;
let faults: FaultPlan;
let worker: Worker | undefined;
const log: Record<string, unknown>[] = [];
const logger = createLog({
  level: 'debug',
  destination: { write: (line: string) => void log.push(JSON.parse(line) as Record<string, unknown>) },
});
beforeEach(async () => {
  log.length = 0;
  faults = faultPlan();
  service = await startLocalService({ port: 0, fault: faults.hook });
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  client = new SFNClient({ endpoint: service.url, region: 'us-east-1', credentials, maxAttempts: 1 });
});
afterEach(async () => {
  service.endPolls();
  await worker?.stop();
  worker = undefined;
  client.destroy();
  await service.close();
});

const until = async (seen: () => boolean): Promise<void> => {
  while (!seen()) await nap(5);
};

interface Running extends Held {
  readonly executionArn: string | undefined;
  readonly status: () => TaskStatus | undefined;
}

/** A task in its handler's hands, on the machine's own time. */
async function running(config: object = {}, heartbeat: `${number}ms` | false = '200ms') {
  const { type, held } = holding({ heartbeat });
  service.seedActivity(ARN);
  const States = { Work: { Type: 'Task', Resource: ARN, End: true } };
  const stateMachineArn = service.seedMachine({
    name: 'M',
    definition: JSON.stringify({ StartAt: 'Work', States }),
  });
  worker = await createWorker(
    { endpoint: service.url, activities: [type], grace: '0s', ...config },
    { log: logger },
  );
  void worker.run();
  const another = async (): Promise<Running> => {
    const index = held.length;
    const { executionArn } = await client.send(new StartExecutionCommand({ stateMachineArn }));
    await until(() => held.length > index);
    const task = held[index];
    if (!task) throw new Error('there is one');
    return { ...task, executionArn, status: () => worker?.status().tasks[index] };
  };
  return { ...(await another()), another };
}

describe('over the lean path', () => {
  test('beats leave from the thread, by themselves and when they are asked for, and learn that a task is gone', async () => {
    const { task, status, executionArn, succeed } = await running();
    await task.heartbeat();
    await until(() => status()?.lastHeartbeatAt !== undefined);
    const first = status()?.lastHeartbeatAt ?? 0;
    await until(() => (status()?.lastHeartbeatAt ?? 0) > first);
    await client.send(new StopExecutionCommand({ executionArn }));
    await until(() => task.signal.aborted);
    expect(task.signal.reason).toMatchObject({ kind: 'gone' });
    await expect(task.heartbeat()).rejects.toMatchObject({ kind: 'gone' });
    succeed();
    expect(log.filter(({ msg }) => String(msg).includes('main thread'))).toEqual([]);
  });

  test('a beat is told to have left when it did, on the clock of the main thread', async () => {
    const first = await running({}, false);
    // By then the thread has loaded, which takes a while.
    await first.task.heartbeat();
    const second = await first.another();
    const asked = systemClock.now();
    await second.task.heartbeat();
    expect(second.status()?.lastHeartbeatAt).toBeGreaterThanOrEqual(asked);
    expect(second.status()?.lastHeartbeatAt).toBeLessThanOrEqual(systemClock.now());
    for (const { succeed } of [first, second]) succeed();
  });

  test('a beat that is refused is sent again by the thread alone, at its rate, and taken once that helps', async () => {
    faults.always('SendTaskHeartbeat', { kind: 'error', error: 'ExpiredTokenException' });
    const { status, succeed } = await running();
    let sent = 0;
    worker?.on('heartbeat:sent', () => void sent++);
    await until(() => sent >= 6);
    // One may be on its way.
    expect(faults.count('SendTaskHeartbeat')).toBeLessThanOrEqual(sent + 1);
    const [failed] = log.filter(({ msg }) => String(msg).startsWith('heartbeats fail'));
    expect(failed?.['error']).toMatch(/^ExpiredTokenException/);
    faults.always('SendTaskHeartbeat', undefined);
    await until(() => status()?.lastHeartbeatAt !== undefined);
    succeed();
  });

  test('beats that are refused have the main thread ask for other credentials', async () => {
    faults.once('SendTaskHeartbeat', { kind: 'error', error: 'ExpiredTokenException' });
    const credentials = async (options?: { readonly forceRefresh?: boolean }) => ({
      accessKeyId: options?.forceRefresh ? 'NEW' : 'OLD',
      secretAccessKey: 'secret',
    });
    const { status, succeed } = await running({ sdk: { credentials } });
    await until(() => status()?.lastHeartbeatAt !== undefined);
    expect(log.filter(({ msg }) => String(msg).startsWith('credentials were refused'))).toHaveLength(1);
    succeed();
  });
});

test('over the path of the SDK they leave from the main thread', async () => {
  const { status, succeed } = await running({ calls: 'sdk' });
  await until(() => status()?.lastHeartbeatAt !== undefined);
  expect(faults.count('SendTaskHeartbeat')).toBeGreaterThan(0);
  succeed();
});

test('where the thread ends again and again they go on from the main thread, and it is said', async () => {
  const beats: string[] = [];
  const port = portOf(() => new Promise(() => {}), {
    heartbeat: async (token) => {
      beats.push(token);
      return { kind: 'ok' };
    },
  });
  const options = { clock: systemClock, random: Math.random, log: logger };
  const heartbeats = new WorkerHeartbeats({ ...options, heartbeatRate: 100, stallAfterMs: false });
  // It can make no call of this.
  heartbeats.connect([{ region: 'r', port, recipes: {} as never }], credentials);
  const beating = { port, everyMs: 100, leasedAt: systemClock.now(), onGone: () => {} };
  const released = heartbeats.track({ ...beating, token: 'released' });
  const beat = heartbeats.track({ ...beating, token: 't' });
  released.release();
  await released.now();
  await until(() => beats.length > 2);
  expect(new Set(beats)).toEqual(new Set(['t']));
  expect(beat.lastAt).toBeDefined();
  await beat.now();
  beat.release();
  expect(log.filter(({ msg }) => String(msg).startsWith('the heartbeat thread ended'))).toHaveLength(2);
  await heartbeats.close();
});

test('the thread trusts the certificates that the main thread hands over', async () => {
  const own = makeCertificate();
  const sent: unknown[] = [];
  const server = createServer(own, (request, response) => {
    sent.push(request.headers['x-amz-target']);
    response.writeHead(200, SERVICE_HEADERS).end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const aws = new AwsService({
    endpoint: { kind: 'url', url: origin },
    log: logger,
    sdk: { credentials: { accessKeyId: 'a', secretAccessKey: 'b' } },
  });
  const port = await aws.port('us-east-1');
  const failed: string[] = [];
  const beatWith = async (certificates: readonly string[] | undefined): Promise<void> => {
    const heartbeats = new WorkerHeartbeats({
      clock: systemClock,
      random: Math.random,
      log: logger,
      heartbeatRate: 100,
      stallAfterMs: false,
      startHeartbeatThread: (options, listener) => startThread({ ...options, certificates }, listener),
    });
    heartbeats.connect([{ region: 'us-east-1', port, recipes: aws.recipes('us-east-1') }], credentials);
    const none = (): void => {};
    heartbeats.follow({
      onLate: none,
      onBlocked: none,
      onFailed: none,
      onAnswer: (error) => void failed.push(error?.message ?? 'accepted'),
    });
    const lease = { port, token: 't', everyMs: 60_000, leasedAt: systemClock.now(), onGone: none };
    const beat = heartbeats.track(lease);
    await beat.now();
    beat.release();
    await heartbeats.close();
  };
  await beatWith(undefined);
  expect([sent, failed]).toEqual([[], [expect.stringContaining('NODE_EXTRA_CA_CERTS')]]);
  await beatWith([own.cert]);
  expect(sent).toEqual(['AWSStepFunctions.SendTaskHeartbeat']);
  expect(failed[1]).toBe('accepted');
  aws.close();
  server.close();
});

test('a main loop that does not turn is blocked, and past stallAfter stuck; one that was stopped with us is neither', async () => {
  const clock = new HandClock();
  const turns = new SharedArrayBuffer(4);
  const told: unknown[] = [];
  const loop = new MainLoopWatch({
    turns,
    clock,
    stallAfterMs: 10_000,
    onStuck: (ms) => void told.push(['given up', ms]),
    onUnblocked: (ms, gaveUp) => void told.push(['turned', ms, gaveUp]),
  });
  const turn = (): unknown => Atomics.add(new Int32Array(turns), 0, 1);
  await clock.advance(60_000);
  expect(loop.blockedMs).toBe(0);
  turn();
  await clock.advance(250);
  await clock.advance(5_000);
  expect([loop.blockedMs, loop.stuck]).toEqual([5_000, false]);
  turn();
  await clock.advance(250);
  expect([loop.blockedMs, told]).toEqual([0, [['turned', 5_000, false]]]);
  // The whole process was stopped: this thread has had one turn.
  clock.stall(60_000);
  await clock.advance(0);
  expect([loop.blockedMs, loop.stuck]).toEqual([250, false]);
  await clock.advance(10_000);
  expect(loop.stuck).toBe(true);
  turn();
  await clock.advance(250);
  expect(told.slice(1)).toEqual([
    ['given up', 10_000],
    ['turned', 10_250, true],
  ]);
});

/** Heartbeats that send nothing, and report what a test has them report. */
function reportedHeartbeats() {
  let listener: HeartbeatListener | undefined;
  const heartbeats = {
    follow: (follows: HeartbeatListener) => void (listener = follows),
    track: () => ({ lastAt: undefined, now: async () => {}, release: () => {} }),
  };
  return { heartbeats, listener: () => listener };
}

test('once a worker has stopped, late news of its beats is told no more and keeps nothing ticking', async () => {
  const clock = new HandClock();
  const { heartbeats, listener } = reportedHeartbeats();
  const polls: ((answer: PollAnswer) => void)[] = [];
  const port = portOf(() => new Promise((resolve) => polls.push(resolve)));
  const stopped = workerOn(port, { clock, heartbeats });
  const told: unknown[] = [];
  stopped.on('heartbeat:failed', () => void told.push('failed'));
  stopped.on('heartbeat:recovered', () => void told.push('recovered'));
  await clock.advance(50);
  listener()?.onAnswer(new Error('no way'));
  void stopped.stop();
  for (const end of polls) end({ kind: 'empty' });
  await clock.settle(() => stopped.status().state === 'stopped');
  listener()?.onAnswer();
  listener()?.onAnswer(new Error('another'));
  expect(clock.pending).toBe(0);
  await clock.advance(60_000);
  expect(told).toEqual(['failed']);
});

test('a loop that was blocked is told with the handlers that ran then', async () => {
  const clock = new HandClock();
  let given = 0;
  const port = portOf(() => (given++ === 0 ? Promise.resolve(task(1)) : new Promise(() => {})));
  const { heartbeats, listener } = reportedHeartbeats();
  const told: unknown[] = [];
  const on = workerOn(port, {
    clock,
    names: ['busy', 'idle'],
    work: () => new Promise(() => {}),
    heartbeats,
  });
  on.on('loop:blocked', (event) => void told.push(event));
  await clock.advance(50);
  clock.stall(3_000);
  listener()?.onBlocked(2_750, false);
  expect(told).toEqual([{ blockedMs: 2_750, gaveUp: false, handlers: ['Work.busy'] }]);
  void on.stop();
  await clock.advance(200_000);
});
