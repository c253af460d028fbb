import { flushLog } from '../../base/log/log-output.js';
import { writeErrorSync } from '../../base/log/stdio.js';
import type { WorkerStatus } from '../../worker/observe/status.js';
import { exitNow } from './exit-now.js';

/** Exits the process when the last lines of the log are written, but after one second at the latest. */
export async function exit(code: number): Promise<never> {
  await flushLog();
  exitNow(code);
}

/**
 * From now on, if the process exits before its worker has stopped, reports the tasks in flight on stderr and changes an
 * exit code of 0 to 1. Such an exit happens if user code calls `process.exit()`, or at a second stop signal.
 */
export function watchExit(status: () => Pick<WorkerStatus, 'state' | 'tasks'>): void {
  process.on('exit', (code) => {
    const { state, tasks } = status();
    if (state === 'stopped' || tasks.length === 0) return;
    writeErrorSync(
      `The process ends (${code}) with ${tasks.length} task(s) in flight, left to their timeouts: ${countByHandler(tasks)}`,
    );
    if (code === 0) process.exitCode = 1;
  });
}

function countByHandler(tasks: WorkerStatus['tasks']): string {
  const counts = new Map<string, number>();
  for (const { handler } of tasks) counts.set(handler, (counts.get(handler) ?? 0) + 1);
  return [...counts].map(([handler, count]) => `${handler} (${count})`).join(', ');
}
