import type { DependencyContainer } from 'tsyringe';
import { type Clock, systemClock } from '../../clock.js';
import { type Config, configProblems, resolveConfig, type Settings } from '../../config/config.js';
import type { HandlerDefinition } from '../../declare/definition.js';
import { type Problem, StartError, throwProblems } from '../../errors.js';
import { compile } from '../../handler/compile.js';
import { createLog, type Logger } from '../../log.js';
import type { AwsService } from '../../service/sdk/aws.js';
import { type Endpoint, isLoopback, isProblem, resolveEndpoint } from '../../service/endpoint.js';
import type { ActivityPort } from '../../service/port.js';
import { environmentOptions } from '../../config/handler-options.js';
import { planWorker, type PlannedHandler } from './plan.js';
import type { RunnableHandler } from '../handler-loop.js';
import { Worker, type WorkerParts } from '../worker.js';

/** What a worker may be given from outside. */
export interface WorkerOptions {
  /** @default the machine's time */
  clock?: Clock;
  /** Numbers from 0 to below 1. @default Math.random */
  random?: () => number;
  /** @default lines of JSON on standard output */
  log?: Logger;
  /** What globs in `activities` are relative to. @default the working directory */
  baseDir?: string;
}

/**
 * Makes a worker of a config: fills and checks it, loads and compiles the handlers, finds their activities.
 * At `local` it connects to 127.0.0.1:`port`; it starts no service of its own.
 * @throws StartError with everything that is wrong, at once.
 */
export async function createWorker(config: Config = {}, options: WorkerOptions = {}): Promise<Worker> {
  const { clock = systemClock, random = Math.random, log = createLog(), baseDir = process.cwd() } = options;
  const { options: overrides, problems } = environmentOptions(process.env);
  const wrong = configProblems(config);
  if (wrong.length > 0) throw new StartError([...wrong, ...problems]);
  const settings = resolveConfig(config, random);
  const endpoint = resolveEndpoint({ env: process.env, config: settings.endpoint, port: settings.port });
  const plan = await planWorker({ settings, baseDir, env: process.env, overrides }, { clock, random });
  if (isProblem(endpoint)) throw new StartError([endpoint, ...problems, ...plan.problems]);
  throwProblems([...problems, ...plan.problems]);
  const { handlers, container } = plan;
  return buildWorker({ settings, handlers, container, endpoint, clock, random, log });
}

export interface WorkerRecipe {
  readonly settings: Settings;
  readonly handlers: readonly PlannedHandler[];
  readonly container: DependencyContainer | undefined;
  readonly endpoint: Endpoint;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

/** Compiles the handlers of a sound plan and connects them. @throws StartError for what only shows here. */
export async function buildWorker(recipe: WorkerRecipe): Promise<Worker> {
  const { settings, container, endpoint } = recipe;
  if (!container) throw new Error('a plan with problems can not be built');
  const { AwsService } = await import('../../service/sdk/aws.js');
  const service = new AwsService({ endpoint, sdk: settings.sdk, region: settings.region });
  const close = async (): Promise<void> => {
    service.close();
    await container.dispose();
  };
  try {
    return new Worker({ ...(await connectHandlers(service, recipe, container)), close });
  } catch (error) {
    await close();
    throw error;
  }
}

/** All of a worker but its end. */
async function connectHandlers(
  service: AwsService,
  recipe: WorkerRecipe,
  container: DependencyContainer,
): Promise<Omit<WorkerParts, 'close'>> {
  const { settings, clock, random, log } = recipe;
  const places = await findPlaces(service, recipe);
  throwProblems(samePlaces(recipe.handlers, places));
  const ports = await connect(service, recipe.handlers, places);
  const handlers = recipe.handlers.map(({ definition, options }): RunnableHandler => {
    const { arn, region } = placeOf(definition, places);
    const port = ports.get(region);
    if (!port) throw new Error(`no connection was made for ${region}`);
    const handle = compile(definition, container, settings.interceptors);
    return { name: definition.name, activityArn: arn, handle, port, ...options };
  });
  const { workerName: name, heartbeatRate, reportLimitMs, graceMs, drain } = settings;
  return { name, handlers, clock, random, log, heartbeatRate, reportLimitMs, graceMs, drain };
}

/** Where an activity is. */
interface Place {
  readonly arn: string;
  readonly region: string;
}

/** The places of the bare names among the activities, all looked up at once. */
async function findPlaces(service: AwsService, recipe: WorkerRecipe): Promise<ReadonlyMap<string, Place>> {
  const { handlers, endpoint, settings, clock, random, log } = recipe;
  const names = handlers.flatMap(({ definition: { activity } }) =>
    activity.kind === 'name' ? [activity.name] : [],
  );
  if (names.length === 0) return new Map();
  const region = await service.defaultRegion();
  if (!region) throw new StartError([noRegion(names)]);
  const { findActivities } = await import('../../service/sdk/activities.js');
  const create = settings.createActivities || isLoopback(endpoint);
  const client = await service.client(region);
  const { arns, problems } = await findActivities([...new Set(names)], {
    client,
    region,
    create,
    clock,
    random,
    log,
  });
  throwProblems(problems);
  return new Map([...arns].map(([name, arn]) => [name, { arn, region: arn.split(':')[3] ?? region }]));
}

/** Handlers whose names and ARNs turned out to be the same activity. */
function samePlaces(handlers: readonly PlannedHandler[], places: ReadonlyMap<string, Place>): Problem[] {
  const seen = new Map<string, string>();
  return handlers.flatMap(({ definition }) => {
    const { arn } = placeOf(definition, places);
    const first = seen.get(arn);
    seen.set(arn, first ?? definition.name);
    return first === undefined ? [] : [sameActivity(first, definition.name, arn)];
  });
}

/** One connection a region, each with sockets for all the polls and reports that its handlers can have open. */
async function connect(
  service: AwsService,
  handlers: readonly PlannedHandler[],
  places: ReadonlyMap<string, Place>,
): Promise<ReadonlyMap<string, ActivityPort>> {
  const ports = new Map<string, ActivityPort>();
  const regions = new Set(handlers.map(({ definition }) => placeOf(definition, places).region));
  for (const region of regions) {
    const group = handlers.filter(({ definition }) => placeOf(definition, places).region === region);
    const polls = group.reduce((sum, { options }) => sum + options.pollers.max, 0);
    const tasks = group.reduce((sum, { options }) => sum + options.concurrency, 0);
    // Beside every task that runs there may be an outcome that is still on its way.
    const reports = Math.max(2 * tasks, 16);
    ports.set(region, await service.port(region, { polls, reports, heartbeats: Math.min(reports, 512) }));
  }
  return ports;
}

function placeOf({ name, activity }: HandlerDefinition, places: ReadonlyMap<string, Place>): Place {
  if (activity.kind === 'arn') return activity;
  const place = places.get(activity.name);
  if (!place) throw new Error(`the activity '${activity.name}' of ${name} was not found`);
  return place;
}

const sameActivity = (first: string, second: string, arn: string): Problem => ({
  code: 'HANDLER_DUPLICATE',
  where: `${first} and ${second}`,
  what: `they both take the tasks of ${arn}; each task would go to either of them`,
  fix: 'keep one handler for the activity, or give each its own',
});

const noRegion = (names: readonly string[]): Problem => ({
  code: 'ACTIVITIES_UNREACHABLE',
  where: `activities ${names.join(', ')}`,
  what: 'bare names are looked up in a region, and none is configured',
  fix: 'set `region` in the config or AWS_REGION, or declare whole ARNs',
});
