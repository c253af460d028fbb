import { type DependencyContainer, injectable } from 'tsyringe';
import {
  type CheckpointOptions,
  CircuitBreaker,
  type Clock,
  type Constructor,
  type InterceptedTask,
  type Interceptor,
  type Store,
  type Worker,
} from 'stepwright';
import { STORE_FOR } from '../../src/framework/worker/container/registrations.js';
import { silentLog } from '../../src/framework/base/log/log.js';
import { checkPlan } from '../../src/framework/worker/build/check-plan.js';
import { buildWorker } from '../../src/framework/worker/build/create-worker.js';
import { makePlan } from '../../src/framework/worker/build/plan.js';
import type { Chronicle } from './chronicle.js';
import type { Seams } from './faults/seams.js';
import { Handlers, registerHandlers, scopedIn, SomeOnce, type Stage, type Work } from './handlers.js';
import { Hosts, type HostStage } from './hosts.js';
import { connectionOf } from './lean-connection.js';
import type { Network } from './network.js';
import type { Plan, PlannedEvent } from './plan.js';
import { Probes } from './probes.js';
import { stream } from './random.js';
import type { SimulatedStore } from './store.js';
import { sdkHandlerOf } from './sdk-handler.js';
import { HeartbeatThreads } from './threads.js';
import type { Service } from './service.js';
import type { SimulatedProcess } from './timeline.js';
import { ABOVE, LIMIT } from './uses/payloads.js';

interface Identity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration?: Date;
}

/** A slow provider answers after this time. */
const SLOW_MS = 4_000;

/** The provider has no good key for so long. */
export type KeyTrouble = Pick<Extract<PlannedEvent, { kind: 'credentials' }>, 'ms' | 'provider'>;

/** The keys of one worker's process, as its provider hands them out and the service knows them. */
export class Keys {
  #last = 0;
  #current: Identity;
  /** Until then the provider is in trouble. */
  #trouble:
    | { readonly until: number; readonly how: KeyTrouble['provider']; readonly next: Identity }
    | undefined;
  /** When the process first got a key; undefined before. */
  givenAt: number | undefined;

  constructor(
    private readonly process: SimulatedProcess,
    private readonly service: Service,
    private readonly lastsMs: number,
    trouble?: KeyTrouble,
  ) {
    this.#current = this.#issue();
    if (trouble) this.spoil(trouble);
  }

  /** Returns the credentials, as a user's provider would. */
  readonly provide = async (): Promise<Identity> => {
    const trouble = this.#trouble;
    const leftMs = trouble ? trouble.until - this.process.now() : 0;
    if (trouble && leftMs > 0) {
      if (trouble.how === 'fails') throw new Error('the provider of keys is down');
      if (trouble.how === 'lags') return this.#current;
      if (trouble.how === 'slow') await new Promise<void>((resolve) => this.process.input(SLOW_MS, resolve));
      // Such an ask is never answered.
      else await new Promise<void>(() => {});
    }
    if (trouble && this.#trouble === trouble) {
      this.#current = trouble.next;
      this.#trouble = undefined;
    }
    const { expiration } = this.#current;
    if (expiration && expiration.getTime() - this.process.now() < 6 * 60_000) this.#current = this.#issue();
    this.givenAt ??= this.process.now();
    return this.#current;
  };

  /** True while the process never got a key, and can get none. */
  get isWithout(): boolean {
    return (
      this.givenAt === undefined && this.#trouble !== undefined && this.process.now() < this.#trouble.until
    );
  }

  /** Makes the service refuse the current key. */
  spoil({ provider, ms }: KeyTrouble): void {
    this.service.keys.delete(this.#current.accessKeyId);
    const next = this.#issue();
    this.#trouble = { until: this.process.now() + ms, how: provider, next };
  }

  #issue(): Identity {
    const accessKeyId = `KEY-${this.process.name}-${this.#last++}`;
    const expiration = new Date(this.process.now() + this.lastsMs);
    this.service.keys.set(accessKeyId, expiration.getTime());
    return { accessKeyId, secretAccessKey: 'secret', sessionToken: accessKeyId, expiration };
  }
}

/** A worker at work in a process of its own. */
export interface Member {
  /** Its place in the fleet, from 0. */
  readonly worker: number;
  readonly process: SimulatedProcess;
  readonly it: Worker;
  readonly keys: Keys;
  /** Its threads of heartbeats; undefined where they are sent from the main thread. */
  readonly threads: HeartbeatThreads | undefined;
  /** The threads and processes of its pools. */
  readonly hosts: Hosts;
  readonly probes: Probes;
  readonly bornAt: number;
  /** When it was asked to stop, and how long its process had stood still by then. */
  stopped: { readonly at: number; readonly stalledMs: number } | undefined;
  ended: 'stopped' | 'killed' | 'failed' | undefined;
}

export interface Hiring {
  readonly plan: Plan;
  readonly network: Network;
  readonly service: Service;
  readonly store: SimulatedStore;
  readonly chronicle: Chronicle;
  readonly stage: Stage;
  /** Makes what watches the handlers of a thread or a process of a pool. */
  readonly stageOf: (process: SimulatedProcess) => HostStage;
  readonly worker: number;
  readonly seams: Seams;
  /** The trouble that its provider has been in since before it began. */
  readonly keyTrouble: KeyTrouble | undefined;
}

