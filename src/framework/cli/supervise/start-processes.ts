import { hostname } from 'node:os';
import { readAddress } from '../../config/address.js';
import type { Flags } from '../../config/layers.js';
import { type Clock, systemClock } from '../../base/time/clock.js';
import type { Logger } from '../../base/log/log.js';
import { productionMark } from '../../aws/endpoint.js';
import { within } from '../../base/time/wait.js';
import { sayWhere } from '../../worker/health/health-port.js';
import { type Health, serveHealth } from '../../worker/health/serve-health.js';
import { readProtection } from '../../worker/observe/metrics/gauges.js';
import { SummedMetrics } from '../../worker/observe/metrics/summed-metrics.js';
import { longestDrain } from '../../worker/worker.js';
import { logActivities, logConsole, logDrain, logFindings, logMachines, WAITING } from '../output/banner.js';
import type { Access } from '../flags/access-flags.js';
import type { LogFlags } from '../output/log-for.js';
import { reloadRequests, stopSignal } from '../process/signals.js';
import { writeErrorSync } from '../../base/log/stdio.js';
import type { PlanSummary } from './plan-summary.js';
import { NO_COUNTS, type PublicStatus } from '../../base/worker-status.js';
import { addCounts, setStatus } from './set-status.js';
import { type ControlSocket, openControl } from '../control/control-socket.js';
import { SetControl } from './set-control.js';
import { SetProtection } from './set-protection.js';
import { SharedService } from './shared-service.js';
import { NotStarted, WorkerProcess } from './worker-process.js';
import { Supervisor } from './supervisor.js';

export interface ProcessesOptions {
  readonly flags: Flags;
  readonly access: Access;
  readonly logFlags: LogFlags;
  readonly log: Logger;
  /** The path of the control socket. @default none */
  readonly control?: string | undefined;
}

/**
 * The most milliseconds to wait for the current metrics of a process. After that, the last ones that it has sent are
 * used.
 */
const MEASURE_MS = 1_000;

/**
 * Runs a worker in each of several processes and supervises them. The user's code runs only in those processes. SIGUSR2
 * makes all processes be replaced by new ones, one after another.
 * @returns the exit code.
 * @throws StartError if the local service or the health port can't listen.
 */
export async function startProcesses(count: number, options: ProcessesOptions): Promise<number> {
  const { log } = options;
  const processes = new WorkerProcesses(count, options, systemClock);
  const hint = 'stopping: running tasks get the grace period to end; once more to stop at once';
  const stop = stopSignal(log, hint, () => processes.supervisor.workers.endAtOnce());
  process.on('exit', () => processes.supervisor.workers.kill());
  reloadRequests(() => processes.supervisor.reload());
  try {
    await processes.openControl();
    return await processes.supervisor.run(stop);
  } catch (error) {
    if (!(error instanceof NotStarted)) throw error;
    writeErrorSync(error.message);
    return 1;
  } finally {
    await processes.close();
  }
}

/** Supervised worker processes, and the local service, the health port and the metrics that they share. */
class WorkerProcesses {
  readonly supervisor: Supervisor;
  readonly #service: SharedService;
  readonly #control: SetControl;
  readonly #protection: SetProtection;
  readonly #metrics = new SummedMetrics();
  readonly #startedAt: number;
  #counts = NO_COUNTS;
  #plan: PlanSummary | undefined;
  #health: Health | undefined;
  #socket: ControlSocket | undefined;

  constructor(
    private readonly count: number,
    private readonly options: ProcessesOptions,
    private readonly clock: Clock,
  ) {
    const { flags, logFlags, log, access } = options;
    this.#startedAt = clock.now();
    this.supervisor = new Supervisor({
      ...{ count, clock, log },
      run: { flags, log: logFlags },
      fork: () => {
        const worker = new WorkerProcess();
        this.#control.follow(worker);
        return worker;
      },
      onPlanned: (plan, isNew) => this.#onPlanned(plan, isNew),
      onFirst: (worker) => void this.#announce(worker),
      onAll: () => log.info(WAITING),
      onEnded: (worker) => this.#keepCounts(worker),
    });
    this.#control = new SetControl(count, () => this.supervisor.workers.processes);
    this.#protection = new SetProtection(this.supervisor, { clock, log });
    this.#service = new SharedService(log, access, {
      current: () => this.supervisor.workers.members.find(({ current }) => current)?.current,
      all: () => this.supervisor.workers.processes,
    });
  }

  /** Opens the control socket, if its path was given. @throws StartError if it can't be opened */
  async openControl(): Promise<void> {
    const { control } = this.options;
    if (control === undefined) return;
    this.#socket = await openControl(control, (request) => this.#control.apply(request));
  }

  async close(): Promise<void> {
    this.#socket?.close();
    await this.#protection.close();
    this.#health?.close();
    await this.#service.close();
  }

  /**
   * Called with the plan (the settings and handlers) that each new process has read. At the first plan, opens the
   * health port and starts the local service. At a later plan that may differ, updates the service.
   * @returns the local service's port; undefined if there is no service
   */
  async #onPlanned(plan: PlanSummary, isNew: boolean): Promise<number | undefined> {
    if (!isNew && this.#plan) return this.#service.port;
    const isFirst = this.#plan === undefined;
    this.#plan = plan;
    await this.#openHealth(plan);
    await this.#protection.follow(plan);
    return this.#service.update(plan, isFirst);
  }

  async #openHealth({ healthPort, healthHosts: hosts }: PlanSummary): Promise<void> {
    const address = readAddress(healthPort);
    if (!address || this.#health) return;
    const source = { status: () => this.#status(), metrics: () => this.#measure() };
    this.#health = await serveHealth({ ...address, hosts }, source, this.options.log);
    sayWhere(this.#health, this.options.log, productionMark(process.env));
  }

  #status(): PublicStatus {
    const own = { name: `${hostname()}-${process.pid}`, startedAt: this.#startedAt };
    const status = setStatus(this.supervisor, own, this.#counts);
    const { status: protection } = this.#protection;
    return { ...status, ...(protection && { protection }) };
  }

  async #measure(): Promise<{ contentType: string; text: string }> {
    const all = [...this.supervisor.workers.processes];
    await within(this.clock, MEASURE_MS, Promise.all(all.map((worker) => worker.measure())));
    // If a process has exited in the meantime, its last metrics are already included elsewhere.
    const running = all
      .filter((worker) => this.supervisor.workers.processes.has(worker))
      .flatMap(({ metrics }) => (metrics ? [metrics] : []));
    const { ready, protection } = this.#status();
    return this.#metrics.text(running, { ready, gauges: readProtection(protection) });
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
      `Processes: ${this.count}, each with these settings; send SIGUSR2 to process ${process.pid} to replace them`,
    );
    if (port !== undefined) logMachines(log, machines, { port, flags });
    if (first.plan) logDrain(log, longestDrain(first.plan.graceMs));
    if (machines.length > 0) logFindings(log, await first.check(machines));
  }
}
