import { systemClock } from '../clock.js';
import type { LocalService } from '../local/index.js';
import type { Logger } from '../log.js';
import { localEndpoint, showEndpoint } from '../service/endpoint.js';
import { buildWorker } from '../worker/start/create-worker.js';
import type { Worker } from '../worker/worker.js';
import { sayActivities, sayDrain, sayMachines, WAITING } from './banner.js';
import { watchExit } from './exit.js';
import { type Health, serveHealth } from './health.js';
import { prepare, type Prepared, type StartFlags } from './prepare.js';
import { startSeeded } from './seed.js';
import { stopSignal } from './signals.js';
import { watchUserErrors } from './user-errors.js';

/** Runs the worker until a signal comes. @returns the exit code. @throws StartError before anything runs. */
export async function start(flags: StartFlags, log: Logger): Promise<number> {
  const prepared = await prepare(flags, { seeds: false });
  const stop = stopSignal(log, 'stopping: running tasks get their grace; once more to stop at once');
  const service = await startEmbedded(prepared, log);
  const endpoint = service ? localEndpoint(service.port) : prepared.endpoint;
  const { settings, handlers, container } = prepared;
  let status = (): Health => STARTING;
  const { healthPort } = settings;
  const health = healthPort === undefined ? undefined : await serveHealth(healthPort, () => status());
  const building = buildWorker({
    settings,
    handlers,
    container,
    endpoint,
    clock: systemClock,
    random: Math.random,
    log,
  });
  // Activities are looked up for as long as it takes; nothing is leased before that, so a signal may end it.
  const built = await Promise.race([building, aborted(stop)]);
  if (!built) return 0;
  const worker = built;
  status = () => worker.status();
  watchExit(() => worker.status());
  const errors = watchUserErrors(log, () => void worker.stop());

  log.info(`Endpoint: ${showEndpoint(endpoint)}${service ? ' (embedded: for development, in memory)' : ''}`);
  sayActivities(log, worker.status().handlers);
  if (service) sayMachines(log, prepared.machines, flags.port === undefined ? undefined : service.port);
  if (health) log.info(`Health: http://127.0.0.1:${health.port}/live and /ready`);
  sayDrain(log, worker.longestDrainMs);
  worker.on('state', ({ to }) => {
    if (to === 'running') log.info(WAITING);
  });

  await runUntil(stop, worker, service);
  health?.close();
  return errors.uncaught === undefined ? 0 : 1;
}

function startEmbedded(
  { endpoint, settings, handlers, machines }: Prepared,
  log: Logger,
): Promise<LocalService> | undefined {
  return endpoint.kind === 'local' ? startSeeded({ log, settings }, handlers, machines) : undefined;
}

const STARTING: Health = { state: 'created', ready: false, reasons: ['the activities are being looked up'] };

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => (signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve())));

async function runUntil(stop: AbortSignal, worker: Worker, service: LocalService | undefined): Promise<void> {
  // The embedded service ends with its worker, so nobody is left to be served by the polls it holds.
  worker.on('state', ({ to }) => {
    if (to === 'draining') service?.endPolls();
  });
  await worker.run({ signal: stop });
  await service?.close();
}
