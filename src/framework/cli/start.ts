import type { Flags } from '../config/texts.js';
import type { LocalService } from '../local/index.js';
import type { Logger } from '../log.js';
import { type Endpoint, localEndpoint, showEndpoint } from '../service/endpoint.js';
import { type PublicStatus, publicStatus } from '../worker/health/pages.js';
import type { Worker } from '../worker/worker.js';
import {
  sayActivities,
  sayConsole,
  sayDrain,
  sayFindings,
  sayMachines,
  sayOutdated,
  WAITING,
} from './banner.js';
import { consoleOptions, wantsConsole } from './console.js';
import type { DoorFlags } from './doors.js';
import { endPollsAt } from './our-port.js';
import { type Project, readProject } from './project.js';
import { runWorker } from './run-worker.js';
import { seededFindings, startSeeded } from './seed.js';
import { stopSignal } from './signals.js';

/** Runs the worker until a signal comes. @returns the exit code. @throws StartError before anything runs. */
export async function start(flags: Flags, doors: DoorFlags, log: Logger): Promise<number> {
  const project = await readProject(flags);
  const stop = stopSignal(log, 'stopping: running tasks get their grace; once more to stop at once');
  const around: Around = { service: undefined, worker: undefined };
  const { plan, module } = project;
  try {
    const connectTo = (): Promise<Endpoint> => openAround(around, project, doors, log);
    return await runWorker(plan, { log, stop, module, connectTo }, (worker) => {
      around.worker = worker;
      sayOutdated(log, project.outdated);
      const console = wantsConsole(doors.console);
      announce(worker, project, around, { log, port: flags.texts['port'], console });
    });
  } finally {
    await around.service?.close();
  }
}

/** What stands around a worker. */
interface Around {
  /** The embedded service, at the endpoint `local`. */
  service: LocalService | undefined;
  /** Whom the console shows, once it is built. */
  worker: Worker | undefined;
}

/** Opens what stands around the worker. @returns where it is to connect. */
async function openAround(
  around: Around,
  { plan, machines }: Project,
  { allowHost: allowHosts, allowOrigin: allowOrigins, console: asked }: DoorFlags,
  log: Logger,
): Promise<Endpoint> {
  const { settings, endpoint, handlers } = plan;
  if (!endpoint) throw new Error('a plan without an endpoint has a problem that says so');
  if (endpoint.kind === 'local') {
    const workers = (): PublicStatus[] => (around.worker ? [publicStatus(around.worker.status())] : []);
    const console = wantsConsole(asked) && consoleOptions(handlers, settings.region, workers);
    const doors = { allowHosts, allowOrigins, console };
    around.service = await startSeeded({ log, settings, ...doors }, handlers, machines);
  }
  return around.service ? localEndpoint(around.service.port) : endpoint;
}

function announce(
  worker: Worker,
  { plan, machines }: Project,
  { service }: Around,
  { log, port, console }: { log: Logger; port: string | undefined; console: boolean },
): void {
  const endpoint = service ? localEndpoint(service.port) : plan.endpoint;
  if (endpoint)
    log.info(
      `Endpoint: ${showEndpoint(endpoint)}${service ? ' (embedded: for development, in memory)' : ''}`,
    );
  if (service && console) sayConsole(log, service.url);
  sayActivities(log, worker.status().handlers);
  if (service) {
    sayMachines(log, machines, port === undefined ? undefined : service.port);
    sayFindings(log, seededFindings(plan, machines));
  }
  sayDrain(log, worker.longestDrainMs);
  worker.on('state', ({ to }) => {
    if (to === 'running') log.info(WAITING);
    // The embedded service ends with its worker, so nobody is left to be served by the polls it holds.
    if (to === 'draining') service?.endPolls();
    if (to === 'draining' && !service && endpoint?.kind === 'url')
      void endPollsAt(endpoint.url, worker.status().name);
  });
}
