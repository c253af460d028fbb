import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { systemClock } from '../../base/time/clock.js';
import { within } from '../../base/time/wait.js';

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

/** How a child ended. */
export interface Exit {
  /** Null where a signal ended it, or it was never started. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** How a program, a thread or a process of a pool ended. */
export interface ProgramEnd extends Exit {
  /** The end of what it wrote to standard error. */
  readonly stderr: string;
}

/** The parts of an end that are known, for a failure's cause. */
export const endData = ({ exitCode, signal, stderr }: ProgramEnd): object => ({
  ...(exitCode !== null && { exitCode }),
  ...(signal !== null && { signal }),
  ...(stderr !== '' && { stderr }),
});

/** How long the pipes of a child that has ended are read: somebody whom it started may hold them open. */
const PIPES_MS = 250;

/** A child that was started as the leader of a process group, which ends with this thread or process, whatever ends that. */
export class GroupLeader {
  /** Resolves when it has ended. Rejects where it could not be started. */
  readonly exit: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  /** Undefined where there is none, or none any more: the number may be somebody else's by then. */
  #group: number | undefined;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#group = child.pid;
    if (child.pid !== undefined) keep(child.pid);
    this.#closed = new Promise((resolve) => child.once('close', resolve));
    this.exit = new Promise((resolve, reject) => {
      child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
      child.on('error', (error) => {
        // One that runs was only not sent a message.
        if (child.pid === undefined) reject(error);
      });
    });
  }

  /** Signals every process of the group; 0 only asks. @returns whether there was any. */
  signal(signal: 'SIGTERM' | 'SIGKILL' | 0): boolean {
    return this.#group !== undefined && signalGroup(this.#group, signal);
  }

  /** The group has ended. Nobody is signalled any more. */
  letGo(): void {
    if (this.#group !== undefined) forget(this.#group);
    this.#group = undefined;
  }

  /** Resolves when what it wrote before its end was read. */
  async readPipes(): Promise<void> {
    await within(systemClock, PIPES_MS, this.#closed);
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
  }
}

function keep(group: number): void {
  if (groups.size === 0) process.on('exit', endAll);
  groups.add(group);
  if (process.platform === 'win32') return;
  if (keeper) return void keeper.stdin?.write(`+ ${group}\n`);
  keeper = startKeeper();
  for (const each of groups) keeper.stdin?.write(`+ ${each}\n`);
}

function forget(group: number): void {
  groups.delete(group);
  if (groups.size === 0) process.off('exit', endAll);
  keeper?.stdin?.write(`- ${group}\n`);
}

function signalGroup(group: number, signal: 'SIGTERM' | 'SIGKILL' | 0): boolean {
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
  for (const group of groups) signalGroup(group, 'SIGKILL');
}
