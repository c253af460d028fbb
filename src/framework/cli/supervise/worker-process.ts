import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ChildOutput, streamForChild } from '../../base/log/child-output.js';
import { onChildMessage, sendToChild } from '../../base/process-channel.js';
import type { Finding } from '../../check/finding.js';
import type { MachineSource } from '../../check/source/machine-source.js';
import type { Flags } from '../../config/layers.js';
import type { MockCall, MockOutcome } from '../../local/resources/mocks.js';
import { Reaper } from '../../base/reaper.js';
import { longestDrain } from '../../worker/worker.js';
import type { PublicStatus } from '../../base/worker-status.js';
import type { MetricValues } from '../../worker/observe/metrics/summed-metrics.js';
import type { LogFlags } from '../output/log-for.js';
import type { PlanSummary } from './plan-summary.js';
import type { FromWorker, Membership, ToWorker } from './set-messages.js';

const ENTRY = fileURLToPath(new URL('./worker-entry.js', import.meta.url));

/** A process that drains is killed this long after the longest time that its drain may take. */
export const OVERTIME_MS = 1_000;

/** Ends worker processes that outlive this process: a blocked main thread does not notice that its parent is gone. */
const reaper = new Reaper();

/** The options with which a worker runs in a process of its own. */
export interface RunOptions {
  readonly flags: Flags;
  readonly log: LogFlags;
  /** The process's position in its set. @default none, as for the worker of `dev` */
  readonly member?: Membership;
  /**
   * Called when the worker's process has read and checked the project.
   * @returns the local service's port; undefined where the worker connects to another endpoint
   */
  readonly onPlanned: (plan: PlanSummary) => Promise<number | undefined>;
}

/** The error of a worker's process that did not start. The message is for people. */
export class NotStarted extends Error {
  override readonly name = 'NotStarted';

  /**
   * @param isExplained true where the message says what is wrong; false where the process has exited without saying why
   */
  constructor(
    message: string,
    readonly isExplained: boolean,
  ) {
    super(message);
  }
}

/** The exit of a process: either `code` or `signal` is null. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** The error for which the process was killed, because one of its messages could not be read; otherwise undefined. */
  readonly error: Error | undefined;
}

/** Describes an exit for people. */
export const showExit = ({ code, signal, error }: ProcessExit): string => {
  if (error) return `a message from it could not be read: ${error.message}`;
  return signal === null ? `exit code ${code}` : signal;
};

