import type { Logger } from '../log.js';
import { command, sayMachines } from './banner.js';
import { prepare, type StartFlags } from './prepare.js';
import { localArn, startSeeded } from './seed.js';
import { stopSignal } from './signals.js';

export interface LocalFlags extends StartFlags {
  readonly host?: string;
  readonly allowHost?: readonly string[];
}

/** Runs only the local service, seeded, until a signal comes. @returns the exit code. */
export async function local(flags: LocalFlags, log: Logger): Promise<number> {
  const { settings, handlers, machines } = await prepare(flags, { seeds: true });
  const service = await startSeeded(
    { log, settings, host: flags.host, allowHosts: flags.allowHost },
    handlers,
    machines,
  );
  log.info(`Endpoint: ${service.url} (in memory: everything is gone when it ends)`);
  for (const { definition } of handlers)
    log.info(`Activity: ${localArn(definition.activity, settings.region)}`);
  sayMachines(log, machines, flags.port === undefined ? undefined : service.port);
  log.info(
    `Start a worker: AWS_ENDPOINT_URL_SFN=${service.url} ${command('start')}. Press Ctrl-C to interrupt.`,
  );
  const stop = stopSignal(log, 'stopping');
  if (!stop.aborted) await new Promise((resolve) => stop.addEventListener('abort', resolve));
  service.endPolls();
  await service.close();
  return 0;
}
