import type { MachineSource } from '../../check/source/machine-source.js';
import type { Problem } from '../../base/errors.js';
import type { LocalService } from '../../local/index.js';
import type { ResourceAnswer } from '../../asl/runtime/resource.js';
import type { Mock, Mocks } from '../../local/resources/mocks.js';
import type { Logger } from '../../base/log/log.js';
import { consoleOptions } from '../local/console.js';
import type { WorkerStatus } from '../../base/worker-status.js';
import { type LocalServiceFlags, stacksOf, warnUnshown } from '../flags/local-service-flags.js';
import { projectLambdas } from '../local/project-answers.js';
import { listen, slowHeartbeats } from '../local/seed.js';
import { logWarnings } from '../output/banner.js';
import { readMachines } from '../project/machines.js';
import type { PlanSummary } from './messages.js';
import type { ReplaceableWorker } from './worker-process.js';

/** A state machine, and the local service's own record of it. */
interface Seeded {
  readonly arn: string;
  readonly source: MachineSource;
}

/**
 * The local service of `dev`. It keeps running while workers are replaced, and is updated when the project changes. If
 * the workers connect to another endpoint, no service is started.
 */
export class DevService {
  /** True if there is a service, and it shows its console (a web page). */
  hasConsole = false;
  readonly #mocks: Record<string, Mock> = {};
  readonly #machines = new Map<string, Seeded>();
  #service: LocalService | undefined;
  #plan: PlanSummary | undefined;

  constructor(
    private readonly log: Logger,
    private readonly flags: LocalServiceFlags,
    private readonly workers: Pick<ReplaceableWorker, 'current' | 'processes'>,
  ) {}

