import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Activity, createWorker, directory, Handle, type Store } from '../../../src/framework/index.js';
import { silentLog } from '../../../src/framework/base/log/log.js';
import { memoryStore } from '../../../src/framework/testing/index.js';
import { type Stub, startStub } from '../hello/stub.js';
import { median } from '../measure/median.js';
import { ACTIVITY_ARN } from '../service/service.js';

const ROUNDS = 3;
const WARM_MS = 700;
const MEASURED_MS = 1_000;
const FLUSHES = 500;

/** The figures of a worker, for each of its tasks. */
export interface OutboxCost {
  readonly who: string;
  readonly inFlight: number;
  readonly perSecond: number;
  /** The processor time of the worker's process. */
  readonly cpuMs: number;
  /** The median of the time from the handler's end to the accepted report. */
  readonly reportMs: number;
}

/** Milliseconds on a clock that all processes of the machine share. */
const now = (): number => Number(process.hrtime.bigint()) / 1e6;

@Activity(ACTIVITY_ARN)
class Hello {
  @Handle({ input: 'any' })
  hello({ who }: { who: string }): object {
    return { message: `Hello ${who}!`, at: now() };
  }
}

const STORES: readonly [who: string, storeIn: (folder: string) => Store | undefined][] = [
  ['no outbox', () => undefined],
  ['an outbox in memory', () => memoryStore()],
  ['an outbox in a directory', (folder) => directory(join(folder, 'outbox'))],
];

/** Measures the same worker without an outbox and with two, one task at a time and with a hundred in flight. */
export async function outboxCosts(): Promise<OutboxCost[]> {
  const seen = new Map<string, OutboxCost[]>();
  const stub = await startStub();
  try {
    for (let round = 0; round < ROUNDS; round++)
      for (const inFlight of [1, 100])
        for (const [who, storeIn] of STORES) {
          const key = `${inFlight} ${who}`;
          const cost = await inFolder((folder) => measure(stub, who, storeIn(folder), inFlight));
          seen.set(key, [...(seen.get(key) ?? []), cost]);
        }
  } finally {
    await stub.stop();
  }
  return Array.from(seen.values(), middle);
}

/** Returns how often a second the disk of temporary folders flushes a file. */
export const flushesPerSecond = (): Promise<number> =>
  inFolder((folder) => {
    const file = openSync(join(folder, 'flushed'), 'w');
    const began = now();
    for (let n = 0; n < FLUSHES; n++) {
      writeSync(file, 'x');
      fsyncSync(file);
    }
    closeSync(file);
    return Promise.resolve((FLUSHES * 1_000) / (now() - began));
  });

async function measure(
  stub: Stub,
  who: string,
  store: Store | undefined,
  inFlight: number,
): Promise<OutboxCost> {
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
    // Forgets how long the reports took until now.
    await stub.feed(0);
    const [from, cpu] = [await stub.counted(), process.cpuUsage()];
    await sleep(MEASURED_MS);
    const [to, { user, system }] = [await stub.counted(), process.cpuUsage(cpu)];
    const tasks = to.accepted - from.accepted;
    if (tasks === 0) throw new Error(`${who}: no task was done`);
    const { toAccepted } = await stub.answered();
    return {
      ...{ who, inFlight, reportMs: toAccepted[0] },
      perSecond: (tasks * 1_000) / (to.at - from.at),
      cpuMs: (user + system) / 1_000 / tasks,
    };
  } finally {
    // The stub gives tasks to the polls that are open, so that the drain doesn't wait for these.
    await worker.stop();
    await done;
  }
}

function middle(costs: readonly OutboxCost[]): OutboxCost {
  const [first] = costs;
  if (!first) throw new Error('nothing was measured');
  const of = (read: (cost: OutboxCost) => number): number => median(costs.map(read));
  return {
    ...first,
    perSecond: of((each) => each.perSecond),
    cpuMs: of((each) => each.cpuMs),
    reportMs: of((each) => each.reportMs),
  };
}

async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'stepwright-bench-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
