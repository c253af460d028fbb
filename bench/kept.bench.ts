import 'reflect-metadata';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Activity,
  directory,
  Handle,
  Idempotent,
  systemClock,
  type Store,
  type TaskContext,
} from '../src/framework/index.js';
import { createContainer } from '../src/framework/worker/container/create-container.js';
import { discover } from '../src/framework/declare/discovery/discovery.js';
import { StoreTroubles } from '../src/framework/base/store.js';
import { silentLog } from '../src/framework/base/log/log.js';
import { createTaskContext, memoryStore } from '../src/framework/testing/index.js';
import { makeCheckpoints } from '../src/framework/worker/handler/make-checkpoints.js';
import { compile, type CompiledHandler } from '../src/framework/worker/handler/compile.js';
import { taskPayloads } from '../src/framework/worker/handler/payloads.js';
import { payloadKey, referenceObject } from '../src/framework/worker/keep/payload-store.js';
import type { Benchmark, Findings } from './benchmark.js';
import { flushesPerSecond, outboxCosts, type OutboxCost } from './support/kept/outbox.js';
import { median } from './support/measure/median.js';

const ROUNDS = 9;
const MB = 1024 * 1024;

@Activity('Echo')
class Echo {
  @Handle({ input: 'any', inline: ['id'] })
  echo(input: unknown): unknown {
    return input;
  }
}

const stores = new StoreTroubles(() => {});

/** Makes the function that a worker calls for each task, from the text of its input to that of its output. */
async function pipeline(store: Store | undefined): Promise<(text: string) => Promise<string>> {
  const [definition] = discover([Echo], {}).handlers;
  if (!definition) throw new Error('Echo has no handler');
  const trouble = stores.of('payloads');
  const payloads = store && taskPayloads({ store }, { clock: systemClock, random: Math.random, trouble });
  const handle: CompiledHandler = compile(definition, await createContainer(), [], payloads);
  const context = createTaskContext();
  return async (text) => {
    let output = '';
    await handle(text, context, (end) => {
      if (end.status !== 'succeeded') throw new Error(`the handler has ${JSON.stringify(end)}`);
      output = end.output;
    });
    return output;
  };
}

/** Puts a payload into a store, and returns an input that refers to it. */
async function referenceIn(store: Store, value: unknown): Promise<string> {
  const payload = Buffer.from(JSON.stringify(value));
  const sha256 = createHash('sha256').update(payload).digest('hex');
  await store.put(payloadKey(sha256), payload);
  const uri = `${store.uri}/${payloadKey(sha256)}`;
  return JSON.stringify(referenceObject({}, { uri, sha256, bytes: payload.byteLength }));
}

@Activity('Saving')
class Saving {
  @Handle({ input: 'any' })
  async run(_: unknown, { checkpoint }: TaskContext): Promise<void> {
    await checkpoint.load();
    await checkpoint.save({ done: 1 });
  }
}

let works = 0;

