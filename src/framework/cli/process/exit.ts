import { flushLog } from '../../base/log/log-output.js';
import { writeErrorSync } from '../../base/log/stdio.js';
import type { WorkerStatus } from '../../base/worker-status.js';
import { exitNow } from './signals.js';

/** Exits the process when the last lines of the log are written, but after one second at the latest. */
export async function exit(code: number): Promise<never> {
  await flushLog();
  exitNow(code);
}

/**
 * Reports the tasks in flight on stderr if the process exits before its worker has stopped, as after `process.exit()`
 * in user code or a second stop signal. Changes an exit code of 0 to 1.
 */
export function watchExit(status: () => Pick<WorkerStatus, 'state' | 'handlers' | 'tasksInFlight'>): void {
  process.on('exit', (code) => {
    const { state, handlers, tasksInFlight } = status();
    if (state === 'stopped' || tasksInFlight === 0) return;
    writeErrorSync(
      `The process ends (${code}) with ${tasksInFlight} task(s) in flight, left to their timeouts: ${countByHandler(handlers)}`,
    );
    if (code === 0) process.exitCode = 1;
  });
}

const countByHandler = (handlers: WorkerStatus['handlers']): string =>
  handlers
    .flatMap(({ name, running, undelivered }) => {
      const count = running + undelivered;
      return count > 0 ? `${name} (${count})` : [];
    })
    .join(', ');
