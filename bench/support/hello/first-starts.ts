import { setTimeout as sleep } from 'node:timers/promises';
import type { Running } from './candidates.js';

/** The first start leaves packages for later ones, the second their compiled code. */
export const FIRST_STARTS = 2;
/** A worker writes the packages three seconds after it began. */
const WRITTEN_AFTER_MS = 5_000;
/** The delay of the second signal, by when the worker has begun to drain. */
const SECOND_SIGNAL_MS = 2_000;

/** Ends a worker by two signals, so that it exits by itself. Only then does Node write the code that it has compiled. */
export async function leaveCode(worker: Running): Promise<void> {
  await sleep(WRITTEN_AFTER_MS);
  process.kill(worker.pid, 'SIGTERM');
  await sleep(SECOND_SIGNAL_MS);
  await worker.stop('SIGTERM');
}