/** A process for one worker. It loads its modules at once, and waits until {@link run} asks it to run a worker. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #mocks = new Map<number, (outcome: MockOutcome) => void>();
  /** The checks that were asked for and not yet answered. The process answers them in order. */
  readonly #checks: ((findings: readonly Finding[]) => void)[] = [];
  #nextId = 0;
  /** The worker's name at the service; empty before the worker runs. */
  name = '';
  /** The last status that the worker sent; undefined before the worker runs. */
  status: PublicStatus | undefined;
  /** The last metrics that the worker sent; undefined before the first. */
  metrics: MetricValues | undefined;
  /** Resolves when the process has exited, its last message has been read and its output has been passed on. */
  readonly ended: Promise<ProcessExit>;
  /** Resolves when the worker is ready for the first time. */
  readonly ready: Promise<void>;
  #onReady: () => void = () => {};
  #onMessage: () => void = () => {};
  #take: (message: FromWorker) => void = () => {};
  #error: Error | undefined;
  readonly #measuring = new Set<() => void>();

  constructor() {
    const stdio = ['ignore', streamForChild(1), streamForChild(2), 'ipc'] as const;
    this.#child = fork(ENTRY, [], { stdio: [...stdio], execArgv: [] });
    const output = new ChildOutput(this.#child);
    this.#endWithParent(this.#child);
    this.ready = new Promise((resolve) => (this.#onReady = resolve));
    // The last messages may be read after the exit.
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
    void this.ended.then(() => {
      this.#forgetMocks();
      this.#measured();
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /**
   * Sets the listener to messages.
   * @param listener called at each message: one comes each second, unless the main thread is blocked
   */
  onMessage(listener: () => void): void {
    this.#onMessage = listener;
  }

  /**
   * Runs a worker in the process. Resolves when the worker takes tasks and `name` and `status` are set.
   * @throws NotStarted where the process exits before that
   * @throws what `onPlanned` throws
   */
  async run({ flags, log, member, onPlanned }: RunOptions): Promise<void> {
    const running = new Promise<void>((resolve, reject) => {
      this.#take = (message) => {
        if (message.kind === 'planned') limitOrphans(message.plan);
        if (message.kind === 'planned')
          onPlanned(message.plan).then((port) => this.#send({ kind: 'connect', port }), reject);
        if (message.kind === 'failed') reject(new NotStarted(message.text, true));
        if (message.kind === 'status') this.#hasStatus(message.status);
        if (message.kind === 'measured') this.#measured(message.metrics);
        if (message.kind === 'checked') this.#checks.shift()?.(message.findings);
        if (message.kind === 'mocked') this.#mocked(message.id, message.outcome);
        if (message.kind === 'running') {
          this.name = message.name;
          resolve();
        }
        this.#onMessage();
      };
      void this.ended.then((ending) =>
        reject(new NotStarted(`the worker's process ended (${showExit(ending)})`, false)),
      );
    });
    this.#send({ kind: 'run', flags, log, member });
    await running;
  }

  /** Asks the worker to end its tasks and to take no others. The process then exits by itself. */
  drain(): void {
    this.#send({ kind: 'drain' });
  }

  /**
   * Resolves to the disagreements of the worker's classes with these machines; to none where the process exits before
   * its answer.
   */
  check(machines: readonly MachineSource[]): Promise<readonly Finding[]> {
    return new Promise((resolve) => {
      this.#checks.push(resolve);
      void this.ended.then(() => resolve([]));
      this.#send({ kind: 'check', machines });
    });
  }

  /**
   * Asks the process to end at once, with all that it has started. A process whose main thread is blocked does not
   * receive this.
   */
  endAtOnce(): void {
    this.#send({ kind: 'end' });
  }

  /** Asks for new {@link metrics}. Resolves when they have come, or the process has exited. */
  measure(): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#child.connected) return resolve();
      this.#measuring.add(resolve);
      this.#send({ kind: 'measure' });
    });
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** Resolves to the outcome of a mock, which the project defines and the process runs. */
  mock(call: MockCall, input: unknown): Promise<MockOutcome> {
    const id = this.#nextId++;
    return new Promise((resolve) => {
      this.#mocks.set(id, resolve);
      this.#send({ kind: 'mock', id, call, input });
    });
  }

  #endWithParent(child: ChildProcess): void {
    const { pid } = child;
    if (pid === undefined) return;
    reaper.add(pid);
    child.once('exit', () => reaper.remove(pid));
  }

  #hasStatus(status: PublicStatus): void {
    this.status = status;
    if (status.ready) this.#onReady();
  }

  #measured(metrics = this.metrics): void {
    this.metrics = metrics;
    for (const done of this.#measuring) done();
    this.#measuring.clear();
  }

  #mocked(id: number, outcome: MockOutcome): void {
    this.#mocks.get(id)?.(outcome);
    this.#mocks.delete(id);
  }

  /** Fails the calls of mocks that wait for an answer, because the process has ended. */
  #forgetMocks(): void {
    const cause = "the worker's process ended before its mock had answered";
    for (const id of this.#mocks.keys()) this.#mocked(id, { kind: 'failed', error: 'Error', cause });
  }

  #send(message: ToWorker): void {
    sendToChild(this.#child, message);
  }
}

/**
 * Limits the time that processes may drain after this one has ended. With the local service, which ends too, they end
 * at once.
 */
function limitOrphans({ port, graceMs }: PlanSummary): void {
  reaper.allow((port === undefined ? longestDrain(graceMs) : 0) + OVERTIME_MS);
}
