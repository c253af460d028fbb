import { HelloWorldActivity } from '../../src/activities/hello-world.activity.js';
import { createTestBed, createTestMachine } from '../../src/framework/testing/index.js';

/** The figures of one fresh process: processor time in milliseconds, each the median of some rounds, and heaps in bytes. */
export interface TestingFindings {
  readonly bedMs: number;
  readonly runMs: number;
  /** A machine that is created and executed. */
  readonly machineMs: number;
  /** A Map of 1,000 tasks. */
  readonly mapMs: number;
  /** What each of 2,000 beds leaves on the heap, each having run. */
  readonly bedBytes: number;
  /** What each of 2,000 machines leaves on the heap, each having executed. */
  readonly machineBytes: number;
}

const ROUNDS = 5;
const DROPPED = 2_000;
const HELLO = {
  Type: 'Task',
  Resource: 'arn:aws:states:ap-northeast-1:123456789012:activity:HelloWorldActivity',
  End: true,
};
const ONE = { StartAt: 'Hello', States: { Hello: HELLO } };
const MANY = {
  StartAt: 'Each',
  States: { Each: { Type: 'Map', ItemProcessor: ONE, End: true } },
};
const ITEMS = Array.from({ length: 1_000 }, (_, at) => ({ who: `w${at}` }));
const options = { activities: [HelloWorldActivity] };

async function bed(): Promise<void> {
  await createTestBed(HelloWorldActivity);
}
async function ranBed(): Promise<void> {
  assertSucceeded(await (await createTestBed(HelloWorldActivity)).run({ who: 'hoge' }));
}
async function machine(): Promise<void> {
  assertSucceeded(await (await createTestMachine(ONE, options)).execute({ who: 'hoge' }));
}

function assertSucceeded({ status }: { readonly status: string }): void {
  if (status !== 'succeeded') throw new Error(`HelloWorld ${status}`);
}

/** Resolves to the processor time of one call, the median of the rounds after one that warms up. */
async function timed(calls: number, work: () => Promise<unknown>): Promise<number> {
  const rounds: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const from = process.cpuUsage();
    for (let n = 0; n < calls; n++) await work();
    const { user, system } = process.cpuUsage(from);
    if (round > 0) rounds.push((user + system) / 1000 / calls);
  }
  return rounds.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? Number.NaN;
}

/** Twice, and a turn of the loop between: what is finalised in one collection is gone after the next. */
async function heap(): Promise<number> {
  globalThis.gc?.();
  await new Promise((resolve) => setImmediate(resolve));
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

async function left(work: () => Promise<void>): Promise<number> {
  const before = await heap();
  for (let n = 0; n < DROPPED; n++) await work();
  return ((await heap()) - before) / DROPPED;
}

async function find(): Promise<TestingFindings> {
  const bedMs = await timed(500, bed);
  const one = await createTestBed(HelloWorldActivity);
  const runMs = await timed(2_000, () => one.run({ who: 'hoge' }));
  const machineMs = await timed(300, machine);
  const many = await createTestMachine(MANY, options);
  const mapMs = await timed(3, async () => assertSucceeded(await many.execute(ITEMS)));
  return { bedMs, runMs, machineMs, mapMs, bedBytes: await left(ranBed), machineBytes: await left(machine) };
}

process.send?.({ answer: await find() });
process.disconnect();
