import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * Names of what one thread holds: `MACHINE,PID,TASK,START,ID`. By such a name another process of the same machine knows
 * for certain that the holder has ended. A container with process ids of its own counts as another machine.
 */
function read(of: () => string): string {
  try {
    return of();
  } catch {
    return '';
  }
}

const machine = createHash('sha256')
  .update(read(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')) || hostname())
  .update(read(() => readlinkSync('/proc/self/ns/pid')))
  .digest('hex')
  .slice(0, 12);

/** Returns the time at which a thread was started, in ticks since the machine's start; empty if there is none. */
function startOf(pid: string, task: string): string {
  const stat = read(() => readFileSync(`/proc/${pid}/task/${task}/stat`, 'latin1'));
  // The second field is the program's name in brackets, and may contain spaces and brackets.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

const [pid = '', task = ''] = read(() => readlinkSync('/proc/thread-self')).split('/task/');
const own = `${machine},${pid},${task},${startOf(pid, task)}`;

/** Returns text that no other process uses. */
export const uniqueId = (): string => randomBytes(9).toString('base64url');

/** Returns a new name for something that this thread holds. */
export const newHolder = (): string => `${own},${uniqueId()}`;

/** Tells if the thread of this name has ended. `unknown`: it is another machine's, or this system is not Linux. */
export function stateOf(holder: string): 'alive' | 'ended' | 'unknown' {
  const [where, pidOf = '', taskOf = '', start = ''] = holder.split(',');
  if (where !== machine || start === '') return 'unknown';
  return startOf(pidOf, taskOf) === start ? 'alive' : 'ended';
}