  /**
   * Gives the activities, the machines and the mocks of a plan to the local service, which the first plan whose
   * endpoint is `local` starts. A machine with a problem keeps its last definition.
   * @returns the service's port; undefined if there is no service
   * @throws StartError if the service can't listen
   */
  async update(plan: PlanSummary): Promise<number | undefined> {
    const isFirst = !this.#plan;
    this.#plan = plan;
    if (plan.port === undefined) {
      if (isFirst) warnUnshown(this.log, this.flags);
      return undefined;
    }
    const { log, flags } = this;
    const { projectDir } = plan;
    const settings = { ...plan.settings, port: plan.port, mocks: this.#mocks as Mocks };
    if (!this.#service) {
      const statuses = (): WorkerStatus[] =>
        [...this.workers.processes].flatMap(({ status }) => status ?? []);
      const console = consoleOptions(flags, (arn) => this.#plan?.inputs[arn], statuses);
      this.hasConsole = console !== false;
      this.#service = await listen({ settings, projectDir, flags, log, console });
    }
    if (plan.port !== 0 && plan.port !== this.#service.port)
      log.warn(`the local service stays at port ${this.#service.port} until this command is restarted`);
    for (const { arn } of plan.handlers) this.#service.seedActivity(arn);
    this.#takeMocks(plan.mocks);
    // The code of the functions may have changed too.
    if (!isFirst) this.#service.replaceFunctions(projectLambdas(settings.lambdas, projectDir));
    await this.readMachines();
    return this.#service.port;
  }

  get url(): string | undefined {
    return this.#service?.url;
  }

  get port(): number | undefined {
    return this.#service?.port;
  }

  #read: readonly MachineSource[] = [];
  #files: readonly string[] = [];
  /** Resolves after the last reading of the machines. Each reading waits for the one before. */
  #reading: Promise<unknown> = Promise.resolve();

  /**
   * The machines with the definitions that the service uses now. If a machine's file has a problem, that is its last
   * definition without one.
   */
  get machines(): readonly MachineSource[] {
    return [...this.#machines.values()].map(({ source }) => source);
  }

  /** The paths of the templates, and of the files that they name. */
  get files(): readonly string[] {
    return this.#files;
  }

  /** Returns true if the file contains a state machine, even one with problems. @param shown its name in messages */
  isMachine(file: string, shown: string): boolean {
    return this.#files.includes(file) || this.#read.some((machine) => machine.file === shown);
  }

  /**
   * Reads the machines' files again and gives them to the service.
   * @returns false if there is no service
   */
  readMachines(): Promise<boolean> {
    const read = this.#reading.then(() => this.#readMachines());
    this.#reading = read.catch(() => {});
    return read;
  }

  async #readMachines(): Promise<boolean> {
    if (!this.#service || !this.#plan) return false;
    const { machines, projectDir, handlers, region } = this.#plan;
    const origins = { machines: { from: machines.from } };
    const globs = { machines: machines.globs, origins, region, stacks: stacksOf(this.flags) };
    const read = await readMachines(globs, projectDir, process.env);
    const isFirst = this.#machines.size === 0;
    this.#read = [...read.machines, ...read.unsupported];
    this.#files = read.files;
    for (const arn of read.activities) this.#service.seedActivity(arn);
    logWarnings(this.log, read.warnings);
    const bad = new Set(read.problems.map(({ where }) => fileOf(where)));
    for (const machine of read.machines) if (!bad.has(machine.file)) this.#seed(machine, isFirst);
    // The machines of a template that can't be read now keep their last definition.
    if (!read.problems.some(({ code }) => code === 'TEMPLATE_INVALID'))
      this.#forgetGone(new Set([...read.machines.map(({ name }) => name), ...read.leftOut]));
    this.#logProblems([...read.problems, ...slowHeartbeats(this.machines, handlers)]);
    return true;
  }

  /** Ends a worker's open polls, so that it gets no more tasks. */
  endPollsOf(workerName: string): void {
    this.#service?.endPollsOf(workerName);
  }

  async close(): Promise<void> {
    await this.#service?.close();
  }

  #seed(source: MachineSource, isFirst: boolean): void {
    const { name, definition, seed } = source;
    const before = this.#machines.get(name);
    if (!this.#service || before?.source.definition === definition) return;
    const arn = this.#service.replaceMachine({ name, definition, ...seed });
    // A machine has the region of its first activity, which may have changed.
    if (before && before.arn !== arn) this.#service.forgetMachine(before.arn);
    this.#machines.set(name, { arn, source });
    if (!isFirst) this.log.info(`Machine: ${name} is ${before ? 'changed: new executions run it' : 'new'}`);
  }

  #forgetGone(names: ReadonlySet<string>): void {
    for (const [name, { arn }] of this.#machines) {
      if (names.has(name)) continue;
      this.#service?.forgetMachine(arn);
      this.#machines.delete(name);
      this.log.info(`Machine: ${name} was removed`);
    }
  }

  #logProblems(problems: readonly Problem[]): void {
    for (const { where, what, fix } of problems) this.log.error(`${where}: ${what}; ${fix}`);
  }

  /** Sets the keys of the mocks. The current worker process runs them. */
  #takeMocks(keys: readonly string[]): void {
    for (const key of Object.keys(this.#mocks)) if (!keys.includes(key)) delete this.#mocks[key];
    for (const key of keys)
      this.#mocks[key] ??= async (input, call) => {
        const outcome = await this.workers.current?.mock(call, input);
        if (outcome?.kind === 'succeeded') return JSON.parse(outcome.output) as unknown;
        throw failureOf(outcome);
      };
  }
}

/** Returns the file that a problem's place names. The place is `file` or `file:line:column`. */
const fileOf = (where: string): string => where.replace(/(:\d+){0,2}$/, '');

/**
 * Makes the error with which a mock fails. @param outcome the failure that the worker process sent; undefined if no
 * worker runs
 */
function failureOf(outcome: Extract<ResourceAnswer, { kind: 'failed' }> | undefined): Error {
  const { error = 'Error', cause = 'no worker runs that has the mock' } = outcome ?? {};
  return Object.assign(new Error(cause), { name: error });
}
