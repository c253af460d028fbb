import { ActivityMetrics } from '../../aws/queries/activity-metrics.js';
import type { Logger } from '../../base/log/log.js';
import { parseDuration, DURATION_EXPECTED } from '../../base/time/duration.js';
import { systemClock } from '../../base/time/clock.js';
import { type Address, readAddress, showAddress } from '../../config/address.js';
import { servePages } from '../../worker/health/page-server.js';
import { stopSignal } from '../process/signals.js';
import { COUNTS_MS, FleetScaler, type ScalerOptions } from './fleet-scaler.js';
import { readPlaces } from '../workers/worker-places.js';
import { answerScale } from './pages.js';
import { WorkerMemory } from './worker-memory.js';
import { readWorkers } from './worker-statuses.js';

/** The flags of the command `scaler`, as texts. */
export interface ScalerFlags {
  readonly activity?: readonly string[];
  readonly workers?: readonly string[];
  readonly listen?: string;
  readonly host?: readonly string[];
  readonly fleet?: string;
  readonly slots?: string;
  readonly within?: string;
  readonly publish?: true;
}

interface Settings extends ScalerOptions {
  readonly region: string;
  readonly workers: readonly Address[];
  readonly listen: Address;
}

/** Serves the estimates for a fleet of workers over HTTP until a stop signal arrives. @returns the exit code */
export async function scaler(flags: ScalerFlags, log: Logger): Promise<number> {
  const settings = settingsOf(flags);
  const clock = systemClock;
  const metrics = new ActivityMetrics(settings.region, clock);
  await metrics.open();
  const memory = new WorkerMemory(clock);
  const fleet = new FleetScaler(settings, {
    ...{ clock, log, metrics },
    readWorkers: () => readWorkers(settings.workers, clock, memory),
  });
  const { port, close } = await servePages({ ...settings.listen, hosts: flags.host ?? [] }, (method, path) =>
    answerScale(method, path, fleet),
  );
  const address = showAddress({ ...settings.listen, port });
  log.info(`Scaler: http://${address}/scale, and /metrics. Press Ctrl-C to interrupt.`);
  const stop = stopSignal(log, 'stopping');
  while (!stop.aborted) {
    await fleet.tick();
    await clock.sleep(COUNTS_MS, stop).catch(() => {});
  }
  close();
  metrics.close();
  return 0;
}

const ARN = /^arn:[\w-]+:states:([\w-]+):\d{12}:activity:.+$/;
/**
 * The number of tasks that one worker is assumed to run at once if no worker runs: the default of the option
 * `concurrency`.
 */
const SLOTS = 10;

/** Reads the flags. @throws Error that names every mistake */
export function settingsOf({ activity = [], workers = [], ...flags }: ScalerFlags): Settings {
  const mistakes: string[] = [];
  const check = (flag: string, expected: string, value: string | undefined, ok: boolean): void => {
    if (!ok)
      mistakes.push(`${flag}: expected ${expected}, got ${value === undefined ? 'nothing' : `'${value}'`}`);
  };
  const regions = new Set(activity.map((arn) => ARN.exec(arn)?.[1]));
  check(
    '--activity',
    "an activity's ARN, once or more",
    activity.find((arn) => !ARN.test(arn)),
    activity.length > 0 && !regions.has(undefined),
  );
  check('--activity', 'activities of one region', [...regions].join(', '), regions.size < 2);
  const { places, mistakes: ofWorkers } = readPlaces(workers);
  mistakes.push(...ofWorkers);
  const listen = readAddress(flags.listen ?? '127.0.0.1:8090') ?? readAddress(Number(flags.listen));
  check('--listen', 'PORT or HOST:PORT', flags.listen, listen !== undefined);
  const slots = Number(flags.slots ?? SLOTS);
  check('--slots', 'a number from 1 up', flags.slots, Number.isSafeInteger(slots) && slots > 0);
  const withinMs = parseDuration(flags.within ?? '1m');
  check('--within', DURATION_EXPECTED, flags.within, withinMs !== undefined && withinMs > 0);
  if (mistakes.length > 0 || !listen || withinMs === undefined) throw new Error(mistakes.join('\n'));
  const [region = ''] = [...regions].flatMap((each) => each ?? []);
  return {
    ...{ activityArns: activity, region, listen, withinMs, slotsOfWorker: slots },
    ...{ workers: places, fleet: flags.fleet ?? 'worker', publish: flags.publish === true },
  };
}
