import { dirname, relative, resolve } from 'node:path';
import { systemClock } from '../../base/time/clock.js';
import type { Flags } from '../../config/sources.js';
import { shownPath } from '../../base/show.js';
import type { Logger } from '../../base/log/log.js';
import type { HandlerStatus } from '../../base/worker-status.js';
import { logActivities, logConsole, logFindings, logMachines } from '../output/banner.js';
import { type Compilation, compilationOf } from '../project/compiled.js';
import { findConfig, isTypeScript, projectDir } from '../project/config-file.js';
import { type LocalServiceFlags, stacksOf } from '../flags/local-service-flags.js';
import type { LogFlags } from '../flags/log-flags.js';
import type { PlanSummary } from './messages.js';
import { NotStarted, ReplaceableWorker, WorkerProcess } from './worker-process.js';
import { stopSignal } from '../process/signals.js';
import { Changes } from './changes.js';
import { compile, type Compiler, findCompiler, fingerprint, forgetOrphans } from './compiler.js';
import { DevService } from './dev-service.js';

const CODE = /\.([cm]?[jt]sx?|json)$/;
const WATCHING = 'Watching for changes. Press Ctrl-C to interrupt.';

const isCode = (file: string): boolean => CODE.test(file);
/** A warning is logged if a worker needs more milliseconds than this to start. */
const SLOW_MS = 10_000;
const SLOW = `the new code has not started after ${SLOW_MS / 1000} s: its import or \`setup\` takes long, or never ends; the next change starts it again`;

/** The flags that set no option of the config. */
export interface DevFlags extends LocalServiceFlags, LogFlags {
  /** The command that compiles. @default the project's own tsc */
  readonly build?: string;
}

/**
 * Compiles and runs the project's worker, again after each change of a file, until a stop signal arrives. The old
 * worker finishes its tasks while the new one runs. The local service and its executions keep running.
 * @returns the exit code
 * @throws StartError if there is nothing to compile, or the local service can't listen
 */
export const dev = (flags: Flags, own: DevFlags, log: Logger): Promise<number> =>
  new Session(flags, own, log).run();

class Session {
  readonly #project: string;
  /**
   * The settings by which the project is compiled. Undefined if the config is JavaScript; the sources are then run
   * without compiling.
   */
  readonly #compilation: Compilation | undefined;
  readonly #compiler: Compiler | undefined;
  readonly #stop: AbortSignal;
  readonly #service: DevService;
  readonly #worker: ReplaceableWorker;
  #handlers: readonly HandlerStatus[] = [];
  #files: readonly string[] = [];
  /** The disagreements between classes and machines that were logged last, as text. */
  #findings = '';
  /** The hash of the compiled code with which the last worker was started. */
  #fingerprint = '';
  /** The start of a worker that is in progress; undefined while there is none. */
  #starting: { readonly obsolete: AbortController; readonly over: Promise<void> } | undefined;
  #fail: (error: unknown) => void = () => {};
  /**
   * Rejects if a worker can't be started for a reason outside the project's code. `dev` then ends, since no change of
   * the code can help.
   */
  readonly #fault = new Promise<never>((_, reject) => (this.#fail = reject));

