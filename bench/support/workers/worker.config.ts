import { writeFileSync } from 'node:fs';
import { Activity, defineConfig, Handle, type TaskContext } from '../../../src/framework/index.js';

/** The work of a benchmark's task. */
interface Job {
  readonly n?: number;
  readonly sleepMs?: number;
  /** The time for which it blocks the event loop. */
  readonly blockMs?: number;
  /** True where its result has the time of its decision. */
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

/** Only the first to create a file blocks, so that the task, run again elsewhere, does not block there. */
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
