import { jsonPage, type Page } from '../../worker/health/page-server.js';
import type { FleetEstimate, FleetScaler } from './fleet-scaler.js';
import { Blind, NoEstimate } from './no-estimate.js';

export const PATHS = ['/scale', '/least', '/metrics', '/live'];

/**
 * Returns the HTTP response for a path. If the number of workers that are needed isn't known, `/scale` is an error, never
 * a number such as 0. `/least` then has the number that is needed for the waiting tasks alone, as far as it is known: an
 * autoscaler that follows both starts workers from none, and never removes one.
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

/** Returns the metrics while no estimate can be made: those of the fleet's size are absent, so that nobody follows them. */
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
