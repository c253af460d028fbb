import type { ChildProcess } from 'node:child_process';
import { Reaper } from '../../base/reaper.js';
import { systemClock } from '../../base/time/clock.js';
import { within } from '../../base/time/wait.js';
import type { Exit } from './program-exit.js';

/**
 * The process groups that this thread has started and that still run, as negative numbers. They end with this thread in
 * any case.
 */
const groups = new Reaper();

/** The longest that a child's pipes are read after its exit: a process that the child started may hold them open. */
const PIPES_MS = 250;

/** A child process and the process group that it leads. The group ends with this thread or process, in whatever way. */
export class ProcessGroup {
  /** Resolves when the child has exited. Rejects where it could not be started. */
  readonly exit: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  /**
   * The number of the group; undefined where there is none, or none any more: another group may have its number by
   * then.
   */
  #id: number | undefined;

  /** @param child must have been started with `detached: true` */
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

  /**
   * Sends a signal to every process of the group; 0 sends none and only asks.
   * @returns true where there is such a process.
   */
  signal(signal: 'SIGTERM' | 'SIGKILL' | 0): boolean {
    return this.#id !== undefined && signalGroup(this.#id, signal);
  }

  /** Notes that the group has ended, so that it is signalled no more. */
  forget(): void {
    if (this.#id !== undefined) unregister(this.#id);
    this.#id = undefined;
  }

  /** Resolves when the output that the child wrote before its exit was read; after {@link PIPES_MS} at the latest. */
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

/** Kills every process group that still runs, as this process exits. */
function killAll(): void {
  for (const group of groups.targets) signalGroup(-group, 'SIGKILL');
}
