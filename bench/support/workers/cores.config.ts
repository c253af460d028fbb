import { pbkdf2Sync } from 'node:crypto';
import { Activity, defineConfig, Handle } from '../../../src/framework/index.js';

interface Job {
  /** Rounds of a key derivation: processor time and nothing else. */
  readonly rounds?: number;
}

@Activity('${BENCH_ACTIVITY_ARN}')
class Computes {
  @Handle({ input: 'any' })
  run({ rounds = 0 }: Job): string {
    return rounds > 0 ? pbkdf2Sync('password', 'salt', rounds, 32, 'sha256').toString('hex') : '';
  }
}

/** The worker's other tasks. */
@Activity('${BENCH_ACTIVITY_ARN}Quick')
class Quick {
  @Handle({ input: 'any', run: 'main', concurrency: 10 })
  run(): string {
    return 'done';
  }
}

export default defineConfig({
  activities: [Computes, Quick],
  workerName: process.env['BENCH_WORKER_NAME'] ?? 'cores',
  handlers: {
    'Computes.run': { run: process.env['BENCH_RUN'] as 'main' | 'thread' | 'process', concurrency: 2 },
    'Quick.run': { run: 'main', concurrency: 10 },
  },
  pool: { threads: 2, processes: 2 },
});
