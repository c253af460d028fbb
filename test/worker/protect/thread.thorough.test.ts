import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Clock } from '../../../src/framework/base/time/clock.js';
import { silentLog } from '../../../src/framework/base/log/log.js';
import { HandClock } from '../../../src/framework/testing/harness/hand-clock.js';
import type { Heartbeat } from '../../../src/framework/worker/heartbeat/heartbeats.js';
import { Sidecar } from '../../../src/framework/worker/thread/sidecar.js';
import type { StartThread } from '../../../src/framework/worker/thread/heartbeat-thread.js';
import { WorkerHeartbeats } from '../../../src/framework/worker/thread/worker-heartbeats.js';
import { type EcsAgent, startEcsAgent } from '../../support/ecs-agent.js';
import { portOf } from '../../support/port.js';

const MINUTE = 60_000;
const ASK = { ProtectionEnabled: true, ExpiresInMinutes: 60 };
const GIVE_BACK = { ProtectionEnabled: false };

let clock: HandClock;
let agent: EcsAgent;
beforeEach(async () => {
  clock = new HandClock();
  agent = await startEcsAgent(clock);
  process.env['ECS_AGENT_URI'] = agent.uri;
});
afterEach(async () => {
  delete process.env['ECS_AGENT_URI'];
  await agent.close();
});

const bodies = (): unknown[] => agent.calls.map(({ body }) => body);

/** The thread's code on the clock of the test. While `isBlocked`, nothing that the main thread does happens. */
function protectedByThread(stallAfterMs: number | false) {
  const main = { isBlocked: false };
  const port = portOf(() => new Promise(() => {}));
  const told: string[] = [];
  let exit: (error: Error) => void = () => {};
  const start: StartThread = (options, { onMessage, onExit }) => {
    const waiting: Parameters<typeof onMessage>[0][] = [];
    let ended = false;
    const ofThread: Clock = {
      now: () => clock.now(),
      date: () => clock.date(),
      after: (ms, fn) => clock.after(ms, fn),
      every: (ms, fn) => clock.every(ms, () => (ended ? undefined : fn())),
      sleep: (ms, signal) => clock.sleep(ms, signal),
    };
    const sidecar = new Sidecar(options, {
      clock: ofThread,
      random: () => 0.5,
      writeLine: () => {},
      portOf: () => port,
      send: (message) => {
        if (ended) return;
        if (main.isBlocked) waiting.push(message);
        else onMessage(message);
      },
    });
    exit = (error) => {
      ended = true;
      onExit(error);
    };
    return { postMessage: (message) => sidecar.take(message), terminate: async () => {} };
  };
  const heartbeats = new WorkerHeartbeats({
    clock,
    random: () => 0.5,
    log: silentLog,
    heartbeatRate: 250,
    stallAfterMs,
    startHeartbeatThread: start,
  });
  const identity = { accessKeyId: 'a', secretAccessKey: 'b' };
  const credentials = {
    current: () => identity,
    generation: 0,
    refused: () => false,
  };
  heartbeats.connect([{ region: 'r', port, recipes: undefined }], credentials);
  const { protection } = heartbeats;
  protection.open('ecs', 'ecs', MINUTE);
  protection.follow((change) => told.push(typeof change === 'string' ? change : change.failed));
  // The loop's turns, as of a main thread that runs.
  const every = clock.every.bind(clock);
  clock.every = (ms, fn) => every(ms, () => (main.isBlocked ? undefined : fn()));
  const none = (): void => {};
  heartbeats.follow({ onLate: none, onAnswer: none, onBlocked: none, onFailed: none });
  clock.every = every;
  const begin = (): Heartbeat =>
    heartbeats.track({
      port,
      token: 'token',
      everyMs: Infinity,
      leasedAt: clock.now(),
      onGone: () => {},
    });
  return { protection, main, told, exit: (error: Error) => exit(error), begin };
}

const pass = (seconds: number): Promise<void> => clock.advance(seconds * 1_000);

test('the thread asks for a task whose handler blocks the main thread from its first moment on, and renews', async () => {
  const { begin, main } = protectedByThread(false);
  await pass(5);
  begin();
  main.isBlocked = true;
  await pass(59);
  expect(agent.calls).toEqual([]);
  await pass(2);
  expect(bodies()).toEqual([ASK]);
  await clock.advance(3 * 60 * MINUTE);
  expect(agent.isProtected).toBe(true);
  expect(agent.calls.length).toBeLessThanOrEqual(10);
});

test('a main thread that is taken for stuck is protected no longer', async () => {
  const { begin, main } = protectedByThread(10 * MINUTE);
  await pass(5);
  begin();
  main.isBlocked = true;
  await clock.advance(9 * MINUTE);
  expect(agent.isProtected).toBe(true);
  await clock.advance(2 * MINUTE);
  expect(bodies()).toEqual([ASK, GIVE_BACK]);
});

test('a crowd of short tasks makes no call, and the end of the last old one gives back', async () => {
  const { begin, protection, told } = protectedByThread(false);
  for (let n = 0; n < 5; n++) {
    const task = begin();
    await pass(40);
    task.release();
  }
  expect(agent.calls).toEqual([]);
  const old = begin();
  await pass(62);
  expect([protection.status, told]).toEqual([
    { platform: 'ecs', state: 'held', since: expect.any(Number) },
    ['granted'],
  ]);
  old.release();
  await pass(6);
  expect([protection.status, told]).toEqual([{ platform: 'ecs', state: 'free' }, ['granted', 'released']]);
  expect(bodies()).toEqual([ASK, GIVE_BACK]);
});

test('what is refused is told to the worker, with its reason', async () => {
  agent.mode = 'denies';
  const { begin, protection, told } = protectedByThread(false);
  begin();
  await pass(70);
  expect(told).toEqual([expect.stringMatching(/AccessDeniedException/)]);
  expect(protection.status).toMatchObject({ state: 'wanted', reason: told[0] });
});

test('a worker that closes is given back by the thread, and waits for no thread that hangs', async () => {
  const { begin, protection } = protectedByThread(false);
  begin();
  await pass(62);
  const closed = protection.close();
  await clock.settle();
  await closed;
  expect(bodies()).toEqual([ASK, GIVE_BACK]);

  const other = protectedByThread(false);
  other.begin();
  await pass(62);
  agent.mode = 'hangs';
  const late = other.protection.close();
  await pass(3);
  await late;
});

test('where the thread has ended, another goes on: it keeps what is held, and gives it back', async () => {
  const { begin, protection, told, exit } = protectedByThread(false);
  const task = begin();
  await pass(62);
  exit(new Error('it crashed'));
  await pass(25 * 60);
  expect(agent.isProtected).toBe(true);
  expect(protection.status?.state).toBe('held');
  task.release();
  await pass(10);
  expect(agent.isProtected).toBe(false);
  expect(told.at(-1)).toBe('released');
});

test('where the thread has ended in a moment in which it held one, that is given back though no task runs', async () => {
  const { begin, exit } = protectedByThread(false);
  const task = begin();
  await pass(62);
  task.release();
  exit(new Error('it crashed'));
  await pass(10);
  expect(bodies()).toEqual([ASK, GIVE_BACK]);
});
