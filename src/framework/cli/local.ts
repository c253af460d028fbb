import type { Flags } from '../config/texts.js';
import type { Logger } from '../log.js';
import { command, sayMachines } from './banner.js';
import { readSeeds } from './project.js';
import { localArn, startSeeded } from './seed.js';
import { stopSignal } from './signals.js';

/** Where it listens, and for whom. */
export interface ListenFlags {
  readonly host?: string;
  readonly allowHost?: readonly string[];
}

/** Runs only the local service, seeded, until a signal comes. @returns the exit code. */
export async function local(
  flags: Flags,
  { host, allowHost: allowHosts }: ListenFlags,
  log: Logger,
): Promise<number> {
  const { plan, machines } = await readSeeds(flags);
  const { settings, handlers } = plan;
  const service = await startSeeded({ log, settings, host, allowHosts }, handlers, machines);
  log.info(`Endpoint: ${service.url} (in memory: everything is gone when it ends)`);
  for (const { definition } of handlers)
    log.info(`Activity: ${localArn(definition.activity, settings.region)}`);
  sayMachines(log, machines, flags.texts['port'] === undefined ? undefined : service.port);
  log.info(
    `Start a worker: AWS_ENDPOINT_URL_SFN=${service.url} ${command('start')}. Press Ctrl-C to interrupt.`,
  );
  const stop = stopSignal(log, 'stopping');
  if (!stop.aborted) await new Promise((resolve) => stop.addEventListener('abort', resolve));
  service.endPolls();
  await service.close();
  return 0;
}
