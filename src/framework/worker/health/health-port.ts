import { isThisMachine, readAddress, showAddress } from '../../config/address.js';
import type { Clock } from '../../base/time/clock.js';
import type { Logger } from '../../base/log/log.js';
import { VERSION } from '../../base/version.js';
import { NO_COUNTS, type WorkerStatus } from '../../base/worker-status.js';
import { measureForPrometheus } from '../observe/metrics/prometheus.js';
import type { ObservedWorker } from '../observe/observer.js';
import type { servePages } from './page-server.js';
import { type HealthSource, PATHS } from './health-pages.js';
import { type Health, serveHealth } from './serve-health.js';

/**
 * A worker's health port. It is opened before the worker is made, so that probes get a response while the worker is
 * starting.
 */
export interface WorkerHealth {
  /**
   * From now on, the port shows this worker's status and metrics instead of a status that says that the worker is
   * starting.
   */
  show(worker: ObservedWorker): Promise<void>;
  close(): void;
}

export interface HealthOptions {
  /** The configured port or address. If undefined, no health port is opened. */
  readonly healthPort: number | string | undefined;
  /** Host names that requests may use for the port, in addition to those of its address. */
  readonly healthHosts: readonly string[];
  readonly clock: Clock;
  readonly log: Logger;
  /**
   * Serves the port from another thread, which can respond even while the main thread is blocked. @default the main
   * thread serves the port
   */
  readonly serve?: typeof servePages;
  /**
   * The setting in the environment that shows that this is production: `NODE_ENV=production`, or the name of a variable
   * that services such as ECS set; undefined if there is none.
   */
  readonly production: string | undefined;
}

/** Returns the status that the port shows while the worker is being made. */
const starting = (startedAt: number): WorkerStatus => ({
  name: 'stepwright',
  version: VERSION,
  startedAt,
  state: 'created',
  ready: false,
  reasons: ['the activities are being looked up'],
  handlers: [],
  tasks: [],
  tasksInFlight: 0,
  counts: NO_COUNTS,
});

/** Returns what the port shows until there is a worker. @param startedAt the time at which the port was opened */
export const nothingYet = (startedAt: number): HealthSource => ({
  status: () => starting(startedAt),
  metrics: async () => ({ contentType: 'text/plain; version=0.0.4; charset=utf-8', text: '' }),
});

/** Opens the health port, and logs its address. @throws StartError if the port can't be opened */
export async function openHealth({
  healthPort,
  healthHosts: hosts,
  clock,
  log,
  serve,
  production,
}: HealthOptions): Promise<WorkerHealth> {
  const address = readAddress(healthPort);
  if (!address) return { show: async () => {}, close: () => {} };
  let source = nothingYet(clock.now());
  const shown: HealthSource = {
    status: () => source.status(),
    metrics: () => source.metrics(),
  };
  const health = await serveHealth({ ...address, hosts }, shown, log, serve);
  sayWhere(health, log, production);
  return {
    show: async (worker) => void (source = await sourceOf(worker, clock)),
    close: () => health.close(),
  };
}

async function sourceOf(worker: ObservedWorker, clock: Clock): Promise<HealthSource> {
  const prometheus = await measureForPrometheus(worker, clock);
  return {
    status: () => worker.status(),
    metrics: async () => ({ contentType: prometheus.contentType, text: await prometheus.text() }),
  };
}

/** Logs the port's address. If this is production and other machines can't reach the port, logs a warning too. */
export function sayWhere({ address }: Health, log: Logger, production: string | undefined): void {
  log.info(`Health: http://${showAddress(address)}/ with ${PATHS.join(', ')}`);
  if (production === undefined || !isThisMachine(address)) return;
  log.warn(
    `the health port listens on ${address.host} alone, and ${production} says that this is production: for probes from outside set --health-port 0.0.0.0:${address.port}`,
  );
}
