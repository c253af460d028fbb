import type { LocalService } from '../../local/index.js';
import type { Logger } from '../../base/log/log.js';
import type { PublicStatus } from '../../base/worker-status.js';
import { logFindings, logMachines } from '../output/banner.js';
import { consoleOptions, wantsConsole } from './console.js';
import type { Access } from '../flags/access-flags.js';
import type { Project } from '../project/project.js';
import { seededFindings, startSeeded } from './seed.js';

/** The local service of a `start` at the endpoint `local`. At any other endpoint its modules are not loaded. */
export interface Embedded {
  readonly service: LocalService;
  /** True where it serves a console. */
  readonly console: boolean;
  /**
   * Logs the machines, and their disagreements with the classes.
   * @param port the service's port, where `execute` needs to be given it
   */
  logMachines(port: number | undefined): void;
}

/** @param workers the workers that the console shows. @throws StartError */
export async function startEmbedded(
  { plan, machines }: Project,
  { console: asked, ...access }: Access,
  log: Logger,
  workers: () => PublicStatus[],
): Promise<Embedded> {
  const { settings, handlers } = plan;
  const console = wantsConsole(asked);
  const page = console && consoleOptions(handlers, settings.region, workers);
  const service = await startSeeded({ ...access, log, settings, console: page }, handlers, machines);
  return {
    ...{ service, console },
    logMachines: (port) => {
      logMachines(log, machines, port);
      logFindings(log, seededFindings(plan, machines));
    },
  };
}
