import { flushLog } from '../../base/log/log-output.js';
import { writeErrorSync } from '../../base/log/stdio.js';
import type { WorkerStatus } from '../../worker/observe/status.js';
import { exitNow } from './exit-now.js';

/** Ends the process once the last lines of the log are written, or after a second. */
export async function exit(code: number): Promise<never> {
  await flushLog();
  exitNow(code);
}

/**
 * Reports on stderr the tasks in flight where the process exits before its worker has stopped: by `process.exit()` in
 * user code, or a second signal. An exit code of 0 becomes 1.
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
