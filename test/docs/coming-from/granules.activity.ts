import { Activity, Handle, runCommand, type TaskContext } from 'stepwright';

@Activity('${ACTIVITY_ARN}', { concurrency: 1 })
export class GranulesActivity {
  @Handle({ input: 'any' })
  process(_payload: unknown, task: TaskContext): Promise<unknown> {
    return runCommand(task, 'python3', ['process.py'], { inputAs: 'file', outputFrom: 'file' });
  }
}