  constructor(
    private readonly flags: Flags,
    private readonly own: DevFlags,
    private readonly log: Logger,
  ) {
    const config = findConfig(flags);
    const compilation = isTypeScript(config) ? compilationOf(config) : undefined;
    // Without a compilation nothing is compiled; the worker reports the problem when it starts.
    this.#compilation = typeof compilation === 'object' ? compilation : undefined;
    this.#compiler = this.#compilation && findCompiler(this.#compilation, own.build);
    this.#project = projectDir(config);
    this.#stop = stopSignal(
      log,
      'stopping: running tasks get the grace period to end; once more to stop at once',
    );
    this.#worker = new ReplaceableWorker({
      fork: () => new WorkerProcess(),
      // The polls are ended before the worker drains, so that it gets no more tasks.
      onDrain: ({ name }) => this.#service.endPollsOf(name),
      onLost: ({ code }) =>
        log.error(`the worker has ended (${code ?? 'killed'}): it starts again with the next change`),
    });
    this.#service = new DevService(log, own, this.#worker);
    process.on('exit', () => this.#worker.kill());
    this.#fault.catch(() => {});
  }

  get #current(): WorkerProcess | undefined {
    return this.#worker.current;
  }

  async run(): Promise<number> {
    const { templates = [], assemblies = [] } = stacksOf(this.own) ?? {};
    const compilation = this.#compilation;
    const dirs = [this.#project, ...(compilation ? [dirname(compilation.tsconfig)] : [])];
    const changes = new Changes(
      {
        folders: [...new Set(dirs)],
        paths: [...templates, ...assemblies].map((path) => resolve(path)),
        outDir: compilation?.outDir,
        onUnwatched: (dir, error) => this.#warnUnwatched(dir, error),
      },
      systemClock,
    );
    try {
      this.#worker.preload();
      await this.#compileAndRun(changes);
      this.log.info(WATCHING);
      while (!this.#stop.aborted) {
        changes.also(this.#service.files);
        await this.#apply(await Promise.race([changes.next(this.#stop), this.#fault]), changes);
      }
      return 0;
    } finally {
      changes.close();
      // Each worker finishes its tasks first.
      await this.#worker.end();
      await this.#service.close();
    }
  }

  /**
   * Reacts to changed files. If only state machines changed, gives them to the local service. Otherwise recompiles and
   * restarts the worker.
   */
  async #apply(changed: ReadonlySet<string>, changes: Changes): Promise<void> {
    const isMachine = (file: string): boolean => this.#isMachine(file);
    const files = [...changed].filter((file) => isCode(file) || isMachine(file));
    if (this.#stop.aborted || files.length === 0) return;
    const mayBeMachine = (file: string): boolean => file.endsWith('.json') || isMachine(file);
    const seeded = files.some(mayBeMachine) && (await this.#service.readMachines());
    // The new code may contain the handler of a new machine. So the findings are logged when its worker has started.
    if (!files.every(isMachine)) return this.#compileAndRun(changes);
    if (seeded) await this.#untilChange(changes, this.#logFindings());
  }

  #isMachine(file: string): boolean {
    return file.endsWith('.asl.json') || this.#service.isMachine(file, relative(this.#project, file));
  }

  /** Waits for work, which may depend on code that never ends, or until there is a further change to apply. */
  async #untilChange(changes: Changes, work: Promise<void>): Promise<void> {
    const waited = new AbortController();
    const over = AbortSignal.any([waited.signal, this.#stop]);
    const further = changes.any((file) => isCode(file) || this.#isMachine(file), over);
    await Promise.race([this.#fault, work, further]);
    waited.abort();
  }

  /**
   * Compiles, and starts a worker if there is new code. Resolves when the worker runs, or as soon as another file
   * changes: the next change must be compiled even if the new code never finishes its start.
   */
  async #compileAndRun(changes: Changes): Promise<void> {
    if (!(await this.#compile()) || this.#stop.aborted) return;
    this.#starting?.obsolete.abort();
    await this.#starting?.over;
    const obsolete = new AbortController();
    const over = this.#restart(obsolete.signal);
    this.#starting = { obsolete, over };
    await this.#untilChange(changes, over);
  }

  /** @returns true if there is new code to run */
  async #compile(): Promise<boolean> {
    const { log } = this;
    const compilation = this.#compilation;
    if (!this.#compiler || !compilation) return true;
    const begun = systemClock.now();
    const { ok, output } = await compile(this.#compiler, this.#stop);
    if (this.#stop.aborted) return false;
    if (output !== '') process.stderr.write(output);
    if (!ok) {
      log.error(
        `it does not compile: ${this.#current ? 'the old code keeps running' : 'nothing runs until it compiles'}`,
      );
      return false;
    }
    for (const { file, source } of await forgetOrphans(compilation, this.#files))
      log.info(`removed ${shownPath(file)}: its source ${shownPath(source)} was deleted`);
    const made = await fingerprint(compilation.outDir);
    const isNew = made !== this.#fingerprint || !(this.#current || this.#starting);
    this.#fingerprint = made;
    log.info(`compiled in ${since(begun)}${isNew ? '' : ': nothing is different'}`);
    return isNew;
  }

  /**
   * Replaces the worker. If the new worker doesn't start, the old one keeps running. Never rejects.
   * @param obsolete aborts when there is newer code
   */
  async #restart(obsolete: AbortSignal): Promise<void> {
    const { flags, log } = this;
    const stop = this.#stop;
    const begun = systemClock.now();
    const old = this.#current;
    const cancel = systemClock.after(SLOW_MS, () => log.warn(SLOW));
    try {
      const next = await this.#worker.replace(
        { flags, log: { logLevel: this.own.logLevel }, onPlanned: (plan) => this.#onPlanned(plan) },
        AbortSignal.any([stop, obsolete]),
      );
      this.#logHandlers(next.status?.handlers ?? []);
      if (old) log.info(`restarted in ${since(begun)}: from now on the new code runs`);
      else if (this.#service.port !== undefined)
        logMachines(log, this.#service.machines, this.#service.port, flags);
      await this.#logFindings();
    } catch (error) {
      if (stop.aborted || obsolete.aborted) return;
      if (!(error instanceof NotStarted)) return this.#fail(error);
      process.stderr.write(`${error.message}\n`);
      log.error(`it does not start: ${old ? 'the old code keeps running' : 'nothing runs until it starts'}`);
    } finally {
      cancel();
      this.#starting = undefined;
      if (!stop.aborted) this.#worker.preload();
    }
  }

  async #onPlanned(plan: PlanSummary): Promise<number | undefined> {
    this.#files = plan.files;
    const port = await this.#service.update(plan);
    if (!this.#current) this.#announce(plan.endpoint, plan.wantsHealthPort);
    return port;
  }

  #announce(endpoint: string, hasHealthPort: boolean): void {
    const { log } = this;
    const { url } = this.#service;
    log.info(`Endpoint: ${url === undefined ? endpoint : `${url} (it stays while workers are replaced)`}`);
    if (url !== undefined && this.#service.hasConsole) logConsole(log, url);
    if (hasHealthPort) log.info('workers of dev open no health port, because two can run at once');
  }

  #logHandlers(handlers: readonly HandlerStatus[]): void {
    const known = new Set(this.#handlers.map(({ name, activityArn }) => `${name} ${activityArn}`));
    const names = new Set(handlers.map(({ name }) => name));
    const { log } = this;
    logActivities(
      log,
      handlers.filter(({ name, activityArn }) => !known.has(`${name} ${activityArn}`)),
    );
    for (const { name } of this.#handlers) if (!names.has(name)) log.info(`Activity: ${name} was removed`);
    this.#handlers = handlers;
  }

  /** Logs the disagreements between classes and machines, unless they are the same as those logged last. */
  async #logFindings(): Promise<void> {
    const { machines } = this.#service;
    if (machines.length === 0) return;
    const findings = (await this.#current?.check(machines)) ?? [];
    const text = JSON.stringify(findings);
    if (text !== this.#findings) logFindings(this.log, findings);
    this.#findings = text;
  }

  #warnUnwatched(dir: string, { message }: Error): void {
    this.log.warn(
      `changes in ${shownPath(dir)} are not seen, because it can't be watched (${message}): raise the system's limit, as with sysctl fs.inotify.max_user_watches, or exclude folders from the project`,
    );
  }
}

const since = (begun: number): string => `${Math.round(systemClock.now() - begun)} ms`;
