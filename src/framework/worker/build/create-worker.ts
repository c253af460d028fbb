import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DependencyContainer } from 'tsyringe';
import type { Config } from '../../config/config.js';
import { compile } from '../handler/compile.js';
import { makeCheckpoints, makePayloads } from '../handler/task-stores.js';
import type { Payloads } from '../handler/output/payloads.js';
import type { AwsService } from '../../aws/sdk/aws-service.js';
import { type Endpoint, scopeAt } from '../../aws/endpoint.js';
import { scopedBy } from '../container/create-container.js';
import { resolveOnce } from '../container/registrations.js';
import { Telemetry } from '../observe/open-telemetry/telemetry.js';
import { openHealth } from '../health/health-port.js';
import { StoreMonitor } from '../../base/store.js';
import { systemClock } from '../../base/time/clock.js';
import { parseRate } from '../../declare/option-rules.js';
import type { RunnableHandler } from '../handler-loop.js';
import { logStore } from '../observe/log-events.js';
import type { Protection } from '../protect/protection.js';
import { WorkerHeartbeats } from '../thread/worker-heartbeats.js';
import { Worker } from '../worker.js';
import { logNearestActivities } from './find-activities.js';
import { dispose, makeContainer } from './make-container.js';
import { hostedHandler } from '../pool/hosted-handler.js';
import type { Pool } from '../pool/pool.js';
import { moduleProblems, poolOf } from './pools.js';
import { keptOf } from './stores.js';
import { makePlan, noActivities, type Plan, type PlannedHandler } from './plan.js';
import { connect, type ConnectedHandler, connectHeartbeats, endPollsOnDrain } from './activity-ports.js';
import { type BuildWorld, type StartWorld, startWorld, type WorkerOptions } from './start-world.js';

/**
 * Makes a worker from a config: adds the defaults, checks the config, loads and compiles the handlers, and finds their
 * activities. With the endpoint `local` the worker connects to 127.0.0.1:`port`; the local service isn't started. If
 * making the worker fails, everything that was opened is closed.
 * @throws StartError with all problems, not only the first
 */
export async function createWorker(config: Config = {}, options: WorkerOptions = {}): Promise<Worker> {
  const baseDir = options.baseDir ?? folderOf(options.module) ?? process.cwd();
  const plan = await makePlan({ config, env: process.env, baseDir });
  return buildWorker(plan, startWorld(options));
}

/** Returns the folder of a module; undefined if it isn't a file. */
const folderOf = (module: string | URL | undefined): string | undefined =>
  module !== undefined && /^file:/i.test(String(module)) ? dirname(fileURLToPath(module)) : undefined;

/**
 * Makes a worker from a plan (the config and the handlers that were read). Makes the worker's container, checks that
 * dependencies can be resolved, and opens the connections. `createWorker` and the commands call this. If it fails,
 * everything that was opened is closed.
 * @throws StartError with the plan's problems, and with those found here
 */
