import { type Address, isThisMachine, readAddress, showAddress } from '../../config/address.js';
import { type Problem, StartError } from '../../base/errors.js';
import type { Clock } from '../../base/time/clock.js';
import type { Logger } from '../../base/log/log.js';
import { VERSION } from '../../base/package.js';
import { NO_COUNTS, type WorkerStatus } from '../../base/worker-status.js';
import { measureForPrometheus } from '../observe/metrics/prometheus.js';
import type { ObservedWorker } from '../observe/observer.js';
import type { HealthClient } from './health-client.js';
import { PATHS } from './health-pages.js';

/**
 * A worker's health port. It is opened before the worker is made, so that probes get a response while the worker is
 * starting.
 */
export interface WorkerHealth {
  /** From now on, the port shows this worker, instead of a status that says that the worker is starting. */
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
  readonly client: HealthClient;
  /**
   * The setting in the environment that shows that this is production: `NODE_ENV=production`, or the name of a variable
   * that services such as ECS set; undefined if there is none.
   */
  readonly production: string | undefined;
}

/** Returns the status that the port shows while the worker is being made. */
export const starting = (startedAt: number): WorkerStatus => ({
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

/** Opens the health port, and logs its address. @throws StartError if the port can't be opened */
export async function openHealth(options: HealthOptions): Promise<WorkerHealth> {
  const { healthPort, healthHosts: hosts, clock, log, client, production } = options;
  const address = readAddress(healthPort);
  if (!address) return { show: async () => {}, close: () => {} };
  const status = starting(clock.now());
  const none = { contentType: 'text/plain; version=0.0.4; charset=utf-8', text: '' };
  try {
    const source = { status: () => status, metrics: () => Promise.resolve(none) };
    const port = await client.open({ ...address, hosts }, source);
    sayWhere({ ...address, port }, log, production);
  } catch (error) {
    throw explain(error as NodeJS.ErrnoException, address);
  }
  return {
    async show(worker) {
      const metrics = await measureForPrometheus(worker, clock);
      client.show({
        status: () => worker.status(),
        metrics: async () => ({ contentType: metrics.contentType, text: await metrics.text() }),
      });
    },
    close: () => client.close(),
  };
}

/** Logs the port's address. If this is production and other machines can't reach the port, logs a warning too. */
function sayWhere(address: Address, log: Logger, production: string | undefined): void {
  log.info(`Health: http://${showAddress(address)}/ with ${PATHS.join(', ')}`);
  if (production === undefined || !isThisMachine(address)) return;
  log.warn(
    `the health port listens on ${address.host} alone, and ${production} says that this is production: for probes from outside set --health-port 0.0.0.0:${address.port}`,
  );
}

function explain(error: NodeJS.ErrnoException, address: Address): Error {
  if (error.code === 'EADDRINUSE')
    return new StartError([portInUse(address.port, '--health-port', 'healthPort')]);
  if (error.code === undefined) return error;
  const problem: Problem = {
    code: 'CONFIG_BAD_VALUE',
    where: 'healthPort',
    what: `${showAddress(address)} can not be listened on: ${error.message}`,
    fix: "name an address of this machine, such as '0.0.0.0:8080', and a port that this user may open",
  };
  return new StartError([problem]);
}

export const portInUse = (port: number, flag: string, key: string): Problem => ({
  code: 'PORT_IN_USE',
  where: `port ${port}`,
  what: 'another process listens on it already',
  fix: `choose another port: ${flag} ${port + 1}, or \`${key}: ${port + 1}\` in the config; or stop that process (\`lsof -i :${port}\` names it)`,
});
