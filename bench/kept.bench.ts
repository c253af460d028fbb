import 'reflect-metadata';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLog } from '../src/framework/base/log/log.js';
import { StoreTroubles } from '../src/framework/base/store.js';
import { discover } from '../src/framework/declare/discovery/discovery.js';
import {
  Activity,
  createWorker,
  directory,
  Handle,
  systemClock,
  type Store,
} from '../src/framework/index.js';
import { createTaskContext, memoryStore } from '../src/framework/testing/index.js';
import { createContainer } from '../src/framework/worker/container/create-container.js';
import { compile } from '../src/framework/worker/handler/compile.js';
import { taskPayloads } from '../src/framework/worker/handler/payloads.js';
import { payloadKey, referenceObject } from '../src/framework/worker/keep/payload-store.js';
import { type Benchmark, brokenOf, inTurns, show } from './benchmark.js';
import { ACTIVITY_ARN, startStub, type Stub } from './support/stub.js';

const [ROUNDS, MEASURED_S] = [3, 1];
const WARM_MS = 700;
const MB = 1024 * 1024;
/** The most processor time, in milliseconds, that an outbox in a directory may add to a task of a hundred in flight. */
const PROMISED_MS = 0.8;

interface Cost {
  readonly ms: number;
  readonly cpuMs: number;
}

@Activity('Echo')
class Echo {
  @Handle({ input: 'any', inline: ['id'] })
  echo(input: unknown): unknown {
    return input;
  }
}

/** Makes the function that a worker calls for each task, from the text of its input to that of its output. */
async function pipeline(store: Store | undefined): Promise<(text: string) => Promise<void>> {
  const [definition] = discover([Echo], {}).handlers;
  if (!definition) throw new Error('Echo has no handler');
  const trouble = new StoreTroubles(() => {}).of('payloads');
  const payloads = store && taskPayloads({ store }, { clock: systemClock, random: Math.random, trouble });
  const handle = compile(definition, await createContainer(), [], payloads);
  const context = createTaskContext();
  return async (text) => {
    await handle(text, context, (end) => {
      if (end.status !== 'succeeded') throw new Error(`the handler has ${JSON.stringify(end)}`);
    });
  };
}

/** Puts a megabyte into a store, and returns an input that refers to it. */
async function referenceIn(store: Store): Promise<string> {
  const payload = Buffer.from(JSON.stringify({ id: 'o-1', text: 'x'.repeat(MB) }));
  const sha256 = createHash('sha256').update(payload).digest('hex');
  await store.put(payloadKey(sha256), payload);
  const uri = `${store.uri}/${payloadKey(sha256)}`;
  return JSON.stringify(referenceObject({}, { uri, sha256, bytes: payload.byteLength }));
}

/** What payloads cost a task: nothing where they are off, a check where it is small, and what the store takes. */
async function payloadCosts(rounds: number, folder: string): Promise<ReadonlyMap<Payload, Cost>> {
  const [memory, disk] = [memoryStore(), directory(join(folder, 'payloads'))];
  const small = JSON.stringify({ id: 'o-1', items: ['a', 'b', 'c'] });
  const payloads: Payload[] = [
    { name: 'small, payloads off', run: await pipeline(undefined), text: small, tasks: 20_000 },
    { name: 'small, payloads on', run: await pipeline(memory), text: small, tasks: 20_000 },
    { name: '1 MB, in memory', run: await pipeline(memory), text: await referenceIn(memory), tasks: 20 },
    { name: '1 MB, in a directory', run: await pipeline(disk), text: await referenceIn(disk), tasks: 20 },
  ];
  return inTurns(rounds, payloads, async ({ run, text, tasks }) => {
    const [began, cpu] = [performance.now(), process.cpuUsage()];
    for (let task = 0; task < tasks; task++) await run(text);
    const { user, system } = process.cpuUsage(cpu);
    return { ms: (performance.now() - began) / tasks, cpuMs: (user + system) / 1_000 / tasks };
  });
}

interface Payload {
  readonly name: string;
  readonly run: (text: string) => Promise<void>;
  readonly text: string;
  readonly tasks: number;
}

@Activity(ACTIVITY_ARN)
class Hello {
  @Handle({ input: 'any' })
  hello({ who }: { who: string }): object {
    return { message: `Hello ${who}!` };
  }
}

interface Outbox {
  readonly name: string;
  readonly inFlight: number;
  readonly store: Store | undefined;
}

/** Measures a whole worker at a stub. */
async function outboxCost({ inFlight, store }: Outbox, stub: Stub, seconds: number): Promise<Cost> {
  const worker = await createWorker(
    {
      ...{ activities: [Hello], endpoint: stub.url, region: 'us-east-1' },
      ...{ concurrency: inFlight, pollers: inFlight },
      ...(store && { outbox: { store } }),
    },
    { log: silentLog },
  );
  const done = worker.run();
  try {
    await sleep(WARM_MS);
    const [from, cpu] = [await stub.counted(), process.cpuUsage()];
    await sleep(seconds * 1_000);
    const [to, { user, system }] = [await stub.counted(), process.cpuUsage(cpu)];
    const tasks = to.accepted - from.accepted;
    return { ms: (to.at - from.at) / tasks, cpuMs: (user + system) / 1_000 / tasks };
  } finally {
    // The stub gives tasks to the polls that are open, so that the drain doesn't wait for these.
    await worker.stop();
    await done;
  }
}

async function outboxCosts(
  rounds: number,
  folder: string,
  seconds: number,
): Promise<ReadonlyMap<Outbox, Cost>> {
  const outboxes = [1, 100].flatMap((inFlight): Outbox[] => [
    { name: 'none', inFlight, store: undefined },
    { name: 'in memory', inFlight, store: memoryStore() },
    { name: 'in a directory', inFlight, store: directory(join(folder, `outbox-${inFlight}`)) },
  ]);
  const stub = await startStub();
  try {
    return await inTurns(rounds, outboxes, (outbox) => outboxCost(outbox, stub, seconds));
  } finally {
    await stub.stop();
  }
}

export default {
  title: 'what a task costs that leaves something behind in a store',
  run: async ({ rounds = ROUNDS, seconds = MEASURED_S }) => {
    const folder = await mkdtemp(join(tmpdir(), 'stepwright-bench-'));
    try {
      const payloads = await payloadCosts(rounds, folder);
      const outboxes = await outboxCosts(rounds, folder, seconds);
      const costOf = (name: string): number =>
        [...outboxes].find(([each]) => each.name === name && each.inFlight === 100)?.[1].cpuMs ?? Number.NaN;
      const added = costOf('in a directory') - costOf('none');
      const what = `an outbox in a directory adds ${show(added, 'ms')} to a task`;
      return {
        tables: [
          {
            title: 'Payloads: from the text of an input to that of the output',
            columns: ['payload', 'time', 'processor time'],
            rows: [...payloads].map(([{ name }, { ms, cpuMs }]) => [name, show(ms, 'ms'), show(cpuMs, 'ms')]),
          },
          {
            title: 'Outbox: a whole worker',
            columns: ['outbox', 'in flight', 'tasks/s', 'processor time a task'],
            rows: [...outboxes].map(([{ name, inFlight }, { ms, cpuMs }]) => [
              ...[name, String(inFlight), show(1_000 / ms), show(cpuMs, 'ms')],
            ]),
          },
        ],
        broken: brokenOf([[added <= PROMISED_MS, `${what}, ${PROMISED_MS} are promised`]]),
      };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
} satisfies Benchmark;
