import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { systemClock } from '../../base/time/clock.js';
import { within } from '../../base/time/wait.js';
import type { Exit } from './program-exit.js';

/**
 * A shell program that reads `+ 12` and `- 12` and so keeps a list of process groups. When its input ends, because this
 * thread or process has ended in whatever way, it kills every group that is left.
 */
const REAPER = `trap '' INT TERM HUP QUIT
groups=' '
while read -r what group; do
  case $what in
    +) groups="$groups$group " ;;
    -) case $groups in *" $group "*) groups="\${groups%% $group *} \${groups#* $group }" ;; esac ;;
  esac
done
for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done`;

/** The groups that this thread has started and that still run. */
const groups = new Set<number>();
let reaper: ChildProcess | undefined;

/** The longest that the pipes of a child are read after its exit: a process that it started may hold them open. */
const PIPES_MS = 250;

/** A child process and the process group that it leads. The group ends with this thread or process, in whatever way. */
export class ProcessGroup {
  /** Resolves when the child has exited. Rejects where it could not be started. */
  readonly exit: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  /** Undefined where there is no group, or none any more: its number may be another group's by then. */
  #id: number | undefined;

  /** @param child started with `detached: true` */
  constructor(child: ChildProcess) {
    this.#child = child;
    this.#id = child.pid;
    if (child.pid !== undefined) register(child.pid);
    this.#closed = new Promise((resolve) => child.once('close', resolve));
    this.exit = new Promise((resolve, reject) => {
      child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
      child.on('error', (error) => {
        // The error of a child that runs is only a message that could not be sent.
        if (child.pid === undefined) reject(error);
      });
    });
  }

  /** Signals every process of the group; 0 only asks. @returns whether there was any. */
  signal(signal: 'SIGTERM' | 'SIGKILL' | 0): boolean {
    return this.#id !== undefined && signalGroup(this.#id, signal);
  }

  /** Notes that the group has ended: it is signalled no more. */
  forget(): void {
    if (this.#id !== undefined) unregister(this.#id);
    this.#id = undefined;
  }

  /** Resolves when what the child wrote before its exit was read. */
  async readPipes(): Promise<void> {
    await within(systemClock, PIPES_MS, this.#closed);
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
  }
}

function register(group: number): void {
  if (groups.size === 0) process.on('exit', killAll);
  groups.add(group);
  if (process.platform === 'win32') return;
  if (reaper) return void reaper.stdin?.write(`+ ${group}\n`);
  reaper = startReaper();
  for (const each of groups) reaper.stdin?.write(`+ ${each}\n`);
}

function unregister(group: number): void {
  groups.delete(group);
  if (groups.size === 0) process.off('exit', killAll);
  reaper?.stdin?.write(`- ${group}\n`);
}

function signalGroup(group: number, signal: 'SIGTERM' | 'SIGKILL' | 0): boolean {
  try {
    // Windows has no process groups: only the child itself is signalled.
    return process.kill(process.platform === 'win32' ? group : -group, signal);
  } catch {
    return false;
  }
}

function startReaper(): ChildProcess {
  const child = spawn('/bin/sh', ['-c', REAPER], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  // A reaper that is lost, or can't be started without a shell, is started again with the next group.
  const lost = (): void => {
    if (reaper === child) reaper = undefined;
  };
  child.on('error', lost).on('exit', lost);
  child.stdin.on('error', () => {});
  child.unref();
  // Node's own type does not say that a pipe is a socket.
  (child.stdin as unknown as Socket).unref();
  return child;
}

/** Kills every group at once, where the process still has time for it. */
function killAll(): void {
  for (const group of groups) signalGroup(group, 'SIGKILL');
}
