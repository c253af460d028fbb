import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { systemClock } from '../../../src/framework/base/time/clock.js';
import { lookAtLongTasks, type LongTaskWorld } from '../../../src/framework/cli/doctor/stop/long-tasks.js';
import { lookAtStop } from '../../../src/framework/cli/doctor/stop/stopping.js';
import { HandClock } from '../../../src/framework/testing/index.js';
import { makePlan } from '../../../src/framework/worker/build/plan.js';
import { KubernetesPod } from '../../../src/framework/worker/protect/kubernetes-pod.js';
import { type ApiServer, startApiServer } from '../../support/api-server.js';
import { activity } from '../../support/work.js';
import { ARN } from '../../support/world.js';

describe('on Kubernetes the pod says how long it may take to end', () => {
  let api: ApiServer;
  beforeEach(async () => {
    api = await startApiServer();
  });
  afterEach(() => api.close());
  const env = { KUBERNETES_SERVICE_HOST: '10.0.0.1' };
  const look = (graceMs: number) =>
    lookAtStop(graceMs, { env, clock: systemClock }, new KubernetesPod(api.address));

  test.each([
    [30, 'fault'],
    [101, 'ok'],
  ])('%i s for a grace of a minute: %s', async (seconds, verdict) => {
    api.graceSeconds = seconds;
    expect(await look(60_000)).toMatchObject({
      ...{ check: 'stop', verdict, expected: '101 s or more between SIGTERM and SIGKILL' },
      got: expect.stringContaining(`${seconds} s (terminationGracePeriodSeconds of this pod)`),
    });
  });

  test('what it may not read is not checked, and the flag is proposed', async () => {
    api.mode = 'forbids';
    expect(await look(60_000)).toMatchObject({
      ...{ verdict: 'unknown', got: 'Kubernetes does not tell a process how long it waits before SIGKILL' },
      fix: expect.stringContaining('--stop-timeout'),
    });
  });

  test('an API server that hangs is waited for no longer than five seconds', async () => {
    api.mode = 'hangs';
    const clock = new HandClock();
    const looked = lookAtStop(60_000, { env, clock }, new KubernetesPod(api.address));
    await clock.settle(() => api.calls.length > 0);
    await clock.advance(5_000);
    expect(await looked).toMatchObject({ verdict: 'unknown' });
  });
});

const RETRY = [{ ErrorEquals: ['Stepwright.WorkerShutdown', 'States.Timeout'] }];
const HOUR = 3_600_000;

/** What the doctor says of a handler whose activity a state with these fields is on. */
async function longest(state: object, change: Partial<LongTaskWorld> & { timeout?: '30s' } = {}) {
  const { timeout, ...world } = change;
  const plan = await makePlan({
    config: { activities: [activity(() => {}, { ...(timeout && { timeout }) })], endpoint: 'aws' },
    ...{ env: {}, baseDir: process.cwd() },
  });
  const States = { Work: { Type: 'Task', Resource: ARN, End: true, ...state } };
  const definition = JSON.stringify({ StartAt: 'Work', States });
  return lookAtLongTasks(
    plan.handlers,
    { read: [{ name: 'Orders', definition }], unread: [] },
    {
      ...{ graceMs: 60_000, arnOf: () => ARN },
      ...{ platform: { name: 'a system', setting: 'the time before it kills' }, ...world },
    },
  );
}

describe('the longest task is compared with what a stop leaves it', () => {
  test('one that ends within the grace is well', async () => {
    expect(await longest({ TimeoutSeconds: 60 })).toMatchObject([
      { verdict: 'ok', got: 'TimeoutSeconds lets a task run for 60 s, and a stop leaves it 60 s' },
    ]);
    expect(await longest({ TimeoutSeconds: 3_600 }, { timeout: '30s' })).toMatchObject([
      { verdict: 'ok', got: '`timeout` lets a task run for 30 s, and a stop leaves it 60 s' },
    ]);
  });

  test('one that does not, and that nothing runs again, is a warning with a grace that would do', async () => {
    expect(await longest({ TimeoutSeconds: 600, HeartbeatSeconds: 60 })).toMatchObject([
      {
        ...{ check: 'longest', verdict: 'warning' },
        got: 'TimeoutSeconds lets a task run for 10 min, and a stop leaves it 60 s; nothing in Orders.Work runs it again',
        fix: expect.stringMatching(
          /^set `grace` to '600s' and the time before it kills to 641; or name Stepwright\.WorkerShutdown/,
        ),
      },
    ]);
  });

  test('no grace is proposed that the platform would not wait for', async () => {
    const platform = { name: 'Fargate', setting: 'stopTimeout', mostSeconds: 120 };
    expect(await longest({ TimeoutSeconds: 600, HeartbeatSeconds: 60 }, { platform })).toMatchObject([
      {
        got: expect.stringContaining('leaves it 60 s (Fargate waits for 120 s at most); nothing in'),
        fix: expect.stringMatching(/^name Stepwright\.WorkerShutdown/),
      },
    ]);
  });

  test('what was seen counts more than what is allowed', async () => {
    const seenMs = new Map([[ARN, 5.5 * HOUR]]);
    const state = { TimeoutSeconds: 90, HeartbeatSeconds: 60, Retry: RETRY };
    expect(await longest(state, { seenMs })).toMatchObject([
      {
        verdict: 'ok',
        got: 'a task ran for 5.5 h within 15 days, and a stop leaves it 60 s; its state runs again what is cut',
      },
    ]);
  });

  test('a state that runs again what is cut, and would not notice a killed worker, is a warning', async () => {
    expect(await longest({ TimeoutSeconds: 3_600, Retry: RETRY })).toMatchObject([
      { verdict: 'warning', got: expect.stringContaining('Orders.Work has no HeartbeatSeconds') },
    ]);
  });

  test('where nothing says how long a task runs, nothing is said', async () => {
    expect(await longest({ HeartbeatSeconds: 60 })).toEqual([]);
    expect(await longest({ HeartbeatSeconds: 60, TimeoutSeconds: 90 }, { arnOf: () => undefined })).toEqual(
      [],
    );
  });
});