/** No plan asks for more at once. */
const MOST_HOSTS = 10;

/** The breakers of a plan's handlers, as one interceptor of the config. */
function breakersOf({ handlers }: Plan, clock: Clock): Constructor<Interceptor> {
  const breakers = new Map<string, Interceptor>();
  for (const { key, breaker } of handlers) {
    if (!breaker) continue;
    const { failed, of, pauseMs } = breaker;
    const Breaker = CircuitBreaker({ failed, of, pause: `${pauseMs}ms`, on: ['Planned'] });
    breakers.set(`Handlers.${key}`, new Breaker(clock));
  }
  @injectable()
  class Breakers implements Interceptor {
    intercept(task: InterceptedTask, next: () => Promise<unknown>): Promise<unknown> {
      return breakers.get(task.context.handler)?.intercept(task, next) ?? next();
    }
  }
  return Breakers;
}

/** The options of what tasks leave in a store. */
export interface UsesOptions {
  readonly payloads: { readonly store: Store; readonly above: string; readonly limit: string };
  readonly checkpoint: CheckpointOptions;
}

const usesIn = (store: Store): UsesOptions => ({
  payloads: { store, above: ABOVE, limit: LIMIT },
  checkpoint: { store, key: (work) => `piece-${(work as Work).piece}` },
});

/** Makes a worker as `createWorker` does, but for its network. */
export async function hire(hiring: Hiring): Promise<Member> {
  const { plan, network, service, chronicle, stage, stageOf, worker, seams } = hiring;
  const { process } = stage;
  seams.process(process);
  const keys = new Keys(process, service, plan.keyMs, hiring.keyTrouble);
  const { seed } = plan;
  const probes = new Probes(chronicle);
  seams.probes(probes, process);
  const threads = plan.heartbeatThread
    ? new HeartbeatThreads({ main: process, network, chronicle, worker, seed, probes })
    : undefined;
  const storeOf = (of: SimulatedProcess): Store => seams.store(hiring.store.open(of, worker), of);
  const open = (of: SimulatedProcess): UsesOptions | undefined =>
    plan.uses ? usesIn(storeOf(of)) : undefined;
  const hosts = new Hosts({ main: process, chronicle, plan, stageOf, open });
  const provide = seams.keys(keys);
  const uses = open(process);
  const options = plan.handlers.map(({ key, run, concurrency, minPollers, heartbeatMs, timeoutMs, rate }) => [
    `Handlers.${key}`,
    {
      run,
      concurrency,
      ...(rate !== undefined && { rate: `${rate}/10s` }),
      pollers: { min: minPollers, max: concurrency },
      heartbeat: heartbeatMs === false ? (false as const) : `${heartbeatMs}ms`,
      timeout: timeoutMs === false ? (false as const) : `${timeoutMs}ms`,
    },
  ]);
  const made = await makePlan({
    config: seams.config({
      activities: [Handlers],
      endpoint: 'http://sfn.simulated',
      region: 'us-east-1',
      calls: plan.calls,
      sdk: {
        credentials: plan.providerKeeps ? Object.assign(provide, { memoized: true }) : provide,
        ...(plan.calls === 'sdk' && { requestHandler: sdkHandlerOf(network, worker, process) }),
      },
      setup: (container: DependencyContainer) => {
        registerHandlers(container, stage);
        if (uses) container.register(STORE_FOR, { useValue: () => uses.payloads.store });
      },
      interceptors: [breakersOf(plan, process.clock), ...(uses ? [SomeOnce] : [])],
      ...uses,
      workerName: process.name,
      healthPort: 8080,
      grace: `${plan.graceMs}ms`,
      drain: plan.drain,
      pool: {
        threads: MOST_HOSTS,
        processes: MOST_HOSTS,
        ...(plan.recycleAfter !== false && { recycleAfter: plan.recycleAfter }),
      },
      heartbeatRate: plan.heartbeatRate,
      reportLimit: `${plan.reportLimitMs}ms`,
      handlers: Object.fromEntries(options),
      ...(plan.deferred && { deferred: { store: storeOf(process) } }),
      ...(plan.outbox && { outbox: { store: storeOf(process) } }),
    }),
    env: {},
    baseDir: globalThis.process.cwd(),
  });
  const known = new Set(plan.handlers.map(({ key }) => `Handlers.${key}`));
  const handlers = made.handlers
    .filter(({ definition }) => known.has(definition.name))
    .map((each) => ({ ...each, definition: scopedIn(plan, each.definition) }));
  const checked = await checkPlan(
    { ...made, handlers },
    {
      clock: process.clock,
      random: stream(plan.seed, process.name),
      log: silentLog,
      open: () => connectionOf(network, worker, process),
      spawnHost: (kind) => seams.host(hosts.spawn(kind)),
      // Hosts load nothing by its name.
      module: import.meta.url,
      // Files take real time, which no seed decides.
      readFiles: () => Promise.resolve(),
      servePages: probes.servePagesIn(process),
      ...(threads && { startHeartbeatThread: threads.start }),
    },
  );
  const it = await buildWorker(checked);
  seams.worker(it, process);
  return {
    worker,
    process,
    it,
    keys,
    threads,
    hosts,
    probes,
    bornAt: process.now(),
    stopped: undefined,
    ended: undefined,
  };
}
