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
import type { ControlAnswer, ControlRequest } from '../control/control-request.js';
import type { LogFlags } from '../output/log-for.js';
import type { PlanSummary } from './plan-summary.js';
import type { FromWorker, Membership, ToWorker } from './set-messages.js';

const ENTRY = fileURLToPath(new URL('./worker-entry.js', import.meta.url));

/** A draining process is killed this many milliseconds after the longest time that its drain may take. */
export const OVERTIME_MS = 1_000;

/**
 * Kills worker processes that outlive this process: a worker whose main thread is blocked doesn't notice that this
 * process has exited.
 */
const reaper = new Reaper();

/** The options with which a worker runs in its own process. */
export interface RunOptions {
  readonly flags: Flags;
  readonly log: LogFlags;
  /** The process's place in its set. @default none, as for the worker of `dev` */
  readonly member?: Membership;
  /**
   * Called when the worker's process has read and checked the project.
   * @returns the local service's port; undefined if the worker connects to another endpoint
   */
  readonly onPlanned: (plan: PlanSummary) => Promise<number | undefined>;
}

/** The error for a worker's process that did not start. Its message is shown to the user. */
export class NotStarted extends Error {
  override readonly name = 'NotStarted';

  /**
   * @param isExplained true if the message says what is wrong; false if the process has exited without giving a reason
   */
  constructor(
    message: string,
    readonly isExplained: boolean,
  ) {
    super(message);
  }
}

/** The exit of a process. Either `code` or `signal` is null. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** The error because of which the process was killed: one of its messages could not be read. Otherwise undefined. */
  readonly error: Error | undefined;
}

/** Describes the exit of a process as text for people. */
export const showExit = ({ code, signal, error }: ProcessExit): string => {
  if (error) return `a message from it could not be read: ${error.message}`;
  return signal === null ? `exit code ${code}` : signal;
};

/** A process for one worker. It loads its modules at once, and runs no worker until {@link run} is called. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #mocks = new Map<number, (outcome: MockOutcome) => void>();
  /**
   * Called with the answers to `check`, one function for each question that isn't answered yet. The process answers in
   * the order of the questions.
   */
  readonly #checks: ((findings: readonly Finding[]) => void)[] = [];
  #nextId = 0;
  /** The worker's name in Step Functions' histories; empty until the worker runs. */
  name = '';
  /** The last status that the worker sent; undefined until the worker runs. */
  status: PublicStatus | undefined;
  /** The last metrics that the worker sent; undefined until it has sent some. */
  metrics: MetricValues | undefined;
  /** Resolves when the process has exited, its last message has been read, and its output has been passed on. */
  readonly ended: Promise<ProcessExit>;
  /** Resolves when the worker is ready for the first time. */
  readonly ready: Promise<void>;
  /** Resolves when the worker takes tasks. */
  readonly runs: Promise<void>;
  #onRuns: () => void = () => {};
  readonly #controls = new Map<number, (answer: ControlAnswer) => void>();
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
    this.runs = new Promise((resolve) => (this.#onRuns = resolve));
    this.ready = new Promise((resolve) => (this.#onReady = resolve));
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
    void this.ended.then(() => {
      this.#forgetMocks();
      this.#measured();
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /**
   * Sets the function that is called at each message. The process sends one every second, unless its main thread is
   * blocked.
   */
  onMessage(listener: () => void): void {
    this.#onMessage = listener;
  }

  /**
   * Runs a worker in the process. Resolves when the worker takes tasks and `name` and `status` are set.
   * @throws NotStarted if the process exits before that
   * @throws whatever `onPlanned` throws
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
        if (message.kind === 'controlled') this.#controlled(message.id, message.answer);
        if (message.kind === 'mocked') this.#mocked(message.id, message.outcome);
        if (message.kind === 'running') {
          this.name = message.name;
          this.#onRuns();
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

  /** Asks the worker to finish its tasks and to take no more. The process then exits by itself. */
  drain(): void {
    this.#send({ kind: 'drain' });
  }

  /**
   * Resolves with the disagreements between the worker's classes and these machines. Resolves with an empty list if the
   * process exits before it answers.
   */
  check(machines: readonly MachineSource[]): Promise<readonly Finding[]> {
    return new Promise((resolve) => {
      this.#checks.push(resolve);
      void this.ended.then(() => resolve([]));
      this.#send({ kind: 'check', machines });
    });
  }

  /**
   * Asks the process to exit at once, and to end the processes that it has started. A process whose main thread is
   * blocked doesn't receive the request.
   */
  endAtOnce(): void {
    this.#send({ kind: 'end' });
  }

  /** Asks the process to send its {@link metrics} again. Resolves when they have arrived, or the process has exited. */
  measure(): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#child.connected) return resolve();
      this.#measuring.add(resolve);
      this.#send({ kind: 'measure' });
    });
  }

  /**
   * Has the process's worker do what a request says. Resolves to its answer, or to undefined once the process has
   * exited.
   */
  control(request: ControlRequest): Promise<ControlAnswer | undefined> {
    const id = this.#nextId++;
    return new Promise((resolve) => {
      this.#controls.set(id, resolve);
      void this.ended.then(() => resolve(undefined));
      this.#send({ kind: 'control', id, request });
    });
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** Resolves with the outcome of a mock that the project defines. The mock runs in the worker's process. */
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

  #controlled(id: number, answer: ControlAnswer): void {
    this.#controls.get(id)?.(answer);
    this.#controls.delete(id);
  }

  #mocked(id: number, outcome: MockOutcome): void {
    this.#mocks.get(id)?.(outcome);
    this.#mocks.delete(id);
  }

  /** Fails the calls of mocks that are waiting for an answer, since the process has exited. */
  #forgetMocks(): void {
    const cause = "the worker's process ended before its mock had answered";
    for (const id of this.#mocks.keys()) this.#mocked(id, { kind: 'failed', error: 'Error', cause });
  }

  #send(message: ToWorker): void {
    sendToChild(this.#child, message);
  }
}

/**
 * Limits how long worker processes may drain after this process has exited. If they use the local service, they end at
 * once, since the service has ended too.
 */
function limitOrphans({ port, graceMs }: PlanSummary): void {
  reaper.allow((port === undefined ? longestDrain(graceMs) : 0) + OVERTIME_MS);
}
