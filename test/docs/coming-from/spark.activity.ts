import { setTimeout as sleep } from 'node:timers/promises';
import { IsNotEmpty, IsString } from 'class-validator';
import { Activity, ActivityFailure, Handle, type TaskContext } from 'stepwright';
import { Livy } from './livy.js';

export class SparkJob {
  @IsString() @IsNotEmpty() file!: string;
}

@Activity('${SPARK_ACTIVITY_ARN}', { concurrency: 20 })
export class SparkActivity {
  constructor(private readonly livy: Livy) {}

  @Handle({ throws: ['SparkJobFailed'] })
  async run(job: SparkJob, task: TaskContext): Promise<{ batchId: number }> {
    const batchId = await this.livy.create(job.file);
    try {
      for (;;) {
        const state = await this.livy.state(batchId);
        if (state === 'success') return { batchId };
        if (state === 'dead')
          throw new ActivityFailure('SparkJobFailed', `batch ${batchId} died`, {
            log: await this.livy.log(batchId),
          });
        await sleep(5_000, undefined, { signal: task.signal });
      }
    } finally {
      if (task.signal.aborted) await this.livy.remove(batchId);
    }
  }
}
