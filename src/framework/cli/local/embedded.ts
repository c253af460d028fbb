import type { LocalService } from '../../local/index.js';
import type { Logger } from '../../base/log/log.js';
import type { PublicStatus } from '../../base/worker-status.js';
import { logFindings, logMachines } from '../output/banner.js';
import { consoleOptions, wantsConsole } from './console.js';
import type { AccessFlags } from '../flags/access-flags.js';
import type { Project } from '../project/project.js';
import { seededFindings, startSeeded } from './seed.js';

/** The local service of a `start` at `local`. A worker at a URL loads none of what it is made of. */
export interface Embedded {
  readonly service: LocalService;
  /** Whether it serves a console. */
  readonly console: boolean;
  /**
   * Says which machines there are, and what they and the classes do not agree in.
   * @param port said where `execute` would look elsewhere
   */
  logMachines(port: number | undefined): void;
}

/** @param workers those that the console shows. @throws StartError */
export async function startEmbedded(
  { plan, machines }: Project,
  { allowHost: allowHosts, allowOrigin: allowOrigins, console: asked }: AccessFlags,
  log: Logger,
  workers: () => PublicStatus[],
): Promise<Embedded> {
  const { settings, handlers } = plan;
  const console = wantsConsole(asked);
  const page = console && consoleOptions(handlers, settings.region, workers);
  const doors = { allowHosts, allowOrigins, console: page };
  const service = await startSeeded({ log, settings, ...doors }, handlers, machines);
  return {
    ...{ service, console },
    logMachines: (port) => {
      logMachines(log, machines, port);
      logFindings(log, seededFindings(plan, machines));
    },
  };
}
