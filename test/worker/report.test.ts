import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { describe, expect, test } from '@jest/globals';
import type { Fault } from 'stepwright/local';
import { activity, holding } from '../support/work.js';
import { ARN, useWorld, type WorkerWorld } from '../support/world.js';

const world = useWorld();
const { faults } = world;

const seconds = (n: number): Promise<void> => world.clock.advance(n * 1000);
const expectStatus = async (execution: string, expected: object): Promise<void> =>
  expect(await world.describe(execution)).toMatchObject(expected);

/** A worker that meets one task whose handler answers at once. */
async function answered(
  config: object = {},
  fields: object = {},
): Promise<{ w: WorkerWorld; execution: string }> {
  const machine = world.machine(ARN, fields);
  const w = await world.worker({ activities: [activity(() => 'done')], ...config }, { random: 0.99 });
  const execution = await world.execute(machine);
  return { w, execution };
}

describe('a result is offered until the service takes it', () => {
  const passing: [string, Fault][] = [
    ['a reset before it was read', { kind: 'reset-before' }],
    ['a throttle', { kind: 'error', error: 'ThrottlingException' }],
    ['no answer at all', { kind: 'black-hole' }],
  ];
  test.each(passing)('after %s', async (_, fault) => {
    faults.once('SendTaskSuccess', fault, fault);
    const { w, execution } = await answered();
    await seconds(40);
    await expectStatus(execution, { status: 'SUCCEEDED', output: '"done"' });
    expect(w.of('report:retried').map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(w.of('task:succeeded')).toHaveLength(1);
    expect(faults.count('SendTaskFailure')).toBe(0);
  });

  test('also where credentials have expired for minutes, and heartbeats go on', async () => {
    faults.always('SendTaskSuccess', { kind: 'error', error: 'ExpiredTokenException' });
    const { w, execution } = await answered({}, { HeartbeatSeconds: 50 });
    await seconds(300);
    await expectStatus(execution, { status: 'RUNNING' });
    faults.always('SendTaskSuccess', undefined);
    await seconds(20);
    await expectStatus(execution, { status: 'SUCCEEDED', output: '"done"' });
    expect(faults.count('SendTaskFailure')).toBe(0);
    expect(
      w.log.filter(({ level, msg }) => level === 'warn' && String(msg).includes('can not be reported')),
    ).toHaveLength(1);
  });

  test('and the waits in between stay below 20 s', async () => {
    faults.always('SendTaskSuccess', { kind: 'status', status: 500 });
    const { w } = await answered();
    await seconds(120);
    const delays = w.of('report:retried').map(({ delayMs }) => delayMs);
    expect(delays.slice(0, 4)).toEqual([198, 396, 792, 1584]);
    expect(Math.max(...delays)).toBe(19_800);
  });
});

describe('an answer that was lost', () => {
  const losing: [string, Fault][] = [
    ['reset instead of the answer', { kind: 'answer-lost' }],
    ['a torn body', { kind: 'torn-body' }],
    ["a gateway's 503 after it was processed", { kind: 'status', status: 503, done: true }],
  ];
  test.each(losing)('reads as probably delivered when the task is gone afterwards: %s', async (_, fault) => {
    faults.once('SendTaskSuccess', fault);
    const { w, execution } = await answered();
    await seconds(40);
    await expectStatus(execution, { status: 'SUCCEEDED' });
    expect(w.of('task:gone')).toMatchObject([{ probablyDelivered: true }]);
    expect(w.worker.status().counts).toMatchObject({
      gone: 1,
      probablyDelivered: 1,
      reportsLost: 0,
      failed: 0,
    });
    expect(faults.count('SendTaskFailure')).toBe(0);
  });

  test('a whole answer that arrived before the reset is an answer', async () => {
    faults.once('SendTaskSuccess', { kind: 'reset-after' });
    const { w, execution } = await answered();
    await seconds(40);
    await expectStatus(execution, { status: 'SUCCEEDED' });
    expect(w.of('task:succeeded')).toHaveLength(1);
    expect(faults.count('SendTaskSuccess')).toBe(1);
  });
});

test('a task that is gone when its result is reported was not delivered, and is not reported again', async () => {
  const { type, held } = holding({ heartbeat: false });
  const w = await world.worker({ activities: [type] });
  const executionArn = await world.execute(world.machine(ARN));
  await world.clock.settle(() => held.length === 1);
  await world.client.send(new StopExecutionCommand({ executionArn }));
  held[0]?.succeed('too late');
  await seconds(60);
  expect(w.of('task:gone')).toMatchObject([{ probablyDelivered: false }]);
  expect(faults.count('SendTaskSuccess')).toBe(1);
});

test('nothing more is sent once the task is gone, also where its result was refused at the same moment', async () => {
  const { type, held } = holding({ heartbeat: '20s' });
  const w = await world.worker({ activities: [type] });
  const executionArn = await world.execute(world.machine(ARN));
  await world.clock.settle(() => held.length === 1);
  await seconds(15);
  await world.client.send(new StopExecutionCommand({ executionArn }));
  faults.once('SendTaskSuccess', { kind: 'black-hole' }, { kind: 'error', error: 'InvalidOutput' });
  held[0]?.succeed('late');
  await seconds(60);
  expect(w.of('task:gone')).toHaveLength(1);
  expect(faults.count('SendTaskFailure')).toBe(0);
});

test('an endpoint that is gone for two minutes costs a handful of lines, and no result', async () => {
  const { type, held } = holding({ concurrency: 20 });
  const machine = world.machine(ARN, { HeartbeatSeconds: 300 });
  const w = await world.worker({ activities: [type] }, { random: 0.5 });
  const executions = await Promise.all(Array.from({ length: 15 }, (_, n) => world.execute(machine, n)));
  await world.clock.settle(() => held.length === 15);
  const before = w.log.length;
  const operations = ['GetActivityTask', 'SendTaskHeartbeat', 'SendTaskSuccess'];
  for (const operation of operations) faults.always(operation, { kind: 'reset-before' });
  for (const { succeed } of held.slice(0, 10)) succeed('finished in the dark');
  await seconds(120);
  for (const operation of operations) faults.always(operation, undefined);
  for (const { succeed } of held.slice(10)) succeed('finished after');
  await seconds(90);
  for (const execution of executions) await expectStatus(execution, { status: 'SUCCEEDED' });
  const lines = w.log.slice(before).filter(({ level, msg }) => level !== 'debug' && msg !== 'task succeeded');
  expect(lines.length).toBeLessThanOrEqual(10);
  expect(w.worker.status().counts).toMatchObject({ succeeded: 15, reportsLost: 0, gone: 0 });
});

test('an outage is two lines, however many results wait', async () => {
  const machine = world.machine(ARN);
  faults.always('SendTaskSuccess', { kind: 'status', status: 503 });
  const w = await world.worker(
    { activities: [activity(() => 'done', { concurrency: 40 })] },
    { random: 0.5 },
  );
  await Promise.all(Array.from({ length: 40 }, (_, n) => world.execute(machine, n)));
  await seconds(60);
  faults.always('SendTaskSuccess', undefined);
  await seconds(30);
  expect(w.of('task:succeeded')).toHaveLength(40);
  const lines = w.log.filter(({ msg }) => /reported|accepted again/.test(String(msg)));
  expect(lines).toMatchObject([{ level: 'warn' }, { level: 'info', results: 40 }]);
});

test('a failure that the service refuses is reported again, cut down to its name and a short cause', async () => {
  faults.once('SendTaskFailure', { kind: 'error', error: 'InvalidOutput' });
  const fail = (): never => {
    throw Object.assign(new Error('x'.repeat(10_000)), { name: 'Päyment\nDeclined' });
  };
  const { execution } = await answered({ activities: [activity(fail)] });
  await seconds(1);
  const { status, error, cause = '' } = await world.describe(execution);
  expect({ status, error }).toEqual({ status: 'FAILED', error: 'P?yment?Declined' });
  expect(JSON.parse(cause)).toEqual({
    errorType: 'P?yment?Declined',
    errorMessage: 'the service refused the whole cause: Invalid Output',
  });
});

test('a failure that the service refuses also when it was cut down is lost, and told as such', async () => {
  faults.always('SendTaskFailure', { kind: 'error', error: 'InvalidOutput' });
  const fail = (): never => {
    throw new Error('no');
  };
  const { w } = await answered({ activities: [activity(fail)] });
  await seconds(1);
  expect(w.of('report:lost')).toMatchObject([{ attempts: 2, outcome: { status: 'failed', error: 'Error' } }]);
});

test('an outage is two lines also for a worker that was at work before, and its end is told at once', async () => {
  const machine = world.machine(ARN);
  const w = await world.worker({ activities: [activity(() => 'done')] }, { random: 0.5 });
  await world.execute(machine);
  await seconds(1);
  faults.always('SendTaskSuccess', { kind: 'status', status: 503 });
  await world.execute(machine, 2);
  await seconds(20);
  faults.always('SendTaskSuccess', undefined);
  await seconds(21);
  const lines = w.log.filter(({ msg }) => /reported|accepted again/.test(String(msg)));
  expect(lines).toMatchObject([{ level: 'warn' }, { level: 'info', results: 1 }]);
});

test('that results are accepted again is not said of one that is lost', async () => {
  faults.always('SendTaskSuccess', { kind: 'status', status: 503 });
  const machine = world.machine(ARN);
  const config = { activities: [activity(() => 'done')], reportLimit: '60s' };
  const w = await world.worker(config, { random: 0.5 });
  await world.execute(machine);
  await seconds(70);
  expect(w.of('report:lost')).toHaveLength(1);
  expect(w.log.filter(({ msg }) => String(msg).includes('accepted again'))).toEqual([]);
});

test('an output that the service refuses is replaced by one failure: the token is still live', async () => {
  faults.once('SendTaskSuccess', { kind: 'error', error: 'InvalidOutput' });
  const { execution } = await answered();
  await seconds(1);
  await expectStatus(execution, { status: 'FAILED', error: 'Stepwright.InvalidOutput' });
  expect([faults.count('SendTaskSuccess'), faults.count('SendTaskFailure')]).toEqual([1, 1]);
});

test('a report that the service never takes is lost in the end: an event, a count, and a log line to repair it by', async () => {
  faults.always('SendTaskSuccess', { kind: 'error', error: 'AccessDeniedException' });
  const { w } = await answered({ reportLimit: '2m' });
  await seconds(119);
  expect(w.of('report:lost')).toEqual([]);
  await seconds(20);
  expect(w.of('report:lost')).toMatchObject([
    { handler: 'Work.run', activityArn: ARN, outcome: { status: 'succeeded', output: '"done"' } },
  ]);
  expect(w.worker.status()).toMatchObject({ tasks: [], counts: { reportsLost: 1, failed: 0 } });
  expect(w.log).toContainEqual(
    expect.objectContaining({
      level: 'error',
      activity: ARN,
      token: expect.any(String),
      status: 'succeeded',
      bytes: 6,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    }),
  );
  expect(faults.count('SendTaskFailure')).toBe(0);
});

test('trouble with heartbeats never ends a healthy task, and is told once', async () => {
  const { type, held } = holding();
  const machine = world.machine(ARN, { HeartbeatSeconds: 600 });
  const w = await world.worker({ activities: [type] });
  const execution = await world.execute(machine);
  await world.clock.settle(() => held.length === 1);
  for (const error of ['ThrottlingException', 'AccessDeniedException', 'ExpiredTokenException'] as const) {
    faults.always('SendTaskHeartbeat', { kind: 'error', error });
    await seconds(60);
  }
  faults.always('SendTaskHeartbeat', { kind: 'black-hole' });
  await seconds(60);
  faults.always('SendTaskHeartbeat', undefined);
  await seconds(70);
  expect(held[0]?.task.signal.aborted).toBe(false);
  held[0]?.succeed('healthy');
  await seconds(1);
  await expectStatus(execution, { status: 'SUCCEEDED', output: '"healthy"' });
  expect(w.of('heartbeat:failed')).toHaveLength(1);
  expect(w.of('heartbeat:recovered')).toHaveLength(1);
});
