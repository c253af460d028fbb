import { createHash } from 'node:crypto';
import { GetActivityTaskCommand } from '@aws-sdk/client-sfn';
import { beforeEach, expect, test } from '@jest/globals';
import {
  Activity,
  type Completions,
  type Constructor,
  createCompletions,
  Handle,
  type HandlerOptions,
  Idempotent,
  type Interceptor,
  type Store,
  type TaskContext,
} from 'stepwright';
import { memoryStore } from 'stepwright/testing';
import { ARN, useWorld, type World, type WorkerWorld } from '../../support/world.js';

/** Records letter for letter as version 1 has them: whoever changes their form writes version 2, and reads both. */
const V1 = {
  outcome:
    '{"token":"TOKEN","handler":"Work.run","activityArn":"ARN","scope":"SCOPE","heartbeatMs":20000,"decidedAt":0,"status":"succeeded","output":"\\"kept\\"","v":1,"kind":"outcome"}',
  deferred:
    '{"id":"o-1","note":"please","token":"TOKEN","handler":"Work.run","activityArn":"ARN","scope":"SCOPE","deferredAt":1000,"v":1,"kind":"deferred"}',
  checkpoint: '{"by":"0","json":"{\\"done\\":7}","v":1,"kind":"checkpoint"}',
  once: '{"state":"succeeded","output":{"charged":5},"by":"0","v":1,"kind":"once"}',
};

const world = useWorld();
let store: Store;
beforeEach(() => {
  store = memoryStore({ now: () => world.clock.now() });
});

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
const part = (text: string): string => `${text.toLowerCase()}-${hash(text).slice(0, 32)}`;

interface Job {
  readonly id?: string;
}

/** Makes a handler that returns its checkpoint. */
function handler(
  options: HandlerOptions = {},
  interceptors: Constructor<Interceptor>[] = [],
): Constructor<object> {
  @Activity(ARN)
  class Work {
    @Handle({ input: 'any', ...options, interceptors })
    run(_job: Job, task: TaskContext): unknown {
      return task.checkpoint.load();
    }
  }
  return Work;
}

async function worker(): Promise<WorkerWorld> {
  const key = ({ id }: Job): string => id ?? '';
  const activities = [handler({ checkpoint: { store, key } }, [Idempotent({ store, key })])];
  const made = await world.worker({ activities, outbox: { store } });
  await world.clock.advance(100);
  return made;
}

/** Writes a record. @param version the version that it bears */
async function put(key: string, text: string, version: number): Promise<() => Promise<string | undefined>> {
  await store.put(key, Buffer.from(text.replace('"v":1', `"v":${version}`)));
  return async () => (await store.get(key))?.version;
}

/** An execution whose task was taken by a worker that is gone. Returns the record with its token in it. */
async function taken(text: string): Promise<{ execution: string; token: string; record: string }> {
  const execution = await world.execute(world.machine(ARN));
  const { taskToken: token = '' } = await world.client.send(new GetActivityTaskCommand({ activityArn: ARN }));
  const scope = `http://localhost:${world.service.port}`;
  return {
    execution,
    token,
    record: text.replace('TOKEN', token).replace('ARN', ARN).replace('SCOPE', scope),
  };
}

async function ended(execution: string): ReturnType<World['describe']> {
  for (let n = 0; n < 200; n++) {
    const found = await world.describe(execution);
    if (found.status !== 'RUNNING') return found;
    await world.clock.advance(1_000);
  }
  return world.describe(execution);
}

test.each([1, 2])('an outcome of version %d in the outbox is reported, or left alone', async (version) => {
  const { execution, token, record } = await taken(V1.outcome);
  const versionOf = await put(`outcomes/${hash(token)}`, record, version);
  const before = await versionOf();
  const { log } = await worker();
  await world.clock.advance(60_000);
  const { status, output } = await world.describe(execution);
  expect({ status, output }).toEqual(
    version === 1 ? { status: 'SUCCEEDED', output: '"kept"' } : { status: 'RUNNING' },
  );
  expect(await versionOf()).toBe(version === 1 ? undefined : before);
  const warned = log.some(({ err }) => JSON.stringify(err ?? '').includes('another release'));
  expect(warned).toBe(version === 2);
});

async function completions(): Promise<Completions> {
  const config = { activities: [handler()], deferred: { store }, endpoint: world.service.url };
  return createCompletions(config, { clock: world.clock });
}

test('a deferred task of version 1 is listed and completed', async () => {
  const { record } = await taken(V1.deferred);
  await put(`deferred/${part('o-1')}`, record, 1);
  const opened = await completions();
  expect(await opened.list()).toMatchObject([{ id: 'o-1', note: 'please' }]);
  expect(await opened.succeed('o-1', true)).toMatchObject({ status: 'accepted' });
  opened.close();
});

test('a deferred task of version 2 is named and left alone', async () => {
  const { record } = await taken(V1.deferred);
  const versionOf = await put(`deferred/${part('o-1')}`, record, 2);
  const before = await versionOf();
  const opened = await completions();
  await expect(opened.list()).rejects.toThrow(/deferred\/o-1-.* another release .*version 2/);
  await expect(opened.succeed('o-1', true)).rejects.toThrow('another release');
  expect(await versionOf()).toBe(before);
  opened.close();
});

test.each([
  ['checkpoint', 'checkpoints', 'state', '{"done":7}', 'CheckpointUnreadable'],
  ['once', 'once', 'once', '{"charged":5}', 'StoreError'],
] as const)(
  'a record of kind %s is used, or fails its task and is left alone',
  async (kind, folder, id, output, error) => {
    const machine = world.machine(ARN, { TimeoutSeconds: 600 });
    await worker();
    const key = `${folder}/${part('Work.run')}/${part(id)}`;
    await put(key, V1[kind], 1);
    expect(await ended(await world.execute(machine, { id }))).toMatchObject({ status: 'SUCCEEDED', output });
    await store.delete(`once/${part('Work.run')}/${part(id)}`);
    const versionOf = await put(key, V1[kind], 2);
    const before = await versionOf();
    expect(await ended(await world.execute(machine, { id }))).toMatchObject({ status: 'FAILED', error });
    expect(await versionOf()).toBe(before);
  },
);