/** Runs a task that loads its checkpoint and saves it once; then it is removed, as after an accepted success. */
async function saving(store: Store): Promise<(text: string) => Promise<string>> {
  const [definition] = discover([Saving], {}).handlers;
  if (!definition) throw new Error('Saving has no handler');
  const world = { clock: systemClock, random: Math.random, log: silentLog, stores };
  let removed = (): void => {};
  const deleteIf: Store['deleteIf'] = async (key, version) => {
    const isDeleted = await store.deleteIf(key, version);
    removed();
    return isDeleted;
  };
  const watched = new Proxy(store, {
    get: (target, name) => {
      const value: unknown = name === 'deleteIf' ? deleteIf : Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const option = { store: watched, key: () => `work-${++works}` };
  const checkpoints = await makeCheckpoints(definition, option, world);
  if (!checkpoints) throw new Error('the option is set');
  const handle = compile(definition, await createContainer(), [], undefined, checkpoints);
  return async (text) => {
    const context = createTaskContext({ checkpoint: checkpoints.make() });
    await handle(text, context, (end) => {
      if (end.status !== 'succeeded') throw new Error(`the handler has ${JSON.stringify(end)}`);
    });
    const removal = new Promise<void>((resolve) => (removed = resolve));
    const ref = checkpoints.refOf(context);
    if (!ref) throw new Error('the handler has saved nothing');
    checkpoints.accepted(ref);
    await removal;
    return '';
  };
}

/** Runs a task with `Idempotent`. Its work is new each time, or always the same. */
async function once(store: Store, isNew: boolean): Promise<(text: string) => Promise<string>> {
  const [definition] = discover([Echo], {}).handlers;
  if (!definition) throw new Error('Echo has no handler');
  const interceptor = Idempotent({ store, key: () => (isNew ? `work-${++works}` : 'the same') });
  const handle = compile(definition, await createContainer(), [interceptor]);
  const context = createTaskContext();
  return async (text) => {
    await handle(text, context, () => {});
    return '';
  };
}

/** What a checkpoint and `Idempotent` cost a task, in memory and in a directory. */
async function state(): Promise<readonly Cost[]> {
  const folder = await mkdtemp(join(tmpdir(), 'stepwright-bench-'));
  try {
    const small = JSON.stringify({ id: 'o-1' });
    const costs: Cost[] = [];
    for (const [where, store, tasks] of [
      ['in memory', memoryStore(), 2_000],
      ['in a directory', directory(folder), 50],
    ] as const) {
      costs.push(
        await cost(`a checkpoint loaded, saved and removed, ${where}`, await saving(store), small, tasks),
      );
      costs.push(await cost(`Idempotent, new work, ${where}`, await once(store, true), small, tasks));
      costs.push(await cost(`Idempotent, finished work, ${where}`, await once(store, false), small, tasks));
    }
    return costs;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Cost {
  readonly who: string;
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** Measures tasks one after another, in rounds. */
async function cost(
  who: string,
  run: (text: string) => Promise<string>,
  text: string,
  tasks: number,
): Promise<Cost> {
  const rounds: Cost[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const [began, cpu] = [performance.now(), process.cpuUsage()];
    for (let task = 0; task < tasks; task++) await run(text);
    const { user, system } = process.cpuUsage(cpu);
    rounds.push({
      who,
      wallMs: (performance.now() - began) / tasks,
      cpuMs: (user + system) / 1_000 / tasks,
    });
  }
  return {
    who,
    wallMs: median(rounds.map((each) => each.wallMs)),
    cpuMs: median(rounds.map((each) => each.cpuMs)),
  };
}

const shown = (ms: number): string =>
  ms < 1 ? `${(1_000 * ms).toPrecision(3)} µs` : `${ms.toPrecision(3)} ms`;

/** What payloads cost a task: nothing where they are off, a check where it is small, and what the store takes. */
async function payloads(): Promise<readonly Cost[]> {
  const folder = await mkdtemp(join(tmpdir(), 'stepwright-bench-'));
  try {
    const small = JSON.stringify({ id: 'o-1', items: ['a', 'b', 'c'] });
    const large = { id: 'o-1', text: 'x'.repeat(MB) };
    const [memory, disk] = [memoryStore(), directory(folder)];
    const [off, inMemory, onDisk] = [await pipeline(undefined), await pipeline(memory), await pipeline(disk)];
    return [
      await cost('small, payloads off', off, small, 20_000),
      await cost('small, payloads on', inMemory, small, 20_000),
      await cost('1 MB in and out, in memory', inMemory, await referenceIn(memory, large), 20),
      await cost('1 MB in and out, in a directory', onDisk, await referenceIn(disk, large), 20),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The most processor time, in milliseconds, that an outbox in a directory may add to a task of a hundred in flight. */
const MOST_ADDED_MS = 0.8;

function brokenBy(costs: readonly OutboxCost[]): string[] {
  const of = (part: string): number =>
    costs.find(({ who, inFlight }) => inFlight === 100 && who.includes(part))?.cpuMs ?? Number.NaN;
  const added = of('directory') - of('no outbox');
  return added <= MOST_ADDED_MS
    ? []
    : [`an outbox in a directory adds ${shown(added)} to a task, promised ${MOST_ADDED_MS} ms`];
}

const outboxRow = ({ inFlight, who, perSecond, reportMs, cpuMs }: OutboxCost): string[] => [
  ...[String(inFlight), who, String(Math.round(perSecond)), shown(reportMs), shown(cpuMs)],
];

export default {
  title: 'what a task costs that leaves something behind in a store',
  async run(): Promise<Findings> {
    const costs = await payloads();
    const states = await state();
    const flushes = await flushesPerSecond();
    const outbox = await outboxCosts();
    const rowsOf = (list: readonly Cost[]): string[][] =>
      list.map(({ who, wallMs, cpuMs }) => [who, shown(wallMs), shown(cpuMs)]);
    return {
      tables: [
        {
          title: 'payloads: the pipeline of a task, from input text to output text',
          columns: ['', 'latency', 'processor time'],
          rows: rowsOf(costs),
        },
        {
          title: 'checkpoints and Idempotent: the pipeline of a task of one call each',
          columns: ['', 'latency', 'processor time'],
          rows: rowsOf(states),
        },
        {
          title: `outbox: a whole worker, on a disk that flushes ${Math.round(flushes)} times a second`,
          columns: ['in flight', '', 'tasks/s', 'handler to accepted report', 'processor time'],
          rows: outbox.map(outboxRow),
        },
      ],
      broken: brokenBy(outbox),
      measured: [...costs, ...states, ...outbox],
    };
  },
} satisfies Benchmark;
