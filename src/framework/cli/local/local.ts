import type { Flags } from '../../config/layers.js';
import type { Logger } from '../../base/log/log.js';
import { command, logConsole, logMachines, logWarnings } from '../output/banner.js';
import { consoleOptions, wantsConsole } from './console.js';
import type { Access } from '../flags/access-flags.js';
import { readSeeds } from '../project/project.js';
import { localArn, startSeeded } from './seed.js';
import { stopSignal } from '../process/signals.js';
import { withWatched } from '../workers/watched-workers.js';

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
