import type { ChildProcess } from 'node:child_process';
import { Reaper } from '../../base/reaper.js';
import { systemClock } from '../../base/time/clock.js';
import { within } from '../../base/time/wait.js';
import type { Exit } from './program-exit.js';

/**
 * Kills the process groups that this thread has started and that are still running, however the thread ends. Contains
 * the groups' numbers as negative numbers, as `process.kill` expects them.
 */
const groups = new Reaper();

/**
 * The longest time for which a child's output is still read after its exit. The pipes may stay open for longer, if a
 * process that the child has started uses them.
 */
const PIPES_MS = 250;

/**
 * A child process and its process group, to which the processes that it starts belong too. When this thread or process
 * ends, in whatever way, the whole group is killed.
 */
export class ProcessGroup {
  /** Resolves when the child has exited. Rejects if the child couldn't be started. */
  readonly exit: Promise<Exit>;
  readonly #closed: Promise<unknown>;
  /**
   * The id of the process group. Undefined if there was never a group, or once it has ended: the system may then reuse
   * the id for another group, which must not get our signals.
   */
  #id: number | undefined;

  /** @param child a process that was started with `detached: true` */
  constructor(private readonly child: ChildProcess) {
    this.#id = child.pid;
    if (child.pid !== undefined) register(child.pid);
    this.#closed = new Promise((resolve) => child.once('close', resolve));
    this.exit = new Promise((resolve, reject) => {
      child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
      child.on('error', (error) => {
        // If the child is running, the error only means that a message couldn't be sent.
        if (child.pid === undefined) reject(error);
      });
    });
  }

  /**
   * Sends a signal to every process of the group. With 0, sends nothing and only checks if there is one.
   * @returns true if the group has a process.
   */
  signal(signal: 'SIGTERM' | 'SIGKILL' | 0): boolean {
    return this.#id !== undefined && signalGroup(this.#id, signal);
  }

  /** Records that the group has ended, so that no more signals are sent to it. */
  forget(): void {
    if (this.#id !== undefined) unregister(this.#id);
    this.#id = undefined;
  }

  /** Resolves when the output that the child wrote before its exit was read, or after {@link PIPES_MS}. */
  async readPipes(): Promise<void> {
    await within(systemClock, PIPES_MS, this.#closed);
    this.child.stdout?.destroy();
    this.child.stderr?.destroy();
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

/** Kills every process group that is still running. Called when this process exits. */
function killAll(): void {
  for (const group of groups.targets) signalGroup(-group, 'SIGKILL');
}
