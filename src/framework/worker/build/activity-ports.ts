import type { ActivityPort } from '../../aws/activity-port.js';
import { type Endpoint, isEncrypted } from '../../aws/endpoint.js';
import type { AwsService } from '../../aws/sdk/aws-service.js';
import { socketProblems } from '../../aws/sdk/settings.js';
import { throwProblems } from '../../base/errors.js';
import { callLocalService, END_POLLS, isLocalService } from '../../base/local-protocol.js';
import { MOST_IN_FLIGHT } from '../heartbeat/heartbeat-scheduler.js';
import type { WorkerHeartbeats } from '../thread/worker-heartbeats.js';
import type { Worker } from '../worker.js';
import { findActivities, regionOf } from './find-activities.js';
import type { Plan, PlannedHandler } from './plan.js';
import type { StartWorld } from './start-world.js';

/** A handler with the ARN of its activity, and the connection to the activity's region. */
export interface ConnectedHandler {
  readonly planned: PlannedHandler;
  readonly activityArn: string;
  readonly port: ActivityPort;
}

/**
 * Finds the activities of the handlers, and opens a connection to each of their regions. Each has enough sockets for all
 * polls and reports that the region's handlers can have open at once.
 * @throws StartError if an activity isn't found, or if the SDK's settings allow too few sockets
 */
export async function connect(
  { settings, handlers }: Plan,
  world: StartWorld,
  service: AwsService,
  endpoint: Endpoint,
): Promise<ConnectedHandler[]> {
  const definitions = handlers.map(({ definition }) => definition);
  const arnOf = await findActivities(definitions, {
    service,
    endpoint,
    createActivities: settings.createActivities,
    clock: world.clock,
    random: world.random,
    log: world.log,
    signal: world.signal,
  });
  const agentKey = isEncrypted(endpoint) ? 'httpsAgent' : 'httpAgent';
  const found = handlers.map((planned) => {
    const activityArn = arnOf(planned.definition.activity);
    return { planned, activityArn, region: regionOf(activityArn) };
  });
  const connected: ConnectedHandler[] = [];
  const ports = new Map<string, ActivityPort>();
  for (const { planned, activityArn, region } of found) {
    let port = ports.get(region);
    if (!port) {
      const sockets = socketsFor(found.filter((each) => each.region === region));
      throwProblems(await socketProblems(settings.sdk, agentKey, sockets));
      port = await service.port(region);
      if (world.beforePoll) port = withCheck(port, world.beforePoll);
      ports.set(region, port);
    }
    connected.push({ planned, activityArn, port });
  }
  return connected;
}

/** Returns a port that sends a poll only after a check has passed. */
const withCheck = (port: ActivityPort, check: () => Promise<Error | undefined>): ActivityPort => ({
  ...port,
  async poll(...args) {
    const error = await check();
    if (!error) return port.poll(...args);
    return { kind: 'failed', trouble: 'unhealthy', mayHaveLostToken: false, error };
  },
});

/**
 * Returns the number of connections that one region needs, so that no poll, report or heartbeat of its handlers waits
 * for a free connection.
 */
function socketsFor(handlers: readonly { readonly planned: PlannedHandler }[]) {
  const polls = handlers.reduce((sum, { planned }) => sum + planned.options.pollers.max, 0);
  const tasks = handlers.reduce((sum, { planned }) => sum + planned.options.concurrency, 0);
  // For every running task, the outcome of an earlier task may still be being reported.
  const reports = Math.max(2 * tasks, 16);
  return { polls, reports, heartbeats: Math.min(reports, MOST_IN_FLIGHT) };
}

/** Tells the sidecar how to send the heartbeats of each region's tasks. */
export function connectHeartbeats(
  heartbeats: WorkerHeartbeats,
  handlers: readonly { readonly activityArn: string; readonly port: ActivityPort }[],
  service: AwsService,
): void {
  const ports = new Map(handlers.map(({ activityArn, port }) => [regionOf(activityArn), port]));
  const regions = Array.from(ports, ([region, port]) => ({ region, port, recipes: service.recipes(region) }));
  heartbeats.connect(regions, service.credentials);
}

/**
 * Makes the local service end the worker's open polls when the worker begins to drain, so that it doesn't wait until
 * they end by themselves.
 */
export function endPollsOnDrain(worker: Pick<Worker, 'on' | 'status'>, endpoint: Endpoint): void {
  if (endpoint.kind === 'aws') return;
  worker.on('state', ({ from, to }) => {
    if (from === 'running' && to === 'draining') void endPollsAt(endpoint.url, worker.status().name);
  });
}

async function endPollsAt(url: string, workerName: string): Promise<void> {
  if (!url.startsWith('http:') || !(await isLocalService(url))) return;
  await callLocalService(url, { workerName }, { target: END_POLLS });
}
