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

/** Returns the milliseconds of processor time that a thread of this process has used; undefined if that can't be read. */
export function processorMs(threadId: string | undefined): number | undefined {
  try {
    const [nanoseconds = ''] = readFileSync(`/proc/self/task/${threadId}/schedstat`, 'utf8').split(' ');
    return Number(nanoseconds) / 1e6;
  } catch {
    return undefined;
  }
}
