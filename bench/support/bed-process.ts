import { HelloWorldActivity } from '../../src/activities/hello-world.activity.js';
import { createTestBed } from '../../src/framework/testing/index.js';

/** The figures of one fresh process. Times are milliseconds, heaps bytes after GC. */
export interface BedFindings {
  /** The time to the first bed. */
  readonly firstBedMs: number;
  /** The first task of all, and the one after it. */
  readonly firstRunMs: number;
  readonly secondRunMs: number;
  readonly bedMs: number;
  readonly runMs: number;
  /** A bed that is still held. */
  readonly heldBytes: number;
  /** The heap that an unreferenced bed leaves behind. */
  readonly leakedBytes: number;
}

const BEDS = 1_000;
const RUNS = 5_000;

type Bed = Awaited<ReturnType<typeof createBed>>;
const createBed = () => createTestBed(HelloWorldActivity);

async function run(bed: Bed): Promise<void> {
  const { status } = await bed.run({ who: 'hoge' });
  if (status !== 'succeeded') throw new Error('HelloWorld failed');
}

/** Beds that each ran a task. */
async function useBeds(): Promise<Bed[]> {
  const beds: Bed[] = [];
  for (let n = 0; n < BEDS; n++) {
    const bed = await createBed();
    await run(bed);
    beds.push(bed);
  }
  return beds;
}

async function timed<T>(work: () => Promise<T>): Promise<[number, T]> {
  const from = performance.now();
  const result = await work();
  return [performance.now() - from, result];
}

/** Twice, and a turn of the loop between: what is finalised in one collection is gone after the next. */
async function heap(): Promise<number> {
  globalThis.gc?.();
  await new Promise((resolve) => setImmediate(resolve));
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

/** The beds go out of scope when this returns. */
async function measureHeld(): Promise<number> {
  const before = await heap();
  const beds = await useBeds();
  return ((await heap()) - before) / beds.length;
}

async function find(): Promise<BedFindings> {
  const [firstBedMs, bed] = await timed(createBed);
  const [firstRunMs] = await timed(() => run(bed));
  const [secondRunMs] = await timed(() => run(bed));
  // Until everything is compiled and every cache filled.
  await useBeds();
  const [bedsMs] = await timed(async () => {
    for (let n = 0; n < BEDS; n++) await createBed();
  });
  const [runsMs] = await timed(async () => {
    for (let n = 0; n < RUNS; n++) await run(bed);
  });
  const before = await heap();
  const heldBytes = await measureHeld();
  const leakedBytes = ((await heap()) - before) / BEDS;
  return {
    ...{ firstBedMs, firstRunMs, secondRunMs, heldBytes, leakedBytes },
    bedMs: bedsMs / BEDS,
    runMs: runsMs / RUNS,
  };
}

process.send?.({ answer: await find() });
process.disconnect();
