import type { Benchmark, Findings } from './benchmark.js';
import { type Candidate, removeProject, start } from './support/hello/candidates.js';
import { startStub } from './support/hello/stub.js';
import { round } from './support/show/table.js';
import { until } from './support/until.js';

const TASKS = 10_000;
const HEAP_MB = 1_024;
/** About 250 KB. */
const RECORDS = 1_850;
const SLEEP_MS = 1_000;
const LIMIT_MS = 5 * 60_000;

interface Trial {
  readonly who: string;
  readonly candidate: Candidate;
  readonly env?: Readonly<Record<string, string>>;
}

const TRIALS: readonly Trial[] = [
  { who: 'Stepwright', candidate: 'Stepwright' },
  { who: 'bare loop', candidate: 'bare loop' },
];

interface Outcome {
  readonly done: number;
  readonly died: boolean;
  readonly peakMb: number;
  readonly seconds: number;
}

/** Runs the tasks in a worker with a slot for each, until all are done or the worker has ended. */
async function trial({ candidate, env }: Trial): Promise<Outcome> {
  const stub = await startStub({ records: RECORDS, tasks: TASKS, sleepMs: SLEEP_MS });
  const began = performance.now();
  const worker = start(candidate, {
    ...{ url: stub.url, inFlight: TASKS, node: [`--max-old-space-size=${HEAP_MB}`] },
    env: { BENCH_WHOLE: 'true', STEPWRIGHT_LOG_LEVEL: 'warn', ...env },
  });
  let peakMb = 0;
  let done = 0;
  try {
    await until(
      async () => {
        done = (await stub.counted()).accepted;
        if (!worker.hasEnded()) peakMb = Math.max(peakMb, worker.peakMb() || 0);
        return done >= TASKS || worker.hasEnded();
      },
      LIMIT_MS,
      100,
    );
    return { done, died: worker.hasEnded(), peakMb, seconds: (performance.now() - began) / 1_000 };
  } finally {
    await worker.stop();
    await stub.stop();
  }
}

export default {
  title: `${TASKS} tasks with inputs of 250 KB in one worker with as many slots, on a heap of ${HEAP_MB} MB`,
  run: async (): Promise<Findings> => {
    const outcomes: Outcome[] = [];
    try {
      for (const each of TRIALS) outcomes.push(await trial(each));
    } finally {
      removeProject();
    }
    const rows = TRIALS.map(({ who }, i) => {
      const { done = 0, died = true, peakMb = 0, seconds = 0 } = outcomes[i] ?? {};
      return [who, String(done), died ? 'yes' : 'no', `${round(peakMb)} MB`, `${round(seconds)} s`];
    });
    const lost = TASKS - (outcomes[0]?.done ?? 0);
    return {
      tables: [
        { title: 'Memory', columns: ['worker', 'tasks done', 'heap full', 'most memory', 'after'], rows },
      ],
      broken: lost === 0 ? [] : [`${lost} tasks were lost with a full heap, promised none`],
      measured: outcomes,
    };
  },
} satisfies Benchmark;
