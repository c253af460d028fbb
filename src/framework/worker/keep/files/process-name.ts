import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * Names of what one process holds: `MACHINE,PID,START,ID`. By such a name another process of the same machine knows
 * for certain that the holder has ended. A container with process ids of its own counts as another machine.
 */
const read = (of: () => string): string => {
  try {
    return of();
  } catch {
    return '';
  }
};

const machine = createHash('sha256')
  .update(read(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')) || hostname())
  .update(read(() => readlinkSync('/proc/self/ns/pid')))
  .digest('hex')
  .slice(0, 12);

/** Returns the time at which a process was started, in ticks since the machine's start; empty if that isn't known. */
function startOf(pid: number): string {
  const stat = read(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  // The second field is the program's name in brackets, and may contain spaces and brackets.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

const own = `${machine},${process.pid},${startOf(process.pid)}`;

/** Returns text that no other process uses. */
export const uniqueId = (): string => randomBytes(9).toString('base64url').replaceAll('-', '.');

/** Returns a new name for something that this process holds. */
export const newHolder = (): string => `${own},${uniqueId()}`;

/** Returns true if the process of this name has certainly ended. */
export function hasEnded(holder: string): boolean {
  const [where, pid, start] = holder.split(',');
  if (where !== machine || !/^\d+$/.test(pid ?? '')) return false;
  return !isAlive(Number(pid)) || startOf(Number(pid)) !== start;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
