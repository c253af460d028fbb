import type { Logger } from '../../base/log/log.js';
import { NO_COUNTS, type WorkerStatus } from '../../base/worker-status.js';
import { type HealthFacts, PATHS } from './health-pages.js';
import type { FromHealthServer, ToHealthServer } from './health-server.js';
import type { NamedAddress } from './page-server.js';
import { isLoopback } from '../../base/hosts.js';
import { type Address, readAddress, showAddress } from '../../config/address.js';
import type { Settings } from '../../config/resolve.js';
import { type Problem, StartError } from '../../base/errors.js';
import type { Clock } from '../../base/time/clock.js';
import { VERSION } from '../../base/package.js';
import { measureForPrometheus, type MetricsText } from '../observe/metrics/prometheus.js';
import type { ObservedWorker } from '../../declare/worker-events.js';

/** The functions from which the health port gets what it shows. */
export interface HealthSource {
  status(): WorkerStatus;
  metrics(): Promise<MetricsText>;
}

/** The main thread's part of the health port: it tells the sidecar, which serves the port, the facts. */
export class HealthClient {
  #source: HealthSource | undefined;
  /** The address of the open port; undefined if no port is open. */
  #address: NamedAddress | undefined;
  #opening: { readonly resolve: (port: number) => void; readonly reject: (error: Error) => void } | undefined;
  /** True while the facts can't be had. They are asked for all the time, and that is logged once. */
  readonly #failing = new Set<'status' | 'metrics'>();

  constructor(
    private readonly log: Logger,
    private readonly send: (message: ToHealthServer) => void,
  ) {}

  /**
   * Opens the port. Only one port can be open at a time. Resolves with the port that is listened on.
   * @throws Node's error, with its code, if the port can't be listened on
   */
  open(address: NamedAddress, source: HealthSource): Promise<number> {
    this.#address = address;
    this.#source = source;
    return new Promise<number>((resolve, reject) => {
      this.#opening = { resolve, reject };
      this.send({ kind: 'listen', address });
    });
  }

  /** From now on the pages show this worker, until it has stopped. Does nothing if no port is open. */
  async show(worker: ObservedWorker, clock: Clock): Promise<void> {
    if (!this.#address) return;
    const metrics = await measureForPrometheus(worker, clock);
    this.#source = { status: () => worker.status(), metrics };
    // The worker enters these states only after its last report, so probes get answers until then.
    worker.on('state', ({ to }) => {
      if (to === 'stopped' || to === 'failed') this.close();
    });
  }

  /** Opens the port again, if one is open: another sidecar has to serve it. */
  restart(): void {
    if (this.#address) this.send({ kind: 'listen', address: this.#address });
  }

  close(): void {
    this.#address = undefined;
    this.send({ kind: 'close' });
  }

  take(message: FromHealthServer): void {
    if (message.kind === 'ask') return void this.#tell(message.request, message.metrics);
    if (message.kind === 'listening') {
      if (this.#address) this.#address = { ...this.#address, port: message.port };
      this.#opening?.resolve(message.port);
    } else {
      // A port that was open is opened again by the next sidecar, if there is one.
      if (this.#opening) this.#address = undefined;
      this.#opening?.reject(Object.assign(new Error(message.message), { code: message.code }));
    }
    this.#opening = undefined;
  }

  async #tell(request: number, withMetrics: boolean): Promise<void> {
    const part = withMetrics ? 'metrics' : 'status';
    let facts: HealthFacts | undefined;
    try {
      const metrics = withMetrics ? await this.#source?.metrics() : undefined;
      const status = this.#source?.status();
      facts = status && { status, metrics: metrics ?? { contentType: 'text/plain', text: '' } };
      this.#failing.delete(part);
    } catch (error) {
      if (!this.#failing.has(part)) this.log.error({ err: error }, `the ${part} for the health port failed`);
      this.#failing.add(part);
    }
    this.send({ kind: 'facts', request, facts });
  }
}

interface HealthOptions extends Pick<Settings, 'healthPort' | 'healthHosts'> {
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

/**
 * Opens the health port, and logs its address. That is done before the worker is made, so that probes get a response
 * while it is starting.
 * @throws StartError if the port can't be opened
 */
export async function openHealth(options: HealthOptions): Promise<void> {
  const { healthPort, healthHosts: hosts, clock, log, client, production } = options;
  const address = readAddress(healthPort);
  if (!address) return;
  const status = starting(clock.now());
  const none = { contentType: 'text/plain; version=0.0.4; charset=utf-8', text: '' };
  const source = { status: () => status, metrics: async () => none };
  try {
    const port = await client.open({ ...address, hosts }, source);
    sayWhere({ ...address, port }, log, production);
  } catch (error) {
    throw explain(error as NodeJS.ErrnoException, address);
  }
}

/** Logs the port's address. If this is production and other machines can't reach the port, logs a warning too. */
function sayWhere(address: Address, log: Logger, production: string | undefined): void {
  log.info(`Health: http://${showAddress(address)}/ with ${PATHS.join(', ')}`);
  if (production === undefined || !isLoopback(address.host)) return;
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
