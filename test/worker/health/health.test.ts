import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { createWorker, StartError } from 'stepwright';
import { holding } from '../../support/work.js';
import { ARN, useWorld, type WorkerWorld } from '../../support/world.js';

const world = useWorld();
const { faults } = world;

const { version: VERSION } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

/** Where the log says that the health port is. */
const healthOf = ({ log }: Pick<WorkerWorld, 'log'>): string => {
  const [, url = ''] = log.flatMap(({ msg }) => /Health: (http:\S+)\//.exec(String(msg)) ?? []);
  return url;
};

async function ask(url: string, init?: RequestInit): Promise<{ status: number; text: string }> {
  const answer = await fetch(url, init);
  return { status: answer.status, text: await answer.text() };
}

const ready = async (url: string): Promise<unknown> => {
  const { status, text } = await ask(`${url}/ready`);
  return { status, ...(JSON.parse(text) as object) };
};

test('an app that calls createWorker serves what the command serves, until the last report has left', async () => {
  const { type, held } = holding();
  const machine = world.machine(ARN);
  const w = await world.worker({ activities: [type], healthPort: 0, grace: '0s' });
  const url = healthOf(w);
  expect(await ready(url)).toEqual({
    status: 503,
    state: 'running',
    ready: false,
    reasons: ['Work.run: no poll was answered yet'],
  });
  await world.execute(machine);
  await world.clock.settle(() => held.length === 1);
  expect(await ready(url)).toEqual({ status: 200, state: 'running', ready: true, reasons: [] });
  expect(await ask(`${url}/live`)).toEqual({ status: 200, text: '{"state":"running"}\n' });
  expect((await ask(`${url}/nope`)).status).toBe(404);
  expect((await ask(`${url}/status`, { method: 'POST' })).status).toBe(405);
  const stopped = w.worker.stop();
  expect(await ready(url)).toMatchObject({ status: 503, reasons: ['the worker is draining'] });
  held[0]?.succeed();
  world.service.endPolls();
  await world.clock.settle(() => w.worker.status().state === 'stopped');
  await stopped;
  await expect(ask(url)).rejects.toThrow('fetch failed');
});

test('the status shows what runs, and no token or input', async () => {
  const { type, held } = holding();
  const machine = world.machine(ARN);
  const startedAt = world.clock.now();
  const w = await world.worker({ activities: [type], healthPort: 0 });
  await world.execute(machine, { secret: 'planted' });
  await world.clock.settle(() => held.length === 1);
  const url = healthOf(w);
  const { text } = await ask(`${url}/status`);
  expect(JSON.parse(text)).toMatchObject({
    version: VERSION,
    startedAt,
    ready: true,
    handlers: [{ name: 'Work.run', activityArn: ARN, running: 1, polls: { state: 'open' } }],
    tasks: [{ handler: 'Work.run', phase: 'handling', task: expect.stringMatching(/^[0-9a-f]{8}$/) }],
    tasksInFlight: 1,
    counts: { received: 1 },
  });
  const [token = 'none'] = held.map(({ task }) => task.token);
  expect(text).not.toContain('planted');
  expect(text.includes(token)).toBe(false);
});

test.each([
  ['AccessDeniedException', 'access is denied', 'User is not authorized'],
  ['UnrecognizedClientException', 'the credentials are refused', 'The security token'],
] as const)('of %s only our own words are shown', async (error, words, theirs) => {
  faults.always('GetActivityTask', { kind: 'error', error });
  world.machine(ARN);
  const w = await world.worker({ activities: [holding().type], healthPort: 0 });
  await world.clock.advance(20_000);
  const url = healthOf(w);
  expect(await ready(url)).toMatchObject({
    status: 503,
    reasons: [`Work.run: its polls are refused: ${words} (${error})`],
  });
  const { text: shown } = await ask(`${url}/status`);
  expect(shown).toContain(words);
  expect(shown).not.toContain(theirs);
  // Whoever runs it is told all of it.
  expect(JSON.stringify(w.log)).toContain(theirs);
});

test('heartbeats that fail are in the readiness and in the status, with our own words alone', async () => {
  faults.always('SendTaskHeartbeat', { kind: 'error', error: 'AccessDeniedException' });
  const { type, held } = holding({ heartbeat: '2s' });
  const machine = world.machine(ARN);
  const w = await world.worker({ activities: [type], healthPort: 0, grace: '0s' });
  await world.execute(machine);
  await world.clock.settle(() => held.length === 1);
  const url = healthOf(w);
  expect(await ready(url)).not.toHaveProperty('heartbeats');
  const since = world.clock.now();
  await world.clock.advance(3_000);
  const heartbeats = {
    since: expect.any(Number),
    reason: 'access is denied (AccessDeniedException)',
  };
  expect(await ready(url)).toMatchObject({ status: 200, ready: true, heartbeats });
  const { text } = await ask(`${url}/status`);
  expect(JSON.parse(text)).toMatchObject({ heartbeats });
  expect(w.worker.status().heartbeats?.since).toBeGreaterThan(since);
  faults.always('SendTaskHeartbeat', undefined);
  await world.clock.advance(120_000);
  expect(await ready(url)).not.toHaveProperty('heartbeats');
});

test('a drain is in the status with the time at which its grace is over, and a pause in the readiness', async () => {
  const { type, held } = holding();
  const machine = world.machine(ARN);
  const w = await world.worker({ activities: [type], healthPort: 0, grace: '30s' });
  await world.execute(machine);
  await world.clock.settle(() => held.length === 1);
  const url = healthOf(w);
  const statusNow = async () => JSON.parse((await ask(`${url}/status`)).text) as Record<string, unknown>;
  expect(await statusNow()).not.toHaveProperty('drain');
  w.worker.pause('Work.run');
  const stopped = w.worker.stop();
  const since = world.clock.now();
  expect(await statusNow()).toMatchObject({
    state: 'draining',
    drain: { since, graceUntil: since + 30_000 },
  });
  const { text } = await ask(`${url}/ready`);
  expect(text).toContain('Work.run: paused by a person (asked for)');
  held[0]?.succeed();
  world.service.endPolls();
  await world.clock.settle(() => w.worker.status().state === 'stopped');
  await stopped;
});

test('where it listens: this machine alone unless a host says otherwise, and a line where that is no use', async () => {
  const lines = async (healthPort: number | string): Promise<string[]> => {
    const { log } = await world.worker({ activities: [holding().type], healthPort });
    return log
      .map(({ level, msg }) => `${String(level)} ${String(msg)}`)
      .filter((line) => /health/i.test(line));
  };
  expect(await lines(0)).toEqual([
    expect.stringMatching(/^info Health: http:\/\/127\.0\.0\.1:\d+\/ with \/live,/),
  ]);
  expect(await lines('0.0.0.0:0')).toEqual([expect.stringContaining('http://0.0.0.0:')]);
  process.env['KUBERNETES_SERVICE_HOST'] = '10.0.0.1';
  try {
    expect(await lines('0.0.0.0:0')).toHaveLength(1);
    expect(await lines(0)).toEqual([
      expect.stringContaining('http://127.0.0.1:'),
      expect.stringMatching(
        /^warn .*127\.0\.0\.1 alone, and KUBERNETES_SERVICE_HOST .*--health-port 0\.0\.0\.0:\d+$/,
      ),
    ]);
  } finally {
    delete process.env['KUBERNETES_SERVICE_HOST'];
  }
});

test('a health port that can not be opened is a problem that names it, and nothing stays open', async () => {
  const w = await world.worker({ activities: [holding().type], healthPort: 0 });
  const port = Number(healthOf(w).split(':').at(-1));
  const problems = async (healthPort: number | string): Promise<string[]> => {
    const failed: unknown = await createWorker({
      activities: [holding().type],
      endpoint: world.service.url,
      healthPort,
    }).catch((error: unknown) => error);
    return failed instanceof StartError ? failed.problems.map(({ code, where }) => `${code} ${where}`) : [];
  };
  expect(await problems(port)).toEqual([`PORT_IN_USE port ${port}`]);
  expect(await problems('192.0.2.1:0')).toEqual(['CONFIG_BAD_VALUE healthPort']);
});
