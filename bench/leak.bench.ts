import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Benchmark, Measured } from './benchmark.js';
import { removeProject, type Running, start } from './support/hello/candidates.js';
import { startStub, type Stub } from './support/hello/stub.js';
import { until } from './support/until.js';

const TASKS = 500_000;
/** Code is compiled and tables have grown by then. */
const FIRST = 50_000;
const IN_FLIGHT = 100;
/** For all of them: at the pace of a busy machine. */
const LIMIT_MS = 15 * 60_000;
const ANSWER_MS = 20_000;
/** The time in which open calls end once polls are held back. */
const CALM_MS = 1_500;
/** The most that the heap may grow after {@link FIRST}, as a factor. */
const PROMISED = 1.05;
const TOLD = fileURLToPath(new URL('support/hello/heap-told.js', import.meta.url));

/** The heap after a collection, with no task in flight, in bytes. */
async function heapOf(worker: Running, stub: Stub, file: string): Promise<number> {
  await stub.hold(true);
  await sleep(CALM_MS);
  rmSync(file, { force: true });
  process.kill(worker.pid, 'SIGUSR2');
  await until(async () => existsSync(file), ANSWER_MS, 20);
  const heap = Number(readFileSync(file, 'utf8'));
  await stub.hold(false);
  return heap;
}

export default {
  title: `the heap of one worker over ${TASKS.toLocaleString('en')} tasks; --tasks N`,
  run: async (args): Promise<Measured[]> => {
    const tasks = args.includes('--tasks') ? Number(args[args.indexOf('--tasks') + 1]) : TASKS;
    const dir = mkdtempSync(join(tmpdir(), 'stepwright-bench-heap-'));
    const file = join(dir, 'heap');
    const stub = await startStub();
    const worker = start('Stepwright', {
      ...{ url: stub.url, inFlight: IN_FLIGHT, env: { BENCH_HEAP_FILE: file } },
      node: ['--expose-gc', '--import', TOLD],
    });
    const began = performance.now();
    const heaps: number[] = [];
    try {
      for (let due = FIRST; due <= tasks; due += FIRST) {
        const left = LIMIT_MS - (performance.now() - began);
        await until(async () => (await stub.counted()).accepted >= due, left, 50);
        heaps.push(await heapOf(worker, stub, file));
        console.error(`  after ${due.toLocaleString('en')}: ${megabytes(heaps.at(-1))} MB`);
      }
    } finally {
      await worker.stop();
      await stub.stop();
      rmSync(dir, { recursive: true });
      removeProject();
    }
    const [first = Number.NaN] = heaps;
    const last = heaps.at(-1) ?? Number.NaN;
    return [
      {
        what: `heap after a collection, after ${tasks.toLocaleString('en')} tasks`,
        unit: 'MB',
        better: 'lower',
        ours: {
          who: 'Stepwright',
          value: megabytes(last),
          note: `after ${FIRST.toLocaleString('en')}: ${megabytes(first)} MB`,
        },
        promised: megabytes(first * PROMISED),
        rivals: [],
      },
    ];
  },
} satisfies Benchmark;

const megabytes = (bytes = Number.NaN): number => Math.round(bytes / 1e4) / 100;
