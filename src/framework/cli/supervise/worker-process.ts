import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Finding } from '../../check/finding.js';
import type { MachineSource } from '../../check/source/machine-source.js';
import type { Flags } from '../../config/layers.js';
import type { MockCall, MockOutcome } from '../../local/resources/mocks.js';
import type { PublicStatus } from '../../base/worker-status.js';
import type { MetricValues } from '../../worker/observe/metrics/summed.js';
import type { LogFlags } from '../output/log-for.js';
import type { FromWorker, Membership, PlanSummary, ToWorker } from './set-messages.js';

const ENTRY = fileURLToPath(new URL('./worker-entry.js', import.meta.url));

/** What a worker's process is run with. */
export interface RunOptions {
  readonly flags: Flags;
  readonly log: LogFlags;
  /** @default it is the one worker of `dev` */
  readonly member?: Membership;
  /** Called once its project was read and checked. @returns the local service's port; undefined: it goes elsewhere. */
  readonly onPlanned: (planned: PlanSummary) => Promise<number | undefined>;
}

/** It could not start; what is wrong was meant for people. */
export class NotStarted extends Error {
  override readonly name = 'NotStarted';

  /** @param said whether it has said itself what is wrong; else its process has ended without a word. */
  constructor(
    message: string,
    readonly said: boolean,
  ) {
    super(message);
  }
}

/** How a process ended: one of the two is null. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** For people. */
export const showExit = ({ code, signal }: ProcessExit): string =>
  signal === null ? `exit code ${code}` : signal;

/** A worker in a process of its own, which is loaded before there is anything to run in it. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #mocks = new Map<number, (outcome: MockOutcome) => void>();
  #checked: (findings: readonly Finding[]) => void = () => {};
  #asked = 0;
  /** What the service knows it by, once it runs. */
  name = '';
  /** As it last said, once it runs. */
  status: PublicStatus | undefined;
  /** The metrics that were heard last. */
  metrics: MetricValues | undefined;
  readonly ended: Promise<ProcessExit>;
  /** Resolves when its worker is ready for the first time. */
  readonly ready: Promise<void>;
  #onReady: () => void = () => {};
  #onSaid: () => void = () => {};
  readonly #measuring = new Set<() => void>();

  constructor() {
    this.#child = fork(ENTRY, [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], execArgv: [] });
    this.ready = new Promise((resolve) => (this.#onReady = resolve));
    // Its last messages may be read after it has ended.
    const unplugged = new Promise((resolve) => this.#child.once('disconnect', resolve));
    const exited = new Promise<ProcessExit>((resolve) =>
      this.#child.once('exit', (code, signal) => resolve({ code, signal })),
    );
    this.ended = unplugged.then(() => exited);
    void this.ended.then(() => {
      this.#forgetMocks();
      this.#measured();
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** @param listener called whenever it says anything: at least once a second, unless its main thread is blocked. */
  onSaid(listener: () => void): void {
    this.#onSaid = listener;
  }

  /**
   * Runs a worker in the process. Resolves when the worker takes tasks; `name` and `status` are there then.
   * @throws NotStarted where the process exits before that
   * @throws what `onPlanned` throws
   */
  async run({ flags, log, member, onPlanned }: RunOptions): Promise<void> {
    const running = new Promise<void>((resolve, reject) => {
      this.#child.on('message', (message: FromWorker) => {
        if (message.kind === 'planned')
          onPlanned(message.planned).then((port) => this.#tell({ kind: 'connect', port }), reject);
        if (message.kind === 'failed') reject(new NotStarted(message.text, true));
        if (message.kind === 'status') this.#hasStatus(message.status);
        if (message.kind === 'measured') this.#measured(message.metrics);
        if (message.kind === 'checked') this.#checked(message.findings);
        if (message.kind === 'mocked') this.#mocked(message.id, message.outcome);
        if (message.kind === 'running') {
          this.name = message.name;
          resolve();
        }
        this.#onSaid();
      });
      void this.ended.then((ending) =>
        reject(new NotStarted(`the worker's process ended (${showExit(ending)})`, false)),
      );
    });
    this.#tell({ kind: 'run', flags, log, member });
    await running;
  }

  /** Lets running tasks end and takes no more. The process ends by itself. */
  drain(): void {
    this.#tell({ kind: 'drain' });
  }

  /** What its classes and some machines do not agree in; nothing where it ends before it has said so. */
  check(machines: readonly MachineSource[]): Promise<readonly Finding[]> {
    return new Promise((resolve) => {
      this.#checked = resolve;
      void this.ended.then(() => resolve([]));
      this.#tell({ kind: 'check', machines });
    });
  }

  /** Has it end at once, with all that it started. A main thread that is blocked does not hear of it. */
  endAtOnce(): void {
    this.#tell({ kind: 'end' });
  }

  /** Resolves when its metrics are as new as they can be: at once where it has ended. */
  measure(): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#child.connected) return resolve();
      this.#measuring.add(resolve);
      this.#tell({ kind: 'measure' });
    });
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** Has the project's own mock answer. */
  mock(call: MockCall, input: unknown): Promise<MockOutcome> {
    const id = this.#asked++;
    return new Promise((resolve) => {
      this.#mocks.set(id, resolve);
      this.#tell({ kind: 'mock', id, call, input });
    });
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

  /** What it was asked for nobody will say any more. */
  #forgetMocks(): void {
    const cause = "the worker's process ended before its mock had answered";
    for (const id of this.#mocks.keys()) this.#mocked(id, { kind: 'failed', error: 'Error', cause });
  }

  #tell(message: ToWorker): void {
    if (this.#child.connected) this.#child.send(message, () => {});
  }
}
