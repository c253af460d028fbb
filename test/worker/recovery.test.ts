import { readFileSync } from 'node:fs';
import { SendTaskSuccessCommand } from '@aws-sdk/client-sfn';
import { expect, test } from '@jest/globals';
import { activity, holding } from '../support/work.js';
import { ARN, useWorld, type WorkerWorld } from '../support/world.js';

// The drills of docs/recovery.md. Each finds in the log what the page quotes, does what the page says, and sees what the
// page promises.

const PAGE = readFileSync('docs/recovery.md', 'utf8');

const world = useWorld();
const { faults } = world;

/** Waits for a log line that the page quotes. @returns its fields */
async function saw(w: WorkerWorld, quoted: string): Promise<Record<string, unknown>> {
  expect(PAGE).toContain(`\`${quoted}`);
  const find = () => w.log.find(({ msg }) => String(msg).startsWith(quoted));
  await world.clock.settle(() => find() !== undefined);
  return find() ?? {};
}

const AWAY = { kind: 'status', status: 503 } as const;
const outage = (is: boolean): void => {
  const calls = ['GetActivityTask', 'SendTaskSuccess', 'SendTaskFailure', 'SendTaskHeartbeat'];
  for (const call of calls) faults.always(call, is ? AWAY : undefined);
};

test('a task that fails each time ends by its MaxAttempts, and the others go on', async () => {
  const fails = activity((input) => {
    if (input === 'poison') throw new TypeError('this can not be read');
    return 'done';
  });
  const machine = world.machine(ARN, {
    Retry: [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 1, MaxAttempts: 2 }],
  });
  const w = await world.worker({ activities: [fails] });
  const [poison, good] = [await world.execute(machine, 'poison'), await world.execute(machine, 'good')];
  await world.clock.advance(6_000);
  expect(await world.describe(poison)).toMatchObject({ status: 'FAILED', error: 'TypeError' });
  expect(await world.describe(good)).toMatchObject({ status: 'SUCCEEDED' });
  expect(await saw(w, 'task failed')).toMatchObject({ error: 'TypeError', handler: 'Work.run' });
  expect(w.of('task:failed')).toHaveLength(3);
});

test('in an outage new workers are not ready; the old ones keep their results, which are accepted after it', async () => {
  const { type, held } = holding();
  const machine = world.machine(ARN, { HeartbeatSeconds: 600 });
  const old = await world.worker({ activities: [type] }, { random: 0.5 });
  const execution = await world.execute(machine, {});
  await world.clock.settle(() => held.length === 1);
  outage(true);
  held[0]?.succeed('done');
  const next = await world.worker({ activities: [type] }, { random: 0.5 });
  await world.clock.advance(60_000);
  expect(next.worker.status().ready).toBe(false);
  const [handler] = old.worker.status().handlers;
  expect(handler).toMatchObject({ undelivered: 1 });
  outage(false);
  await world.clock.advance(90_000);
  expect(await world.describe(execution)).toMatchObject({ status: 'SUCCEEDED', output: '"done"' });
  expect(next.worker.status().ready).toBe(true);
});

test('a result that nobody could report is reported by hand, with the token of its log line', async () => {
  const machine = world.machine(ARN);
  const w = await world.worker({ activities: [activity(() => 'done')], reportLimit: '60s' }, { random: 0.5 });
  faults.always('SendTaskSuccess', AWAY);
  const execution = await world.execute(machine, {});
  await world.clock.settle(() => faults.count('SendTaskSuccess') > 0);
  await world.clock.advance(70_000);
  const { token } = await saw(w, 'the result is lost');
  faults.always('SendTaskSuccess', undefined);
  await world.client.send(new SendTaskSuccessCommand({ taskToken: String(token), output: '"by hand"' }));
  expect(await world.describe(execution)).toMatchObject({ status: 'SUCCEEDED', output: '"by hand"' });
});

test('a handler that hangs holds its slot until the stop, which reports it as WorkerShutdown', async () => {
  const machine = world.machine(ARN);
  const hangs = activity(() => new Promise(() => {}), { timeout: '10s' });
  const w = await world.worker({ activities: [hangs], grace: '5s' });
  // One ends by its deadline, and hangs on. Another is at work when the worker is stopped.
  await world.execute(machine, {});
  await world.clock.advance(45_000);
  await saw(w, 'the handler ignores its abort signal: its slot stays in use until it ends');
  const cut = await world.execute(machine, {});
  await world.clock.settle(() => w.worker.status().tasks.some(({ phase }) => phase === 'handling'));
  const stopped = w.worker.stop();
  await world.clock.advance(75_000);
  await stopped;
  expect(await world.describe(cut)).toMatchObject({
    status: 'FAILED',
    error: expect.stringMatching(/^Stepwright\.(WorkerShutdown|DeadlineExceeded)$/),
  });
});
