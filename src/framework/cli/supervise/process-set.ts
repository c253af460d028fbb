import type { Abortable } from '../../base/abort.js';
import type { Clock } from '../../base/time/clock.js';
import { unlessAborted, within } from '../../base/time/wait.js';
import { SetMember } from './set-member.js';
import type { ProcessExit, RunOptions, WorkerProcess } from './worker-process.js';

/** The parts from which a set of worker processes is made. A set has a fixed number of members, each for one process. */
export interface ProcessSetParts {
  /**
   * The number of members. Each member has one running process, so it is also the number of processes that take
   * tasks at the same time.
   */
  readonly count: number;
  readonly clock: Clock;
  readonly fork: () => WorkerProcess;
  /** Returns the options with which a process is started for a member. */
  readonly runOptions: (member: SetMember) => Omit<RunOptions, 'onPlanned'>;
  /** Called just before a process is asked to drain, that is, to finish its tasks and take no more. */
  readonly onDrain: (worker: WorkerProcess) => void;
  /** Called when a process has exited. */
  readonly onExit: (worker: WorkerProcess, exit: ProcessExit) => void;
}

export interface ReplaceOptions extends Pick<RunOptions, 'onPlanned'> {
  /**
   * Resolves when the new process is ready to replace the old one, which then drains (finishes its tasks). @default as
   * soon as the new process's worker runs
   */
  readonly untilReady?: (next: WorkerProcess) => Promise<unknown>;
  /**
   * Aborts if the new process isn't wanted any more. The process is then killed if its worker doesn't run yet;
   * otherwise it drains (finishes its tasks).
   */
  readonly signal?: Abortable;
}

/**
 * After `endAtOnce`, each process has this many milliseconds to end the child processes that it started. Then it is
 * killed.
 */
const LEAVE_MS = 1_000;

/**
 * Runs worker processes in a fixed number of members, one for each. A new process can replace that of a member,
 * which then drains (finishes its tasks). If a process exits, the set itself doesn't start another.
 */
export class ProcessSet {
  readonly members: readonly SetMember[];
  /** All processes that have not exited, including those that are starting or draining. */
  readonly processes = new Set<WorkerProcess>();
  readonly #parts: ProcessSetParts;
  readonly #draining = new WeakSet<WorkerProcess>();
  /**
   * A process that was started in advance: it has loaded its modules and waits for the request to run a worker.
   * Undefined if there is none.
   */
  #spare: WorkerProcess | undefined;

  constructor(parts: ProcessSetParts) {
    this.#parts = parts;
    this.members = Array.from({ length: parts.count }, (_, index) => new SetMember(index + 1, parts.clock));
  }

  /** Forks the process that the next call of {@link replace} will use, so that its modules are loaded by then. */
  preload(): void {
    this.#spare ??= this.#fork();
  }

  /**
   * Starts a new process for a member. The process that ran there keeps running until the new one is ready, and then
   * drains (finishes its tasks). If this method throws, the old process stays.
   * @throws NotStarted if the new process doesn't start
   * @throws whatever `onPlanned` or `untilReady` throws, and the reason of `signal` if it aborts
   */
  async replace(
    member: SetMember,
    { onPlanned, untilReady, signal }: ReplaceOptions,
  ): Promise<WorkerProcess> {
    const next = this.#spare ?? this.#fork();
    this.#spare = undefined;
    try {
      await unlessAborted(signal, next.run({ ...this.#parts.runOptions(member), onPlanned }));
    } catch (error) {
      next.kill();
      throw error;
    }
    try {
      if (untilReady) await unlessAborted(signal, untilReady(next));
    } catch (error) {
      this.#drain(next);
      throw error;
    }
    // In the meantime, the process that ran as the member may have exited, and another may have taken its place.
    const old = member.current;
    member.fill(next);
    if (old) this.#drain(old);
    return next;
  }

  /** Asks every process to finish its tasks and to exit. */
  drain(): void {
    this.#spare?.kill();
    for (const worker of this.processes) this.#drain(worker);
  }

  /**
   * Ends all processes, and the child processes that they have started, without waiting for tasks. Resolves when all
   * processes of the set have exited.
   */
  async endAtOnce(): Promise<void> {
    for (const worker of this.processes) worker.endAtOnce();
    const exited = this.exited();
    if (!(await within(this.#parts.clock, LEAVE_MS, exited))) this.kill();
    await exited;
  }

  kill(): void {
    for (const worker of this.processes) worker.kill();
  }

  /** Resolves when every process that exists at the time of the call has exited. */
  async exited(): Promise<void> {
    await Promise.all([...this.processes].map(({ ended }) => ended));
  }

  #fork(): WorkerProcess {
    const worker = this.#parts.fork();
    this.processes.add(worker);
    void worker.ended.then((exit) => {
      this.processes.delete(worker);
      if (this.#spare === worker) this.#spare = undefined;
      this.#parts.onExit(worker, exit);
    });
    return worker;
  }

  #drain(worker: WorkerProcess): void {
    if (this.#draining.has(worker)) return;
    this.#draining.add(worker);
    this.#parts.onDrain(worker);
    worker.drain();
  }
}
