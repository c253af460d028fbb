import { type Config, createWorker, type Worker } from 'stepwright';
import type { LocalService } from 'stepwright/local';
import { createTappedLog } from '../../src/framework/base/log/log.js';
import { TaskLog } from '../../src/framework/cli/start/task-log.js';

/** A worker that sends what its tasks log to a local service, as the command `start` runs one. */
export class LoggedWorker {
  private constructor(
    private readonly service: LocalService,
    private readonly worker: Worker,
    private readonly taskLog: TaskLog,
    private readonly done: Promise<void>,
  ) {}

  static async run(service: LocalService, config: Config): Promise<LoggedWorker> {
    const taskLog = new TaskLog();
    const log = createTappedLog({ destination: { write: () => {} } }, (line) => taskLog.add(line));
    const worker = await createWorker({ endpoint: service.url, ...config }, { log });
    await taskLog.follow(worker, { kind: 'local', url: service.url });
    return new LoggedWorker(service, worker, taskLog, worker.run());
  }

  async stop(): Promise<void> {
    this.service.endPolls();
    await this.worker.stop();
    await this.done;
    await this.taskLog.close();
  }
}