export async function buildWorker(given: Plan, start: StartWorld): Promise<Worker> {
  const plan = { ...given, handlers: given.handlers.map((each) => scoped(each, start)) };
  const world = { ...start, stores: new StoreMonitor((told) => logStore(start.log, told)) };
  world.signal?.throwIfAborted();
  const none = plan.handlers.length === 0 && plan.problems.length === 0;
  const problems = none ? [noActivities(plan)] : [...plan.problems, ...moduleProblems(plan, world)];
  const container = await makeContainer(plan, problems, world);
  const pools: Pool[] = [];
  const { sdk, region, calls, reportLimitMs, graceMs, drain } = plan.settings;
  const heartbeats = new WorkerHeartbeats({ ...plan.settings, ...world });
  let payloads: Payloads | undefined;
  let service: AwsService | undefined;
  let handlers: RunnableHandler[] = [];
  const close = async (): Promise<void> => {
    service?.close();
    payloads?.close();
    const checkpoints = handlers.flatMap((handler) => handler.checkpoints?.close() ?? []);
    const ended = pools.map((pool) => pool.close());
    await Promise.all([...ended, dispose(container, world), ...checkpoints]);
    // Closed last, since the heartbeats' thread also answers the health probes.
    await heartbeats.close();
  };
  try {
    payloads = await makePayloads(plan.settings.payloads, world);
    const endpoint = await endpointOf(plan, world);
    await openHealth({ ...plan, ...plan.settings, ...world, client: heartbeats.health });
    const { AwsService } = await import('../../aws/sdk/aws-service.js');
    service = new AwsService({ ...world, endpoint, sdk, region, calls });
    const connected = await connect(plan, world, service, endpoint);
    handlers = await makeHandlers(connected, { plan, world, container, pools, payloads });
    connectHeartbeats(heartbeats, handlers, service);
    world.signal?.throwIfAborted();
    const telemetry = new Telemetry({ ...plan, ...plan.settings, ...world });
    const scopeOf = scopeAt(endpoint);
    const { clock, random, log, stores } = world;
    const worker = new Worker({
      clock,
      random,
      log,
      stores,
      name: plan.settings.workerName ?? nameWorker(world.random),
      reportLimitMs,
      graceMs,
      drain,
      handlers,
      heartbeats,
      scopeOf,
      tracing: telemetry,
      close,
      ...(await keptOf(plan, { ...world, handlers, scopeOf })),
      protection: await protectionOf(plan, world, heartbeats),
    });
    await heartbeats.health.show(worker, world.clock);
    telemetry.follow(worker);
    for (const type of plan.settings.observe) await resolveOnce(container, type).observe(worker);
    logNearestActivities(worker, service, world);
    // With a clock that was passed in, polls end by that clock.
    if (world.clock === systemClock) endPollsOnDrain(worker, endpoint);
    return worker;
  } catch (error) {
    heartbeats.health.close();
    await close();
    throw error;
  }
}

const scoped = (handler: PlannedHandler, { container }: StartWorld): PlannedHandler => ({
  ...handler,
  definition: scopedBy(container, handler.definition),
});

/**
 * Makes the worker's scale-in protection, which asks ECS or Kubernetes not to remove the worker while a long task runs.
 * Returns undefined if the option `protect` is off; the code for it isn't loaded then.
 */
async function protectionOf(
  { settings: { protect, protectAfterMs } }: Plan,
  { log, platform }: StartWorld,
  { protection }: WorkerHeartbeats,
): Promise<Protection | undefined> {
  if (protect === false) return undefined;
  const { findPlatform, unseenPlatform } = await import('../protect/find-platform.js');
  const found = platform ?? findPlatform(protect, process.env);
  const unseen = unseenPlatform(protect, process.env);
  if (found) protection.open(found.name, protect, protectAfterMs);
  else if (unseen !== undefined) log.warn(unseen);
  return found && protection;
}

async function endpointOf({ endpoint }: Plan, { connectTo }: StartWorld): Promise<Endpoint> {
  if (!endpoint) throw new Error('a plan without an endpoint has a problem that says so');
  return connectTo ? connectTo(endpoint) : endpoint;
}

/** Makes the handlers as the worker runs them: on the main thread, or in a pool. */
function makeHandlers(
  connected: readonly ConnectedHandler[],
  parts: {
    readonly plan: Plan;
    readonly world: BuildWorld;
    readonly container: DependencyContainer;
    readonly pools: Pool[];
    readonly payloads: Payloads | undefined;
  },
): Promise<RunnableHandler[]> {
  const { plan, world, container, pools, payloads } = parts;
  const { interceptors } = plan.settings;
  const make = async ({ planned, activityArn, port }: ConnectedHandler): Promise<RunnableHandler> => {
    const { definition, options } = planned;
    const checkpoints = await makeCheckpoints(definition, options.checkpoint, world);
    const pool = await poolOf(planned, plan, world);
    if (pool) pools.push(pool);
    const handle = pool
      ? hostedHandler(pool, world.clock, checkpoints)
      : compile(definition, container, interceptors, payloads, checkpoints);
    const rate = parseRate(options.rate);
    return { name: definition.name, activityArn, handle, port, ...options, rate, checkpoints };
  };
  return Promise.all(connected.map(make));
}

/** Returns a worker name for execution histories. Two workers on one machine get different names. */
function nameWorker(random: () => number): string {
  const suffix = `-${process.pid}-${Math.floor(random() * 36 ** 4)
    .toString(36)
    .padStart(4, '0')}`;
  return hostname().slice(0, 80 - suffix.length) + suffix;
}
