import 'reflect-metadata';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLog } from '../src/framework/base/log/log.js';
import { StoreMonitor } from '../src/framework/base/store.js';
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
import { Payloads } from '../src/framework/worker/handler/output/payloads.js';
import { payloadKey, referenceObject } from '../src/framework/worker/keep/payload-store.js';
import { type Benchmark, brokenOf, inFolder, inTurns, show } from './benchmark.js';
import { ACTIVITY_ARN, type Stub, withStub } from './support/stub.js';

const [ROUNDS, MEASURED_S] = [3, 1];
const WARM_MS = 700;
const MB = 1024 * 1024;
/** The tasks of a round with payloads. */
const TASKS = 20;
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
async function pipeline(store: Store): Promise<(text: string) => Promise<void>> {
  const [definition] = discover([Echo], {}).handlers;
  if (!definition) throw new Error('Echo has no handler');
  const stores = new StoreMonitor(() => {});
  const payloads = new Payloads({ store }, { clock: systemClock, random: Math.random, stores });
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

/** What a megabyte in and out costs a task. */
async function payloadCosts(rounds: number, folder: string): Promise<ReadonlyMap<Payload, Cost>> {
  const [memory, disk] = [memoryStore(), directory(join(folder, 'payloads'))];
  const payloads: Payload[] = [
    { name: 'in memory', run: await pipeline(memory), text: await referenceIn(memory) },
    { name: 'in a directory', run: await pipeline(disk), text: await referenceIn(disk) },
  ];
  return inTurns(rounds, payloads, async ({ run, text }) => {
    const [began, cpu] = [performance.now(), process.cpuUsage()];
    for (let task = 0; task < TASKS; task++) await run(text);
    const { user, system } = process.cpuUsage(cpu);
    return { ms: (performance.now() - began) / TASKS, cpuMs: (user + system) / 1_000 / TASKS };
  });
}

interface Payload {
  readonly name: string;
  readonly run: (text: string) => Promise<void>;
  readonly text: string;
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
      activities: [Hello],
      endpoint: stub.url,
      region: 'us-east-1',
      concurrency: inFlight,
      pollers: inFlight,
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
  return withStub((stub) => inTurns(rounds, outboxes, (outbox) => outboxCost(outbox, stub, seconds)));
}

export default {
  title: 'what a task costs that leaves something behind in a store',
  run: ({ rounds = ROUNDS, seconds = MEASURED_S }) =>
    inFolder(async (folder) => {
      const payloads = await payloadCosts(rounds, folder);
      const outboxes = await outboxCosts(rounds, folder, seconds);
      const costOf = (name: string): number =>
        [...outboxes].find(([each]) => each.name === name && each.inFlight === 100)?.[1].cpuMs ?? Number.NaN;
      const added = costOf('in a directory') - costOf('none');
      const what = `an outbox in a directory adds ${show(added, 'ms')} to a task`;
      return {
        tables: [
          {
            title: '1 MB in and out: from the text of an input to that of the output',
            columns: ['payloads', 'time', 'processor time'],
            rows: [...payloads].map(([{ name }, { ms, cpuMs }]) => [name, show(ms, 'ms'), show(cpuMs, 'ms')]),
          },
          {
            title: 'Outbox: a whole worker',
            columns: ['outbox', 'in flight', 'tasks/s', 'processor time a task'],
            rows: [...outboxes].map(([{ name, inFlight }, { ms, cpuMs }]) => [
              name,
              String(inFlight),
              show(1_000 / ms),
              show(cpuMs, 'ms'),
            ]),
          },
        ],
        broken: brokenOf([[added <= PROMISED_MS, `${what}, ${PROMISED_MS} are promised`]]),
      };
    }),
} satisfies Benchmark;
