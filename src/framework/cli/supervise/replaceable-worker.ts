import type { Abortable } from '../../base/abort.js';
import { unlessAborted } from '../../base/time/wait.js';
import type { ProcessExit, RunOptions, WorkerProcess } from './worker-process.js';

export interface ReplaceableWorkerOptions {
  readonly fork: () => WorkerProcess;
  /** Called just before a process is asked to drain, that is, to finish its tasks and take no more. */
  readonly onDrain: (worker: WorkerProcess) => void;
  /** Called when the process that took tasks has exited, without being asked to drain. */
  readonly onLost: (exit: ProcessExit) => void;
}

/**
 * A worker in a process of its own, which another process can replace. The old process finishes its tasks while the new
 * one already takes some. If the process exits, no other is started by itself.
 */
export class ReplaceableWorker {
  /** The process that takes tasks; undefined if there is none. */
  current: WorkerProcess | undefined;
  /** All processes that have not exited, including those that are starting or draining. */
  readonly processes = new Set<WorkerProcess>();
  readonly #options: ReplaceableWorkerOptions;
  readonly #draining = new WeakSet<WorkerProcess>();
  /** A process that has loaded its modules and waits for the request to run a worker. Undefined if there is none. */
  #spare: WorkerProcess | undefined;

  constructor(options: ReplaceableWorkerOptions) {
    this.#options = options;
  }

  /** Forks the process that the next call of {@link replace} will use, so that its modules are loaded by then. */
  preload(): void {
    this.#spare ??= this.#fork();
  }

  /**
   * Starts a new process. The process that ran before keeps running until the new one takes tasks, and then drains. If
   * this method throws, it stays.
   * @param signal aborts if the new process isn't wanted any more. It is then killed
   * @throws NotStarted if the new process doesn't start
   * @throws whatever `onPlanned` throws, and the reason of `signal` if it aborts
   */
  async replace(options: RunOptions, signal: Abortable): Promise<WorkerProcess> {
    const next = this.#spare ?? this.#fork();
    this.#spare = undefined;
    try {
      await unlessAborted(signal, next.run(options));
    } catch (error) {
      next.kill();
      throw error;
    }
    const old = this.current;
    this.current = next;
    if (old) this.#drain(old);
    return next;
  }

  /** Asks every process to finish its tasks and to exit. Resolves when all have exited. */
  async end(): Promise<void> {
    this.#spare?.kill();
    for (const worker of this.processes) this.#drain(worker);
    await Promise.all([...this.processes].map(({ ended }) => ended));
  }

  kill(): void {
    for (const worker of this.processes) worker.kill();
  }

  #fork(): WorkerProcess {
    const worker = this.#options.fork();
    this.processes.add(worker);
    void worker.ended.then((exit) => {
      this.processes.delete(worker);
      if (this.#spare === worker) this.#spare = undefined;
      if (this.current !== worker) return;
      this.current = undefined;
      if (!this.#draining.has(worker)) this.#options.onLost(exit);
    });
    return worker;
  }

  #drain(worker: WorkerProcess): void {
    if (this.#draining.has(worker)) return;
    this.#draining.add(worker);
    this.#options.onDrain(worker);
    worker.drain();
  }
}
