import type { Flags } from '../../config/sources.js';
import type { Logger } from '../../base/log/log.js';
import { command, logConsole, logFindings, logMachines, logWarnings } from '../output/banner.js';
import { consoleOptions, wantsConsole } from './console.js';
import type { Access } from '../flags/local-service-flags.js';
import { type Project, readSeeds } from '../project/project.js';
import { localArn, seededFindings, startSeeded } from './seed.js';
import { stopSignal } from '../process/signals.js';
import { withWatched } from '../workers/watched-workers.js';
import type { LocalService } from '../../local/index.js';
import type { WorkerStatus } from '../../base/worker-status.js';

/** The address on which the local service (an emulator of Step Functions) listens, and the callers that it accepts. */
interface ListenOptions extends Access {
  readonly host?: string;
  /** The health ports of the workers whose status the console (the web page of the local service) shows. @default [] */
  readonly workerPorts?: readonly number[];
}

/**
 * Runs the local service (an emulator of Step Functions) without a worker, with the project's activities and machines,
 * until a stop signal arrives. @returns the exit code
 */
export async function local(
  flags: Flags,
  { host, workerPorts = [], workers = [], console: asked, ...access }: ListenOptions,
  log: Logger,
): Promise<number> {
  const watched = withWatched(() => [], [...workerPorts.map(String), ...workers]);
  const seeds = await readSeeds(flags, access.stacks);
  const { plan, machines, warnings } = seeds;
  logWarnings(log, warnings);
  const { settings, handlers } = plan;
  const console =
    wantsConsole(asked, host) && consoleOptions(handlers, settings.region, access.projectFlags, watched);
  const service = await startSeeded({ ...access, log, settings, host, console }, handlers, seeds);
  log.info(`Endpoint: ${service.url} (in memory: everything is lost when it ends)`);
  if (console) logConsole(log, service.url);
  for (const { definition } of handlers)
    log.info(`Activity: ${localArn(definition.activity, settings.region)}`);
  logMachines(log, machines, { port: service.port, flags });
  log.info(
    `Start a worker: AWS_ENDPOINT_URL_SFN=${service.url} ${command('start')}. Press Ctrl-C to interrupt.`,
  );
  const stop = stopSignal(log, 'stopping');
  if (!stop.aborted) await new Promise((resolve) => stop.addEventListener('abort', resolve));
  service.endPolls();
  await service.close();
  return 0;
}

/**
 * The local service inside the process of the command `start`, if the endpoint is `local`. For any other endpoint the
 * modules of the service aren't loaded.
 */
export interface Embedded {
  readonly service: LocalService;
  /** True if the service shows its console (a web page). */
  readonly console: boolean;
  /**
   * Logs the state machines of the service, and where they disagree with the classes.
   * @param flags those of the command
   */
  logMachines(flags: Flags): void;
}

/**
 * Starts the local service (an emulator of Step Functions) for the command `start`, with the project's activities and
 * machines.
 * @param workers returns the workers whose status the console (the service's web page) shows
 * @throws StartError if the service can't start
 */
export async function startEmbedded(
  project: Project,
  { console: asked, workers: further, ...access }: Access,
  log: Logger,
  workers: () => WorkerStatus[],
): Promise<Embedded> {
  const { plan, machines } = project;
  const { settings, handlers } = plan;
  const console = wantsConsole(asked);
  const page =
    console && consoleOptions(handlers, settings.region, access.projectFlags, withWatched(workers, further));
  const service = await startSeeded({ ...access, log, settings, console: page }, handlers, project);
  return {
    ...{ service, console },
    logMachines: (flags) => {
      logMachines(log, machines, { port: service.port, flags });
      logFindings(log, seededFindings(plan, machines));
    },
  };
}
