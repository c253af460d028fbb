import type { ChildProcess } from 'node:child_process';
import { Reaper } from '../../base/reaper.js';
import { systemClock } from '../../base/time/clock.js';
import { within } from '../../base/time/wait.js';
import type { Exit } from './program-exit.js';

/** The groups that this thread has started and that still run, as negative numbers. They end with it in any case. */
const groups = new Reaper();

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
  groups.add(-group);
}

function unregister(group: number): void {
  groups.remove(-group);
  if (groups.size === 0) process.off('exit', killAll);
}

function signalGroup(group: number, signal: 'SIGTERM' | 'SIGKILL' | 0): boolean {
  try {
    // Windows has no process groups: only the child itself is signalled.
    return process.kill(process.platform === 'win32' ? group : -group, signal);
  } catch {
    return false;
  }
}

/** Kills every group at once, where the process still has time for it. */
function killAll(): void {
  for (const group of groups.targets) signalGroup(-group, 'SIGKILL');
}
