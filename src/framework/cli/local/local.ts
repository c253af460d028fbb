import type { Flags } from '../../config/sources.js';
import type { Logger } from '../../base/log/log.js';
import { command, logConsole, logFindings, logMachines, logWarnings } from '../output/banner.js';
import { type ConsoleInput, consoleInput, consoleOptions } from './console.js';
import { type LocalServiceFlags, stacksOf } from '../flags/local-service-flags.js';
import { type Project, readSeeds } from '../project/project.js';
import { localArn, seededFindings, startSeeded } from './seed.js';
import { stopSignal } from '../process/signals.js';
import type { LocalService } from '../../local/index.js';
import type { WorkerStatus } from '../../base/worker-status.js';

/**
 * Runs the local service without a worker, with the project's activities and machines, until a stop signal arrives.
 * @returns the exit code
 */
export async function local(
  flags: Flags,
  own: LocalServiceFlags & { readonly host?: string },
  log: Logger,
): Promise<number> {
  const project = await readSeeds(flags, stacksOf(own));
  const { handlers, settings } = project.plan;
  logWarnings(log, project.warnings);
  const { service, console } = await serveProject(project, own, log);
  log.info(`Endpoint: ${service.url} (in memory: everything is lost when it ends)`);
  if (console) logConsole(log, service.url);
  for (const { definition } of handlers)
    log.info(`Activity: ${localArn(definition.activity, settings.region)}`);
  logMachines(log, project.machines, service.port, flags);
  log.info(
    `Start a worker: AWS_ENDPOINT_URL_SFN=${service.url} ${command('start')}. Press Ctrl-C to interrupt.`,
  );
  const stop = stopSignal(log, 'stopping');
  if (!stop.aborted) await new Promise((resolve) => stop.addEventListener('abort', resolve));
  service.endPolls();
  await service.close();
  return 0;
}

/** A local service that runs a project's machines in this process. */
export interface ProjectService {
  readonly service: LocalService;
  /** True if the service shows its console (a web page). */
  readonly console: boolean;
  /** Logs the state machines of the service, and where they disagree with the classes. */
  logMachines(flags: Flags): void;
}

/**
 * Starts the local service with the project's activities and machines.
 * @param workers returns the workers of this process, which the console shows beside those of `--workers`
 * @throws StartError if the service can't start
 */
export async function serveProject(
  project: Project,
  flags: LocalServiceFlags & { readonly host?: string },
  log: Logger,
  workers: () => WorkerStatus[] = () => [],
): Promise<ProjectService> {
  const { plan, machines } = project;
  const { settings, handlers } = plan;
  const inputOf = (arn: string): ConsoleInput | undefined => {
    const found = handlers.find(({ definition }) => localArn(definition.activity, settings.region) === arn);
    return found && consoleInput(found.definition);
  };
  const console = consoleOptions(flags, inputOf, workers);
  const service = await startSeeded(project, { flags, log, console });
  return {
    service,
    console: console !== false,
    logMachines: (given) => {
      logMachines(log, machines, service.port, given);
      logFindings(log, seededFindings(plan, machines));
    },
  };
}
