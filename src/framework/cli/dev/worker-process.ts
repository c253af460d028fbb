import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Finding } from '../../check/finding.js';
import type { MachineSource } from '../../check/machine-source.js';
import type { Flags } from '../../config/texts.js';
import type { MockCall, MockOutcome } from '../../local/mocks/mocks.js';
import type { PublicStatus } from '../../worker/health/pages.js';
import type { HandlerStatus } from '../../worker/observe/status.js';
import type { FromWorker, Planned, ToWorker } from './messages.js';

const ENTRY = fileURLToPath(new URL('./worker-entry.js', import.meta.url));

/** What a worker's process is run with. */
export interface RunOptions {
  readonly flags: Flags;
  readonly logLevel: string;
  /** Called once its project was read and checked. @returns the local service's port; undefined: it goes elsewhere. */
  readonly surround: (planned: Planned) => Promise<number | undefined>;
}

/** It could not start; what is wrong was meant for people. */
export class NotStarted extends Error {
  override readonly name = 'NotStarted';
}

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
  /** Its exit code; null where a signal ended it. */
  readonly ended: Promise<number | null>;

  constructor() {
    this.#child = fork(ENTRY, [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], execArgv: [] });
    // Its last messages may be read after it has ended.
    const unplugged = new Promise((resolve) => this.#child.once('disconnect', resolve));
    const exited = new Promise<number | null>((resolve) => this.#child.once('exit', resolve));
    this.ended = unplugged.then(() => exited);
    void this.ended.then(() => this.#forgetMocks());
  }

  /**
   * Has it run a worker. @returns its handlers, once it takes tasks.
   * @throws NotStarted where it ends before that
   * @throws what `surround` throws; then it is ended.
   */
  async run({ flags, logLevel, surround }: RunOptions): Promise<readonly HandlerStatus[]> {
    const running = new Promise<readonly HandlerStatus[]>((resolve, reject) => {
      this.#child.on('message', (message: FromWorker) => {
        if (message.kind === 'planned')
          surround(message.planned).then((port) => this.#tell({ kind: 'connect', port }), reject);
        if (message.kind === 'failed') reject(new NotStarted(message.text));
        if (message.kind === 'status') this.status = message.status;
        if (message.kind === 'checked') this.#checked(message.findings);
        if (message.kind === 'mocked') this.#mocked(message.id, message.outcome);
        if (message.kind !== 'running') return;
        this.name = message.name;
        resolve(message.handlers);
      });
      void this.ended.then((code) => reject(new NotStarted(`the worker's process ended (${code})`)));
    });
    this.#tell({ kind: 'run', flags, logLevel });
    try {
      return await running;
    } catch (error) {
      this.kill();
      throw error;
    }
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
