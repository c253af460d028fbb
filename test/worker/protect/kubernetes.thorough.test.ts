import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createLog } from 'stepwright';
import { findPlatform } from '../../../src/framework/worker/protect/find-platform.js';
import type { Platform } from '../../../src/framework/worker/protect/platform.js';
import { COST, KubernetesPod, MARK } from '../../../src/framework/worker/protect/kubernetes-pod.js';
import { checkPlan } from '../../../src/framework/worker/build/check-plan.js';
import { buildWorker } from '../../../src/framework/worker/build/create-worker.js';
import { makePlan } from '../../../src/framework/worker/build/plan.js';
import type { Worker } from '../../../src/framework/worker/worker.js';
import { type ApiMode, type ApiServer, startApiServer } from '../../support/api-server.js';
import { makeCertificate } from '../../support/certificate.js';
import { type Held, holding } from '../../support/work.js';
import { ARN, createWorld, type World } from '../../support/world.js';

let world: World;
let api: ApiServer;
const workers: Worker[] = [];
beforeEach(async () => {
  world = await createWorld();
  api = await startApiServer();
});
afterEach(async () => {
  world.service.endPolls();
  const stopped = workers.splice(0).map((worker) => worker.stop());
  await world.clock.advance(120_000);
  await Promise.all(stopped);
  await world.close();
  await api.close();
});

const seconds = (n: number): Promise<void> => world.clock.advance(n * 1000);
const KARPENTER = 'karpenter.sh/do-not-disrupt';
const AUTOSCALER = 'cluster-autoscaler.kubernetes.io/safe-to-evict';

interface Working {
  readonly worker: Worker;
  readonly held: Held[];
  readonly failures: string[];
  /** Starts a task, and waits until its handler runs. */
  readonly start: () => Promise<void>;
  /** Moves time on. Calls that are answered have all the real time that TLS and files take. */
  readonly pass: (s: number) => Promise<void>;
}

/** A worker in the pod of the stand-in, with one slot. */
async function working(): Promise<Working> {
  const { type, held } = holding({ concurrency: 1 });
  const machine = world.machine(ARN);
  const config = { activities: [type], endpoint: world.service.url, protect: 'kubernetes' as const };
  const plan = await makePlan({ config, env: {}, baseDir: process.cwd() });
  const { clock } = world;
  const log = createLog({ level: 'silent' });
  const { platform, open } = watched(new KubernetesPod(api.address));
  const worker = await buildWorker(await checkPlan(plan, { clock, random: () => 0.5, log, platform }));
  workers.push(worker);
  const failures: string[] = [];
  worker.on('protection:failed', ({ error }) => failures.push(error.message));
  void worker.run();
  const pass = async (s: number): Promise<void> => {
    for (let n = 0; n < s; n++) {
      await seconds(1);
      await clock.settle(() => api.mode === 'hangs' || open.size === 0);
      await clock.settle();
    }
  };
  await pass(2);
  const start = async (): Promise<void> => {
    const count = held.length;
    await world.execute(machine);
    await clock.settle(() => held.length > count);
  };
  return { worker, held, failures, start, pass };
}

/** Counts the calls to a platform that are open. */
function watched(pod: KubernetesPod): { platform: Platform; open: Set<object> } {
  const open = new Set<object>();
  const watch = async (call: Promise<void>): Promise<void> => {
    open.add(call);
    await call.finally(() => open.delete(call));
  };
  const platform: Platform = {
    name: pod.name,
    lapsesMs: pod.lapsesMs,
    protect: (since, signal) => watch(pod.protect(since, signal)),
    release: (signal) => watch(pod.release(signal)),
  };
  return { platform, open };
}

test('a pod whose task has run for a minute is deleted last, and its node is left alone', async () => {
  const { worker, held, start, failures, pass } = await working();
  const looks = api.calls.length;
  await start();
  await pass(59);
  expect(api.calls.length).toBe(looks);
  await pass(2);
  expect(api.annotations).toMatchObject({ [KARPENTER]: 'true', [AUTOSCALER]: 'false' });
  expect(Number(api.annotations[COST])).toBeGreaterThan(2_000_000_000);
  expect(Number(api.annotations[COST])).toBeLessThan(2 ** 31);
  expect(worker.status().protection).toMatchObject({ platform: 'kubernetes', state: 'held' });
  await pass(10);
  held[0]?.succeed();
  await pass(2);
  expect(api.annotations).toEqual({});
  expect(api.calls.slice(looks).map(({ method, path }) => `${method} ${path}`)).toEqual([
    'PATCH /api/v1/namespaces/jobs/pods/worker-0',
    'PATCH /api/v1/namespaces/jobs/pods/worker-0',
  ]);
  expect(failures).toEqual([]);
});

test('short tasks cost no call beyond the look at the start', async () => {
  const { held, start, pass } = await working();
  for (let n = 0; n < 10; n++) {
    await start();
    await pass(30);
    held.at(-1)?.succeed();
  }
  expect(api.calls.map(({ method }) => method)).toEqual(['GET']);
});

test('of two pods that work, the one whose task began first costs more', async () => {
  const { start, pass } = await working();
  await start();
  await pass(120);
  const first = Number(api.annotations[COST]);
  api.annotations = {};
  const other = await working();
  await other.start();
  await other.pass(62);
  expect(Number(api.annotations[COST])).toBeLessThan(first);
});

