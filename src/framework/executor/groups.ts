import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';

/**
 * A program of a shell that knows our process groups by what it reads, `+ 12` and `- 12`. When nothing more can come,
 * because this thread or this process is no more, however it ended, it ends all that are left.
 */
const KEEPER = `trap '' INT TERM HUP QUIT
groups=' '
while read -r what group; do
  case $what in
    +) groups="$groups$group " ;;
    -) case $groups in *" $group "*) groups="\${groups%% $group *} \${groups#* $group }" ;; esac ;;
  esac
done
for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done`;

/** Those that live, in this thread. */
const groups = new Set<number>();
let keeper: ChildProcess | undefined;

/** From now on the group ends with this thread or process, whatever ends that. */
export function keepGroup(group: number | undefined): void {
  if (group === undefined) return;
  if (groups.size === 0) process.on('exit', endAll);
  groups.add(group);
  if (process.platform === 'win32') return;
  if (keeper) return void keeper.stdin?.write(`+ ${group}\n`);
  keeper = startKeeper();
  for (const each of groups) keeper.stdin?.write(`+ ${each}\n`);
}

/** The group has ended, or is somebody else's to end. */
export function letGroupGo(group: number | undefined): void {
  if (group === undefined || !groups.delete(group)) return;
  if (groups.size === 0) process.off('exit', endAll);
  keeper?.stdin?.write(`- ${group}\n`);
}

/** Signals every process of a group; 0 only asks. @returns whether there was any. */
export function endGroup(group: number | undefined, signal: 'SIGTERM' | 'SIGKILL' | 0): boolean {
  if (group === undefined) return false;
  try {
    // There are no process groups on Windows: the one process must do.
    return process.kill(process.platform === 'win32' ? group : -group, signal);
  } catch {
    return false;
  }
}

function startKeeper(): ChildProcess {
  const child = spawn('/bin/sh', ['-c', KEEPER], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  // Where there is no shell, or somebody ends it, the next group gets another.
  const lost = (): void => {
    if (keeper === child) keeper = undefined;
  };
  child.on('error', lost).on('exit', lost);
  child.stdin.on('error', () => {});
  child.unref();
  // Node's own type does not say that a pipe is a socket.
  (child.stdin as unknown as Socket).unref();
  return child;
}

/** At once, where there is still time for it. */
function endAll(): void {
  for (const group of groups) endGroup(group, 'SIGKILL');
}
