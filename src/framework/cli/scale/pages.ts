import { jsonPage, type Page } from '../../worker/health/page-server.js';
import { type FleetEstimate, type FleetScaler, NoEstimate } from './fleet-scaler.js';

export const PATHS = ['/scale', '/metrics', '/live'];

/** Returns the HTTP response for a path. If the numbers aren't known, it is an error, never a number such as 0. */
export async function answerScale(method: string, path: string, scaler: FleetScaler): Promise<Page> {
  if (!PATHS.includes(path)) return jsonPage(404, { error: `there are ${PATHS.join(', ')}` });
  if (method !== 'GET' && method !== 'HEAD') return jsonPage(405, { error: 'there is only GET' });
  if (path === '/live') return jsonPage(200, { state: 'running' });
  try {
    const found = await scaler.estimate();
    if (path === '/scale') return jsonPage(200, found);
    return { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body: metricsOf(found) };
  } catch (error) {
    if (error instanceof NoEstimate) return jsonPage(503, { error: error.message });
    throw error;
  }
}

/** The Prometheus gauges for each activity, by name: the help text, and the field of the estimate. */
const GAUGES = {
  tasks_waiting: ['tasks that wait for a worker', 'waiting'],
  tasks_at_work: ['tasks whose handlers run', 'atWork'],
  slots: ['slots of the workers that take tasks', 'slots'],
} as const;

function metricsOf({ fleet, workers, workersWanted, activities }: FleetEstimate): string {
  const ofFleet = `{fleet=${JSON.stringify(fleet)}}`;
  const lines = [
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

const gauge = (name: string, help: string, values: readonly string[]): string[] => [
  `# HELP stepwright_scaler_${name} ${help}`,
  `# TYPE stepwright_scaler_${name} gauge`,
  ...values.map((value) => `stepwright_scaler_${name}${value}`),
];