test('annotations of the user come back as they were', async () => {
  const mine = { [COST]: '7', [AUTOSCALER]: 'true', 'example.com/mine': 'x' };
  api.annotations = { ...mine };
  const { held, start, pass } = await working();
  await start();
  await pass(65);
  expect(api.annotations).toMatchObject({ [AUTOSCALER]: 'false', 'example.com/mine': 'x' });
  held[0]?.succeed();
  await pass(5);
  expect(api.annotations).toEqual(mine);
});

test('annotations of the user come back as they were though they could not be read at the start', async () => {
  const mine = { [COST]: '7', [AUTOSCALER]: 'true' };
  api.annotations = { ...mine };
  api.mode = 'throttles';
  const { worker, held, start, pass } = await working();
  await start();
  await pass(65);
  api.mode = 'works';
  for (let n = 0; n < 60 && worker.status().protection?.state !== 'held'; n++) await pass(10);
  expect(api.annotations).toMatchObject({ [AUTOSCALER]: 'false' });
  held[0]?.succeed();
  await pass(5);
  expect(api.annotations).toEqual(mine);
});

test('what a process that was killed has left behind is given back at the next start in its pod', async () => {
  api.annotations = { [COST]: '7' };
  const { start, pass } = await working();
  await start();
  await pass(65);
  expect(api.annotations[MARK]).toBeDefined();
  // Its container starts again in the same pod.
  await working();
  expect(api.annotations).toEqual({ [COST]: '7' });
});

test('annotations that something else takes away are set again, in time', async () => {
  const { start, pass } = await working();
  await start();
  await pass(65);
  api.annotations = {};
  await seconds(20 * 60 - 10);
  await pass(20);
  expect(api.annotations).toMatchObject({ [KARPENTER]: 'true' });
});

test('the token is read for each call, since Kubernetes replaces it', async () => {
  const { start, failures, pass } = await working();
  api.rotateToken();
  await start();
  await pass(65);
  expect(failures).toEqual([]);
  expect(api.annotations).toMatchObject({ [KARPENTER]: 'true' });
});

test('a server with a certificate of another authority is not told the token', async () => {
  writeFileSync(join(api.address.account ?? '', 'ca.crt'), makeCertificate().cert);
  const { failures } = await working();
  expect(api.calls).toEqual([]);
  expect(failures).toEqual([expect.stringMatching(/certificate/)]);
});

test.each<readonly [ApiMode, RegExp]>([
  ['hangs', /no answer within 5 s/],
  ['hangs up', /socket hang up|ECONNRESET/],
  ['forbids', /403: .*; allow get and patch of pods to its service account/],
  ['throttles', /429: too many requests/],
  ['lies', /answered without it/],
  ['babbles', /without a pod/],
])(
  'that %s: an API server costs no task and no millisecond of one, and is told once',
  async (mode, reason) => {
    api.mode = mode;
    const { worker, held, failures, start, pass } = await working();
    const took: number[] = [];
    worker.on('task:succeeded', ({ durationMs }) => took.push(durationMs));
    for (let n = 0; n < 4; n++) {
      await start();
      await pass(90);
      held.at(-1)?.succeed();
      await pass(1);
    }
    expect(took).toEqual([90_000, 90_000, 90_000, 90_000]);
    expect(failures).toEqual([expect.stringMatching(reason)]);
    expect(api.calls.length).toBeLessThan(20);
    api.mode = 'works';
    await start();
    for (let n = 0; n < 60 && worker.status().protection?.state !== 'held'; n++) await pass(10);
    const since: unknown = expect.any(Number);
    expect(worker.status().protection).toEqual({ platform: 'kubernetes', state: 'held', since });
  },
  30_000,
);

test('a pod without a token, and one by another name, are told what to set', async () => {
  const gone = new KubernetesPod({ ...api.address, account: '/nowhere' });
  const signal = new AbortController().signal;
  await expect(gone.protect(0, signal)).rejects.toThrow(
    /\/nowhere\/namespace can't be read: give the pod a service account/,
  );
  const other = new KubernetesPod({ ...api.address, pod: 'host-7' });
  await expect(other.protect(0, signal)).rejects.toThrow(
    /404: .*; set POD_NAME to metadata.name by the downward API/,
  );
});

test.each([
  ['auto', { ECS_AGENT_URI: 'http://169.254.170.2/api/x' }, 'ecs'],
  ['auto', { KUBERNETES_SERVICE_HOST: '10.0.0.1' }, 'kubernetes'],
  ['auto', {}, undefined],
  ['ecs', { KUBERNETES_SERVICE_HOST: '10.0.0.1' }, undefined],
  ['kubernetes', { ECS_AGENT_URI: 'http://x/', KUBERNETES_SERVICE_HOST: '10.0.0.1' }, 'kubernetes'],
  [false, { ECS_AGENT_URI: 'http://x/', KUBERNETES_SERVICE_HOST: '10.0.0.1' }, undefined],
] as const)('protect %s with %j asks %s', (protect, env, name) => {
  expect(findPlatform(protect, env)?.name).toBe(name);
});
