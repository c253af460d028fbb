import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DependencyContainer } from 'tsyringe';
import type { Config } from '../../config/config.js';
import { compile } from '../handler/compile.js';
import { makeCheckpoints, makePayloads } from '../handler/task-stores.js';
import type { Payloads } from '../handler/output/payloads.js';
import type { AwsService } from '../../aws/sdk/aws-service.js';
import { scopeAt } from '../../aws/endpoint.js';
import { resolveOnce } from '../container/registrations.js';
import { Telemetry } from '../observe/open-telemetry/telemetry.js';
import { openHealth } from '../health/health-port.js';
import type { Store } from '../../base/store.js';
import { LimitedStore } from '../keep/limited-store.js';
import type { Logger } from '../../base/log/log.js';
import { systemClock } from '../../base/time/clock.js';
import { parseRate } from '../../declare/option-rules.js';
import type { RunnableHandler } from '../handler-loop.js';
import type { Protection } from '../protect/protection.js';
import { WorkerHeartbeats } from '../thread/worker-heartbeats.js';
import { Worker } from '../worker.js';
import { logNearestActivities } from './find-activities.js';
import { type CheckedPlan, checkPlan, dispose } from './check-plan.js';
import { hostedHandler } from '../pool/hosted-handler.js';
import type { Pool } from '../pool/pool.js';
import { poolOf } from './pools.js';
import { makePlan, type Plan } from './plan.js';
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
  return buildWorker(await checkPlan(plan, startWorld(options)));
}

/** Returns the folder of a module; undefined if it isn't a file. */
const folderOf = (module: string | URL | undefined): string | undefined =>
  module !== undefined && /^file:/i.test(String(module)) ? dirname(fileURLToPath(module)) : undefined;

/**
 * Makes a worker from a checked plan: opens the connections, and finds the activities. If it fails, everything that was
 * opened is closed, and the container is disposed of.
 * @param endpoint where the worker polls. @default the endpoint of the plan
 * @throws StartError with the problems found here
 */
export async function buildWorker(checked: CheckedPlan, endpoint = checked.endpoint): Promise<Worker> {
  const { plan, container, world } = checked;
  const { settings } = plan;
  const { clock, random, log, signal, stores } = world;
  const pools: Pool[] = [];
  const heartbeats = new WorkerHeartbeats({
    clock,
    random,
    log,
    calls: settings.calls,
    heartbeatRate: settings.heartbeatRate,
    stallAfterMs: settings.stallAfterMs,
    startHeartbeatThread: world.startHeartbeatThread,
    servePages: world.servePages,
    platform: world.platform,
  });
  let payloads: Payloads | undefined;
  let service: AwsService | undefined;
  let handlers: RunnableHandler[] = [];
  const close = async (): Promise<void> => {
    service?.close();
    payloads?.close();
    const checkpoints = handlers.flatMap((handler) => handler.checkpoints?.close() ?? []);
    const ended = pools.map((pool) => pool.close());
    await Promise.all([...ended, dispose(checked), ...checkpoints]);
    // Closed last, since the heartbeats' thread also answers the health probes.
    await heartbeats.close();
  };
  try {
    payloads = await makePayloads(settings.payloads, world);
    await openHealth({
      clock,
      log,
      client: heartbeats.health,
      healthPort: settings.healthPort,
      healthHosts: settings.healthHosts,
      production: plan.production,
    });
    const { AwsService } = await import('../../aws/sdk/aws-service.js');
    service = new AwsService({
      clock,
      log,
      endpoint,
      sdk: settings.sdk,
      region: settings.region,
      calls: settings.calls,
      open: world.open,
      readFiles: world.readFiles,
    });
    const connected = await connect(plan, world, service, endpoint);
    handlers = await makeHandlers(connected, { plan, world, container, pools, payloads });
    connectHeartbeats(heartbeats, handlers, service);
    signal?.throwIfAborted();
    const telemetry = new Telemetry({
      clock,
      log,
      baseDir: plan.baseDir,
      traceContext: settings.traceContext,
    });
    const scopeOf = scopeAt(endpoint);
    const worker = new Worker({
      clock,
      random,
      log,
      stores,
      name: settings.workerName ?? nameWorker(random),
      reportLimitMs: settings.reportLimitMs,
      graceMs: settings.graceMs,
      drain: settings.drain,
      handlers,
      heartbeats,
      scopeOf,
      tracing: telemetry,
      close,
      outbox: storeOf(settings.outbox, 'outbox', world),
      deferred: storeOf(settings.deferred, 'deferred', world),
      protection: await protectionOf(plan, world, heartbeats),
    });
    await heartbeats.health.show(worker, clock);
    telemetry.follow(worker);
    for (const type of settings.observe) await resolveOnce(container, type).observe(worker);
    logNearestActivities(worker, service, world);
    warnIfNeverRun(worker, log);
    // With a clock that was passed in, polls end by that clock.
    if (clock === systemClock) endPollsOnDrain(worker, endpoint);
    return worker;
  } catch (error) {
    heartbeats.health.close();
    await close();
    throw error;
  }
}

/** Logs a warning where the process ends by itself, since nothing is left to do, before the worker was run. */
function warnIfNeverRun(worker: Worker, log: Logger): void {
  const warn = (): void => log.warn('the worker was created, but never run: call worker.run()');
  process.once('beforeExit', warn);
  const forget = worker.on('state', () => {
    process.off('beforeExit', warn);
    forget();
  });
}

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

const storeOf = (
  option: { readonly store: Store } | undefined,
  use: 'outbox' | 'deferred',
  world: BuildWorld,
): LimitedStore | undefined => option && new LimitedStore(option.store, use, world);

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
    return {
      name: definition.name,
      activityArn,
      handle,
      port,
      checkpoints,
      concurrency: options.concurrency,
      pollers: options.pollers,
      heartbeatMs: options.heartbeatMs,
      timeoutMs: options.timeoutMs,
      run: options.run,
      poolSize: options.poolSize,
      rate: parseRate(options.rate),
    };
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
