import { setTimeout as sleep } from 'node:timers/promises';
import { Activity, defineConfig, Handle } from '../../../src/framework/index.js';

/** One worker with three handlers: a crowd of patient tasks, and two that are not. */
interface Job {
  readonly sleepMs: number;
}

const work = async ({ sleepMs }: Job): Promise<null> => {
  await sleep(sleepMs);
  return null;
};

@Activity('${BENCH_ACTIVITY_ARN}Patient')
class Patient {
  @Handle({ input: 'any', heartbeat: '20s', concurrency: 6_000, pollers: { min: 1, max: 100 } })
  run(job: Job): Promise<null> {
    return work(job);
  }
}

@Activity('${BENCH_ACTIVITY_ARN}Brisk')
class Brisk {
  @Handle({ input: 'any', heartbeat: '1s', concurrency: 50 })
  run(job: Job): Promise<null> {
    return work(job);
  }
}

@Activity('${BENCH_ACTIVITY_ARN}Tight')
class Tight {
  @Handle({ input: 'any', heartbeat: '300ms', concurrency: 5 })
  run(job: Job): Promise<null> {
    return work(job);
  }
}

export default defineConfig({
  activities: [Patient, Brisk, Tight],
  workerName: process.env['BENCH_WORKER_NAME'] ?? 'intervals',
  heartbeatRate: 500,
});
