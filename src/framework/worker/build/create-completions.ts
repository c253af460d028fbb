import type { Config } from '../../config/config.js';
import { scopeAt } from '../../aws/endpoint.js';
import { throwProblems } from '../../base/errors.js';
import { StoreMonitor } from '../../base/store.js';
import { LimitedStore } from '../keep/limited-store.js';
import { logStore } from '../observe/log-events.js';
import { Completions } from '../task/completions.js';
import { makePayloads } from '../handler/task-stores.js';
import { makePlan, type Plan } from './plan.js';
import { startWorld, type WorkerOptions } from './start-world.js';
import type { ActivityPort } from '../../aws/activity-port.js';
import { CallLimiter } from '../../aws/call-limiter.js';
import { type ReportRoute, ReportsInFlight } from '../task/report.js';
import { regionOf } from './find-activities.js';
import { getOrMake } from '../../base/collections.js';

/** Options of `createCompletions`. */
export type CompletionsOptions = Pick<WorkerOptions, 'clock' | 'random' | 'log' | 'baseDir'>;

/** A completion is repeated for this long while Step Functions can't be reached. */
const REPORT_LIMIT_MS = 20_000;

/**
 * Makes an object by which deferred tasks are completed, with the store, the endpoint and the handlers of a config. It
 * takes no tasks and makes no container. With the endpoint `local` it connects to 127.0.0.1:`port`.
 * @throws StartError with all problems, not only the first
 */
export async function createCompletions(
  config: Config,
  options: CompletionsOptions = {},
): Promise<Completions> {
  const baseDir = options.baseDir ?? process.cwd();
  return openCompletions(await makePlan({ config, env: process.env, baseDir }), options);
}

/** Makes completions from a plan. @throws StartError with the plan's problems */
export async function openCompletions(plan: Plan, options: CompletionsOptions = {}): Promise<Completions> {
  const { settings, endpoint, handlers } = plan;
  const { deferred, sdk, region, calls } = settings;
  throwProblems(plan.problems);
  if (!endpoint) throw new Error('a plan without an endpoint has a problem that says so');
  const start = startWorld(options);
  const { clock, random, log } = start;
  const world = { ...start, stores: new StoreMonitor((told) => logStore(log, told)) };
  const { AwsService } = await import('../../aws/sdk/aws-service.js');
  const service = new AwsService({ clock, log, endpoint, sdk, region, calls });
  const checkpoints = new Map(
    handlers.flatMap(({ definition, options: { checkpoint } }) =>
      checkpoint ? [[definition.name, new LimitedStore(checkpoint.store, 'checkpoint', world)] as const] : [],
    ),
  );
  return new Completions({
    store: deferred && new LimitedStore(deferred.store, 'deferred', world),
    clock,
    log,
    definitions: handlers.map(({ definition }) => definition),
    checkpointsOf: (name) => checkpoints.get(name),
    scopeOf: scopeAt(endpoint),
    payloads: await makePayloads(settings.payloads, world),
    // An activity that was declared by its name alone is in the region that the worker looks it up in.
    reportsOf: reportRoutes({ clock, random, reportLimitMs: REPORT_LIMIT_MS }, async (where) =>
      service.port(where || ((await service.defaultRegion()) ?? '')),
    ),
    close: () => {
      for (const each of checkpoints.values()) each.close();
      service.close();
    },
  });
}

/** Returns a function that gives a report its parts by the ARN of its activity. Each region has its own limiter. */
function reportRoutes(
  parts: Pick<ReportRoute, 'clock' | 'random' | 'reportLimitMs'>,
  portOf: (region: string) => Promise<ActivityPort>,
): (activityArn: string) => Promise<ReportRoute> {
  const routes = new Map<string, Promise<ReportRoute>>();
  const make = async (region: string): Promise<ReportRoute> => ({
    ...parts,
    port: await portOf(region),
    limiter: new CallLimiter(parts.clock, parts.random),
    inFlight: new ReportsInFlight(),
  });
  return (activityArn) => getOrMake(routes, regionOf(activityArn), make);
}
