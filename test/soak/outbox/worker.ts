import 'reflect-metadata';
import { appendFileSync } from 'node:fs';
import { Activity, createLog, createWorker, Handle, type TaskContext } from '../../../src/framework/index.js';
import { systemClock } from '../../../src/framework/base/time/clock.js';
import { storeAt } from './soak-store.js';

// One worker of the soak of the outbox. It writes down what is finished and what is kept before anything else happens to
// it, so that it is known when the process is killed.
const { SOAK_URL = '', SOAK_ARN = '', SOAK_NAME = '', SOAK_STORE = '', SOAK_SAID = '' } = process.env;

const TASK_MS = 300;

/** The number of each task's execution, by its token. */
const numbers = new Map<string, number>();
const say = (what: string, token: string): void =>
  appendFileSync(SOAK_SAID, `${what} ${numbers.get(token) ?? ''}\n`);

@Activity(SOAK_ARN, { concurrency: 10, heartbeat: '10s' })
class Work {
  @Handle({ input: 'any' })
  async run({ n }: { n: number }, task: TaskContext): Promise<unknown> {
    numbers.set(task.token, n);
    await systemClock.sleep(TASK_MS, task.signal);
    return { done: n };
  }
}

const store = storeAt(SOAK_STORE);
const worker = await createWorker(
  { activities: [Work], endpoint: SOAK_URL, workerName: SOAK_NAME, ...(store && { outbox: { store } }) },
  { log: createLog({ level: 'info' }) },
);
worker.on('task:settled', ({ token }) => say('finished', token));
worker.on('outbox:kept', ({ token }) => say('kept', token));
worker.on('outbox:unkept', ({ token }) => say('unkept', token));
process.on('SIGTERM', () => void worker.stop().then(() => process.exit(0)));
await worker.run();
