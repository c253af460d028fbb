import type { MachineSource } from '../../check/source/machine-source.js';
import { throwProblems } from '../../base/errors.js';
import type { LocalService } from '../../local/index.js';
import type { Mock, MockOutcome, Mocks } from '../../local/resources/mocks.js';
import type { Logger } from '../../base/log/log.js';
import { wantsConsole } from '../local/console.js';
import type { AccessFlags } from '../flags/access-flags.js';
import { listen, type SeededOptions, slowHeartbeats } from '../local/seed.js';
import { readMachines } from '../project/machines.js';
import type { PlanSummary } from './set-messages.js';
import type { WorkerProcess } from './worker-process.js';

/** A machine as it was last given to the service. */
interface Seeded {
  readonly arn: string;
  readonly source: MachineSource;
}

/**
 * The local service of workers that come and go: it is there as long as who began them is, and takes in what changes.
 * At any other endpoint there is none.
 */
export class SharedService {
  readonly #mocks: Record<string, Mock> = {};
  readonly #machines = new Map<string, Seeded>();
  #service: LocalService | undefined;
  #plan: PlanSummary | undefined;

  constructor(
    private readonly log: Logger,
    private readonly access: AccessFlags,
    private readonly workers: {
      /** The newest, which has the mocks. */
      readonly current: () => WorkerProcess | undefined;
      readonly all: () => Iterable<WorkerProcess>;
    },
  ) {}

  /**
   * Takes in what a worker's project says: begins to listen where that is asked for first, gives the service the
   * activities, the machines and the mocks. What is wrong with a machine is said, and leaves the one that was there.
   * @returns the service's port; undefined where there is none.
   * @param strict whether what is wrong with a machine is no less a problem than at `start`
   * @throws StartError where it can't listen, and with those problems.
   */
  async take(planned: PlanSummary, strict = false): Promise<number | undefined> {
    this.#plan = planned;
    if (planned.port === undefined) return undefined;
    const { log } = this;
    const settings = { port: planned.port, mocks: this.#mocks as Mocks };
    this.#service ??= await listen({ settings, log, ...this.#accessOptions() });
    if (planned.port !== 0 && planned.port !== this.#service.port)
      log.warn(`the local service stays at port ${this.#service.port} until this command is started anew`);
    for (const { arn } of planned.handlers) this.#service.seedActivity(arn);
    this.#takeMocks(planned.mocks);
    await this.readMachines(strict);
    return this.#service.port;
  }

  get hasConsole(): boolean {
    return this.#service !== undefined && wantsConsole(this.access.console);
  }

  get url(): string | undefined {
    return this.#service?.url;
  }

  get port(): number | undefined {
    return this.#service?.port;
  }

  #read: readonly MachineSource[] = [];

  /** The machines that the service has: of a file that is wrong, the one that was there. */
  get machines(): readonly MachineSource[] {
    return [...this.#machines.values()].map(({ source }) => source);
  }

  /** Whether a file is a machine, right or wrong. */
  isMachine(file: string): boolean {
    return this.#read.some((machine) => machine.file === file);
  }

  /**
   * Gives the service the machines as their files are now. @returns whether there is a service to have them.
   * @throws StartError where one is wrong that may not be.
   */
  async readMachines(strict = false): Promise<boolean> {
    if (!this.#service || !this.#plan) return false;
    const { machines, projectDir, handlers } = this.#plan;
    const globs = { machines: machines.globs, origins: { machines: { from: machines.from } } };
    const read = await readMachines(globs, projectDir, process.env);
    const isFirst = this.#machines.size === 0;
    this.#read = read.machines;
    const bad = new Set(read.problems.map(({ where }) => fileOf(where)));
    for (const machine of read.machines) if (!bad.has(machine.file)) this.#seed(machine, isFirst);
    this.#forgetGone(new Set(read.machines.map(({ name }) => name)));
    const problems = [...read.problems, ...slowHeartbeats(this.#service, handlers)];
    if (strict) throwProblems(problems);
    this.#say(problems);
    return true;
  }

  /** From now on a worker is given no task any more: the last are those that it has. */
  endPollsOf(workerName: string): void {
    this.#service?.endPollsOf(workerName);
  }

  async close(): Promise<void> {
    await this.#service?.close();
  }

  #accessOptions(): Pick<SeededOptions, 'allowHosts' | 'allowOrigins' | 'console'> {
    const { allowHost: allowHosts, allowOrigin: allowOrigins, console: asked } = this.access;
    const console = wantsConsole(asked) && {
      workers: () => [...this.workers.all()].flatMap(({ status }) => status ?? []),
      exampleFor: (arn: string) => this.#plan?.examples[arn],
    };
    return { allowHosts, allowOrigins, console };
  }

  #seed(source: MachineSource, isFirst: boolean): void {
    const { name, definition } = source;
    const before = this.#machines.get(name);
    if (!this.#service || before?.source.definition === definition) return;
    const arn = this.#service.replaceMachine({ name, definition });
    // With its first activity it may have moved to another region.
    if (before && before.arn !== arn) this.#service.forgetMachine(before.arn);
    this.#machines.set(name, { arn, source });
    if (!isFirst)
      this.log.info(`Machine: ${name} is ${before ? 'changed: its next execution runs it' : 'new'}`);
  }

  #forgetGone(names: ReadonlySet<string>): void {
    for (const [name, { arn }] of this.#machines) {
      if (names.has(name)) continue;
      this.#service?.forgetMachine(arn);
      this.#machines.delete(name);
      this.log.info(`Machine: ${name} is gone`);
    }
  }

  #say(problems: Parameters<typeof throwProblems>[0]): void {
    for (const { where, what, fix } of problems) this.log.error(`${where}: ${what}; ${fix}`);
  }

  /** The worker of the moment answers, whose mocks they are. */
  #takeMocks(keys: readonly string[]): void {
    for (const key of Object.keys(this.#mocks)) if (!keys.includes(key)) delete this.#mocks[key];
    for (const key of keys)
      this.#mocks[key] ??= async (input, call) => {
        const outcome = await this.workers.current()?.mock(call, input);
        if (outcome?.kind === 'succeeded') return JSON.parse(outcome.output) as unknown;
        throw failureOf(outcome);
      };
  }
}

/** A problem of a machine is told at `file`, or `file:line:column`. */
const fileOf = (where: string): string => where.replace(/(:\d+){0,2}$/, '');

/** What a mock that throws it fails with. */
function failureOf(outcome: Extract<MockOutcome, { kind: 'failed' }> | undefined): Error {
  const { error = 'Error', cause = 'no worker runs that has the mock' } = outcome ?? {};
  return Object.assign(new Error(cause), { name: error });
}
