import { writeFileSync } from 'node:fs';
import { Activity, defineConfig, Handle, type TaskContext } from '../../../src/framework/index.js';

/** What a task of the benchmarks is to do. */
interface Job {
  readonly n?: number;
  readonly sleepMs?: number;
  /** How long it blocks the event loop. */
  readonly blockMs?: number;
  /** Whether its result says when it was decided. */
  readonly tellWhen?: boolean;
}

const never = new Int32Array(new SharedArrayBuffer(4));

/** The same job as `bench/rivals/job.js`, as a user of Stepwright writes it. */
@Activity('${BENCH_ACTIVITY_ARN}')
class BenchActivity {
  @Handle({ input: 'any' })
  async run({ n, sleepMs, blockMs, tellWhen }: Job, { signal }: TaskContext): Promise<object> {
    if (blockMs && mayBlock()) Atomics.wait(never, 0, 0, blockMs);
    if (sleepMs) await sleep(sleepMs, signal);
    return { done: n, ...(tellWhen && { decidedAt: performance.timeOrigin + performance.now() }) };
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    });
  });
}

/** Who comes first to a file that nobody has made yet blocks, and nobody after it: a task is then run again elsewhere. */
function mayBlock(): boolean {
  const file = process.env['BENCH_BLOCKS_ONCE'];
  try {
    if (file !== undefined) writeFileSync(file, '', { flag: 'wx' });
    return true;
  } catch {
    return false;
  }
}

const { BENCH_WORKER_NAME: workerName, BENCH_HEARTBEAT_RATE, BENCH_GRACE: grace } = process.env;

export default defineConfig({
  activities: [BenchActivity],
  workerName,
  ...(grace && { grace }),
  ...(BENCH_HEARTBEAT_RATE && { heartbeatRate: Number(BENCH_HEARTBEAT_RATE) }),
});
