import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ChildOutput, streamForChild } from '../../base/log/child-output.js';
import { onChildMessage, sendToChild } from '../../base/process-channel.js';
import type { Finding } from '../../check/finding.js';
import type { MachineSource } from '../../check/source/machine-source.js';
import type { Flags } from '../../config/sources.js';
import type { ResourceAnswer } from '../../asl/runtime/resource.js';
import type { MockCall } from '../../local/resources/mocks.js';
import { Reaper } from '../../base/reaper.js';
import { longestDrain } from '../../worker/worker.js';
import type { WorkerStatus } from '../../base/worker-status.js';
import type { LogFlags } from '../flags/log-flags.js';
import type { FromWorker, PlanSummary, ToWorker } from './messages.js';
import type { Abortable } from '../../base/abort.js';
import { unlessAborted } from '../../base/time/wait.js';

const ENTRY = fileURLToPath(new URL('./worker-entry.js', import.meta.url));

/**
 * If this process has exited, a draining process is killed when it needs this many milliseconds more than a drain may
 * take at most.
 */
const OVERTIME_MS = 1_000;

/**
 * Kills worker processes that outlive this process: a worker whose main thread is blocked doesn't notice that this
 * process has exited.
 */
const reaper = new Reaper();

/** The options with which a worker runs in its own process. */
interface RunOptions {
  readonly flags: Flags;
  readonly log: LogFlags;
  /**
   * Called with the plan that the worker's process has read and checked.
   * @returns the local service's port; undefined if the worker connects to another endpoint
   */
  readonly onPlanned: (plan: PlanSummary) => Promise<number | undefined>;
}

/** Thrown if a worker's process could not be started. Its message is shown to the user. */
export class NotStarted extends Error {
  override readonly name = 'NotStarted';
}

/** The exit of a process. Either `code` or `signal` is null. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: string | null;
  /**
   * The error because of which this process killed the other one: it could not read one of its messages. Undefined if
   * there was none.
   */
  readonly error: Error | undefined;
}

/** Describes the exit of a process as text for people. */
const showExit = ({ code, signal, error }: ProcessExit): string => {
  if (error) return `a message from it could not be read: ${error.message}`;
  return signal === null ? `exit code ${code}` : signal;
};

