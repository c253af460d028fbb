import { readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

/** Returns the operating system's id of the calling thread; undefined if the system doesn't provide it. */
export function ownThreadId(): string | undefined {
  try {
    return basename(readlinkSync('/proc/thread-self'));
  } catch {
    return undefined;
  }
}

/**
 * Returns the milliseconds of processor time that one thread of this process has used. On a system that doesn't provide
 * this number, returns the processor time of the whole process. A difference of two such values is never less than the
 * time that the thread has used.
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
