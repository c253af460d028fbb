import { hostname } from 'node:os';
import { readAddress } from '../../config/address.js';
import type { Flags } from '../../config/layers.js';
import { type Clock, systemClock } from '../../base/time/clock.js';
import type { Logger } from '../../base/log/log.js';
import { productionMark } from '../../aws/endpoint.js';
import { within } from '../../base/time/wait.js';
import { sayWhere } from '../../worker/health/open.js';
import { type Health, serveHealth } from '../../worker/health/serve.js';
import { SummedMetrics } from '../../worker/observe/metrics/summed.js';
import { longestDrain } from '../../worker/worker.js';
import { logActivities, logConsole, logDrain, logFindings, logMachines, WAITING } from '../output/banner.js';
import type { AccessFlags } from '../flags/access-flags.js';
import type { LogFlags } from '../output/log-for.js';
import { reloadRequests, stopSignal } from '../process/signals.js';
import { writeErrorSync } from '../../base/log/stdio.js';
import type { PlanSummary } from './set-messages.js';
import { NO_COUNTS } from '../../base/worker-status.js';
import { addCounts, setStatus } from './set-status.js';
import { SharedService } from './shared-service.js';
import { NotStarted, WorkerProcess } from './worker-process.js';
import { SupervisedSet } from './supervised-set.js';

export interface ProcessesOptions {
  readonly flags: Flags;
  readonly access: AccessFlags;
  readonly logFlags: LogFlags;
  readonly log: Logger;
}

/** How long the metrics of a process are waited for; then those that it told last stand. */
const MEASURE_MS = 1_000;
/** Before a config was read: the default. */
const GRACE_MS = 60_000;

/**
 * Runs a worker in each of a number of processes, which are supervised here: where no code of the user's runs. A
 * SIGUSR2 replaces them, one after another.
 * @returns the exit code. @throws StartError where the local service or the health port can't listen.
 */
export async function startProcesses(
  count: number,
  { flags, access, logFlags, log }: ProcessesOptions,
): Promise<number> {
  const supervisor = new Supervisor(count, { flags, access, logFlags, log }, systemClock);
  const hint = 'stopping: running tasks get their grace; once more to stop at once';
  const stop = stopSignal(log, hint, () => supervisor.set.workers.endAtOnce());
  process.on('exit', () => supervisor.set.workers.kill());
  reloadRequests(() => supervisor.set.reload());
  try {
    return await supervisor.set.run(stop);
  } catch (error) {
    if (!(error instanceof NotStarted)) throw error;
    writeErrorSync(error.message);
    return 1;
  } finally {
    await supervisor.close();
  }
}

/** A set, and what stands around it once for all of its processes. */
class Supervisor {
  readonly set: SupervisedSet;
  readonly #service: SharedService;
  readonly #metrics = new SummedMetrics();
  #counts = NO_COUNTS;
  #plan: PlanSummary | undefined;
  #health: Health | undefined;

  constructor(
    private readonly count: number,
    private readonly options: ProcessesOptions,
    private readonly clock: Clock,
  ) {
    const { flags, logFlags, log, access } = options;
    this.set = new SupervisedSet({
      ...{ count, clock, log },
      run: { flags, log: logFlags },
      fork: () => new WorkerProcess(),
      onPlanned: (planned, isNew) => this.#onPlanned(planned, isNew),
      longestDrainMs: () => this.#longestDrainMs,
      stallAfterMs: () => this.#plan?.stallAfterMs ?? false,
      onFirst: (worker) => void this.#announce(worker),
      onAll: () => log.info(WAITING),
      onEnded: (worker) => this.#keepCounts(worker),
    });
    this.#service = new SharedService(log, access, {
      current: () => this.set.workers.slots.find(({ current }) => current)?.current,
      all: () => this.set.workers.processes,
    });
  }

  async close(): Promise<void> {
    this.#health?.close();
    await this.#service.close();
  }

  get #longestDrainMs(): number {
    return longestDrain(this.#plan?.graceMs ?? GRACE_MS);
  }

  /** Opens, for the first process, what there is once; for one that may have other code, takes in what that says. */
  async #onPlanned(planned: PlanSummary, isNew: boolean): Promise<number | undefined> {
    if (!isNew && this.#plan) return this.#service.port;
    const isFirst = this.#plan === undefined;
    this.#plan = planned;
    await this.#openHealth(planned);
    return this.#service.take(planned, isFirst);
  }

  async #openHealth({ healthPort }: PlanSummary): Promise<void> {
    const address = readAddress(healthPort);
    if (!address || this.#health) return;
    const source = { status: () => this.#status(), metrics: () => this.#measure() };
    this.#health = await serveHealth(address, source, this.options.log);
    sayWhere(this.#health, this.options.log, productionMark(process.env));
  }

  #status() {
    return setStatus(this.set, `${hostname()}-${process.pid}`, this.#counts);
  }

  async #measure(): Promise<{ contentType: string; text: string }> {
    const all = [...this.set.workers.processes];
    await within(this.clock, MEASURE_MS, Promise.all(all.map((worker) => worker.measure())));
    // One that has ended meanwhile is counted among those.
    const running = all
      .filter((worker) => this.set.workers.processes.has(worker))
      .flatMap(({ metrics }) => (metrics ? [metrics] : []));
    return this.#metrics.text(running, this.#status().ready);
  }

  #keepCounts({ status, metrics }: WorkerProcess): void {
    if (status) this.#counts = addCounts(this.#counts, status.counts);
    if (metrics) this.#metrics.keep(metrics);
  }

  async #announce(first: WorkerProcess): Promise<void> {
    const { log, flags } = this.options;
    const { url, port, machines } = this.#service;
    log.info(
      `Endpoint: ${url === undefined ? this.#plan?.endpoint : `${url} (embedded: for development, in memory)`}`,
    );
    if (url !== undefined && this.#service.hasConsole) logConsole(log, url);
    logActivities(log, first.status?.handlers ?? []);
    log.info(
      `Processes: ${this.count}, each with so many at once; SIGUSR2 to process ${process.pid} replaces them`,
    );
    if (url !== undefined) logMachines(log, machines, flags.texts['port'] === undefined ? undefined : port);
    logDrain(log, this.#longestDrainMs);
    if (machines.length > 0) logFindings(log, await first.check(machines));
  }
}
