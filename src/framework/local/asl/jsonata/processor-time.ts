import { readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

/** Returns the system's id of the calling thread; undefined where the system does not tell. */
export function ownThreadId(): string | undefined {
  try {
    return basename(readlinkSync('/proc/thread-self'));
  } catch {
    return undefined;
  }
}

/**
 * Returns the milliseconds of processor time that a thread of this process has taken. Where the system does not tell,
 * it is that of all threads, which is never less than what one of them takes between two calls.
 */
export function processorMs(threadId: string | undefined): number {
  try {
    const [nanoseconds = ''] = readFileSync(`/proc/self/task/${threadId}/schedstat`, 'utf8').split(' ');
    return Number(nanoseconds) / 1e6;
  } catch {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e3;
  }
}