/** A child process for one worker. It loads its modules at once, but runs no worker until {@link run} is called. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #mocks = new Map<number, (outcome: ResourceAnswer) => void>();
  /**
   * The functions that receive the replies to `check` messages, one for each message without a reply yet. The process
   * replies in the order of the messages.
   */
  readonly #checks: ((findings: readonly Finding[]) => void)[] = [];
  #nextId = 0;
  /** The worker's name in Step Functions' histories; empty until the worker runs. */
  name = '';
  /** The last status that the worker sent; undefined until the worker runs. */
  status: WorkerStatus | undefined;
  /** Resolves when the process has exited, its last message has been read, and its output has been passed on. */
  readonly ended: Promise<ProcessExit>;
  #take: (message: FromWorker) => void = () => {};
  #error: Error | undefined;

  constructor() {
    const stdio = ['ignore', streamForChild(1), streamForChild(2), 'ipc'] as const;
    this.#child = fork(ENTRY, [], { stdio: [...stdio], execArgv: [] });
    const output = new ChildOutput(this.#child);
    const { pid } = this.#child;
    if (pid !== undefined) {
      reaper.add(pid);
      this.#child.once('exit', () => reaper.remove(pid));
    }
    // The last messages may arrive after the exit, but not after the disconnect.
    const unplugged = new Promise((resolve) => this.#child.once('disconnect', resolve));
    const exited = new Promise<ProcessExit>((resolve) =>
      this.#child.once('exit', (code, signal) => resolve({ code, signal, error: this.#error })),
    );
    this.ended = unplugged.then(async () => {
      const exit = await exited;
      await output.readRest();
      return exit;
    });
    onChildMessage(
      this.#child,
      (message) => this.#take(message as FromWorker),
      (error) => {
        this.#error ??= error;
        this.kill();
      },
    );
    void this.ended.then(() => this.#forgetMocks());
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /**
   * Runs a worker in the process. Resolves when the worker takes tasks and `name` and `status` are set.
   * @throws NotStarted if the process exits before that
   * @throws whatever `onPlanned` throws
   */
  async run({ flags, log, onPlanned }: RunOptions): Promise<void> {
    const running = new Promise<void>((resolve, reject) => {
      this.#take = (message) => {
        if (message.kind === 'planned') {
          limitOrphans(message.plan);
          onPlanned(message.plan).then((port) => this.#send({ kind: 'connect', port }), reject);
        }
        if (message.kind === 'failed') reject(new NotStarted(message.text));
        if (message.kind === 'status') this.status = message.status;
        if (message.kind === 'checked') this.#checks.shift()?.(message.findings);
        if (message.kind === 'mocked') this.#mocked(message.id, message.outcome);
        if (message.kind === 'running') {
          this.name = message.name;
          resolve();
        }
      };
      void this.ended.then((ending) =>
        reject(new NotStarted(`the worker's process ended (${showExit(ending)})`)),
      );
    });
    this.#send({ kind: 'run', flags, log });
    await running;
  }

  /** Asks the worker to finish its tasks and to take no more. The process then exits by itself. */
  drain(): void {
    this.#send({ kind: 'drain' });
  }

  /**
   * Resolves with the disagreements between the worker's classes and these machines. Resolves with an empty list if the
   * process exits before it replies.
   */
  check(machines: readonly MachineSource[]): Promise<readonly Finding[]> {
    return new Promise((resolve) => {
      this.#checks.push(resolve);
      void this.ended.then(() => resolve([]));
      this.#send({ kind: 'check', machines });
    });
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /**
   * Runs a mock (a function in the config that returns the result of a Task state) in the worker's process. Resolves
   * with its outcome.
   */
  mock({ signal, ...call }: MockCall, input: unknown): Promise<ResourceAnswer> {
    const id = this.#nextId++;
    return new Promise((resolve) => {
      this.#mocks.set(id, resolve);
      this.#send({ kind: 'mock', id, call, input });
      signal.addEventListener('abort', () => this.#send({ kind: 'cut', id }));
    });
  }

  #mocked(id: number, outcome: ResourceAnswer): void {
    this.#mocks.get(id)?.(outcome);
    this.#mocks.delete(id);
  }

  /** Makes all running calls of mocks fail, since the process has exited. */
  #forgetMocks(): void {
    const cause = "the worker's process ended before its mock had answered";
    for (const id of this.#mocks.keys()) this.#mocked(id, { kind: 'failed', error: 'Error', cause });
  }

  #send(message: ToWorker): void {
    sendToChild(this.#child, message);
  }
}

/**
 * Sets how long worker processes may finish their tasks after this process has exited. If they use the local service,
 * they are ended at once, since the service has ended too.
 */
function limitOrphans({ port, graceMs }: PlanSummary): void {
  reaper.allow((port === undefined ? longestDrain(graceMs) : 0) + OVERTIME_MS);
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
  readonly #draining = new WeakSet<WorkerProcess>();
  /** A process that has loaded its modules and waits for the request to run a worker. Undefined if there is none. */
  #spare: WorkerProcess | undefined;

  constructor(
    private readonly options: {
      readonly fork: () => WorkerProcess;
      /** Called just before a process is asked to drain, that is, to finish its tasks and take no more. */
      readonly onDrain: (worker: WorkerProcess) => void;
      /** Called when the process that took tasks has exited, without being asked to drain. */
      readonly onLost: (exit: ProcessExit) => void;
    },
  ) {}

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
    const worker = this.options.fork();
    this.processes.add(worker);
    void worker.ended.then((exit) => {
      this.processes.delete(worker);
      if (this.#spare === worker) this.#spare = undefined;
      if (this.current !== worker) return;
      this.current = undefined;
      if (!this.#draining.has(worker)) this.options.onLost(exit);
    });
    return worker;
  }

  #drain(worker: WorkerProcess): void {
    if (this.#draining.has(worker)) return;
    this.#draining.add(worker);
    this.options.onDrain(worker);
    worker.drain();
  }
}
