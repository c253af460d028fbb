import { ActivityMetrics } from '../../aws/queries/activity-metrics.js';
import type { Logger } from '../../base/log/log.js';
import { DURATION_EXPECTED, parseDuration } from '../../base/time/duration.js';
import { systemClock } from '../../base/time/clock.js';
import { type Address, readAddress, showAddress } from '../../config/address.js';
import { jsonPage, type Page, servePages } from '../../worker/health/page-server.js';
import { stopSignal } from '../process/signals.js';
import { COUNTS_MS, FleetScaler, type ScalerOptions } from './fleet-scaler.js';
import { readPlaces } from '../flags/worker-places.js';
import { readWorkers, WorkerMemory } from './worker-statuses.js';
import { Blind, type FleetEstimate, NoEstimate } from './estimate.js';

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
    clock,
    log,
    metrics,
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
function settingsOf({ activity = [], workers = [], ...flags }: ScalerFlags): Settings {
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
    activityArns: activity,
    region,
    listen,
    withinMs,
    slotsOfWorker: slots,
    workers: places,
    fleet: flags.fleet ?? 'worker',
    publish: flags.publish === true,
  };
}

const PATHS = ['/scale', '/least', '/metrics', '/live'];

/**
 * Returns the HTTP response for a path. While the number of workers that are needed isn't known, `/scale` is an error,
 * and `/least` has the number for the waiting tasks alone, if known: an autoscaler that follows both adds workers, and
 * removes none.
 */
export async function answerScale(method: string, path: string, scaler: FleetScaler): Promise<Page> {
  if (!PATHS.includes(path)) return jsonPage(404, { error: `there are ${PATHS.join(', ')}` });
  if (method !== 'GET' && method !== 'HEAD') return jsonPage(405, { error: 'there is only GET' });
  if (path === '/live') return jsonPage(200, { state: 'running' });
  const found = await scaler.estimate().catch(whyNot);
  if (path === '/metrics') {
    const body = found instanceof NoEstimate ? metricsOfNone(scaler.fleet, found) : metricsOf(found);
    return { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body };
  }
  if (!(found instanceof NoEstimate)) return jsonPage(200, found);
  const { message: error } = found;
  if (!(found instanceof Blind)) return jsonPage(503, { error });
  const { least } = found.facts;
  return path === '/least'
    ? jsonPage(200, { fleet: scaler.fleet, workersWanted: least, sure: 'blind', why: error })
    : jsonPage(503, { error, sure: 'blind', least });
}

const whyNot = (error: unknown): NoEstimate =>
  error instanceof NoEstimate ? error : new NoEstimate(String(error), { cause: error });

/** The Prometheus gauges for each activity, by name: the help text, and the field of the estimate. */
const GAUGES = {
  tasks_waiting: ['tasks that wait for a worker', 'waiting'],
  tasks_at_work: ['tasks whose handlers run', 'atWork'],
  slots: ['slots of the workers that take tasks', 'slots'],
} as const;

function metricsOf({ fleet, workers, workersWanted, activities }: FleetEstimate): string {
  const ofFleet = `{fleet=${JSON.stringify(fleet)}}`;
  const lines = [
    ...estimated(fleet, 1),
    ...gauge('workers', 'workers that take tasks', [`${ofFleet} ${workers}`]),
    ...gauge('workers_wanted', 'workers that the fleet needs', [`${ofFleet} ${workersWanted}`]),
    ...Object.entries(GAUGES).flatMap(([name, [help, key]]) =>
      gauge(
        name,
        help,
        activities.map(
          (each) =>
            `{fleet=${JSON.stringify(fleet)},activity_arn=${JSON.stringify(each.activityArn)}} ${each[key]}`,
        ),
      ),
    ),
  ];
  return `${lines.join('\n')}\n`;
}

/** Returns the metrics while no estimate can be made, without the size of the fleet. */
function metricsOfNone(fleet: string, why: NoEstimate): string {
  const lines = estimated(fleet, 0);
  if (why instanceof Blind) {
    const { activityArn, running } = why.facts;
    const labels = `{fleet=${JSON.stringify(fleet)},activity_arn=${JSON.stringify(activityArn)}}`;
    const help = 'tasks that run by the numbers of CloudWatch while no worker of them can be seen';
    lines.push(...gauge('tasks_unseen', help, [`${labels} ${running}`]));
  }
  return `${lines.join('\n')}\n`;
}

const estimated = (fleet: string, value: 0 | 1): string[] =>
  gauge('estimated', '1 while it is known how many workers the fleet needs, else 0', [
    `{fleet=${JSON.stringify(fleet)}} ${value}`,
  ]);

const gauge = (name: string, help: string, values: readonly string[]): string[] => [
  `# HELP stepwright_scaler_${name} ${help}`,
  `# TYPE stepwright_scaler_${name} gauge`,
  ...values.map((value) => `stepwright_scaler_${name}${value}`),
];
