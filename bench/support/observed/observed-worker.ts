import { Activity, createLog, Handle, type TaskContext } from '../../../src/framework/index.js';
import { Greeter } from '../../../src/activities/greeter.js';
import { HelloInput } from '../../../src/activities/hello-world.activity.js';
import { silentLog } from '../../../src/framework/base/log/log.js';
import { buildWorker } from '../../../src/framework/worker/build/create-worker.js';
import { makePlan } from '../../../src/framework/worker/build/plan.js';
import { startWorld } from '../../../src/framework/worker/build/start-world.js';
import { ACTIVITY_ARN } from '../service/service.js';
import { IN_FLIGHT } from './loop.js';
import { MemoryService } from './memory-service.js';
import type { Recorded } from './sides.js';
import { registered } from './telemetry.js';

@Activity(ACTIVITY_ARN)
class Hello {
  constructor(private readonly greeter: Greeter) {}

  @Handle()
  async hello({ who }: HelloInput, _task: TaskContext): Promise<{ message: string }> {
    return { message: this.greeter.greet(who) };
  }
}

/** Starts a worker of which one thing is recorded. It has everything else that a worker has. */
export async function startObserved(recorded: Recorded): Promise<MemoryService> {
  const service = new MemoryService();
  const plan = await makePlan({
    config: {
      activities: [Hello],
      endpoint: 'http://127.0.0.1:1',
      concurrency: IN_FLIGHT,
      ...(recorded === 'Prometheus' && { healthPort: 0 }),
    },
    env: {},
    baseDir: process.cwd(),
  });
  const log = recorded === 'log' ? createLog() : silentLog;
  const worker = await buildWorker(plan, { ...startWorld({ log }), open: service.open });
  await registered(recorded, async () => {
    void worker.run();
    // It looks for OpenTelemetry before its first task.
    await service.run(1);
  });
  return service;
}
