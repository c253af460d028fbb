import type { LocalService } from '../../local/index.js';
import type { Logger } from '../../base/log/log.js';
import type { Flags } from '../../config/layers.js';
import type { WorkerStatus } from '../../base/worker-status.js';
import { logFindings, logMachines } from '../output/banner.js';
import { consoleOptions, wantsConsole } from './console.js';
import type { Access } from '../flags/access-flags.js';
import type { Project } from '../project/project.js';
import { seededFindings, startSeeded } from './seed.js';
import { withWatched } from '../workers/watched-workers.js';

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
