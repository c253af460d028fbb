import { systemClock } from '../../base/time/clock.js';
import type { DependencyContainer, InjectionToken } from 'tsyringe';
import { resolveConfig, type ResolvedOptions, resolveHandler, type Settings } from '../../config/resolve.js';
import type { HandlerDefinition } from '../../declare/definition.js';
import type { Constructor } from '../../declare/class.js';
import { discover } from '../../declare/discovery/discovery.js';
import { throwProblems } from '../../base/errors.js';
import { silentLog } from '../../base/log/log.js';
import { type Store, StoreMonitor } from '../../base/store.js';
import { compile, type CompiledHandler } from '../../worker/handler/compile.js';
import type { Payloads } from '../../worker/handler/output/payloads.js';
import { makeCheckpoints, makePayloads } from '../../worker/handler/task-stores.js';
import type { Checkpoints } from '../../worker/keep/checkpoints.js';
import { logStore } from '../../worker/observe/log-events.js';
import type { Ask } from '../../worker/keep/record.js';
import { LimitedStore } from '../../worker/keep/limited-store.js';
import { memoryStore } from '../../worker/keep/memory.js';
import { Deferrals } from '../../worker/task/deferral.js';
import { scopeOfTest } from './task-runtime.js';
import { adopt, createContainer, scopedBy, type Setup } from '../../worker/container/create-container.js';
import {
  CLOCK,
  RANDOM,
  type Registration,
  registrations,
  replace,
  STORE_FOR,
} from '../../worker/container/registrations.js';
import { entryClasses, neededTokens, resolveProblems } from '../../worker/container/resolve-problems.js';
import { InjectedInstances, unusedMocks } from './injected.js';
import { asRegistration } from '../mocks/mock.js';
import { type Mocker, mockRest } from '../mocks/mock-rest.js';
import { realTimeLimitMs, type TestBedOptions } from './options.js';
import type { HandClock } from './hand-clock.js';
import { nap } from '../work/real-time.js';

/** A handler of a test bed or a test machine. `handle` runs it with all of a worker's checks. */
export interface BedHandler {
  readonly definition: HandlerDefinition;
  readonly options: ResolvedOptions;
  readonly handle: CompiledHandler;
  /** The checkpoints of the handler's tasks, in the bed's memory; undefined if the option `checkpoint` is off. */
  readonly checkpoints: Checkpoints | undefined;
}

/** The container and the handlers of a test bed, and the most milliseconds that sending a result may take. */
export interface BedParts {
  readonly container: DependencyContainer;
  readonly injected: InjectedInstances;
  /** Disposes of everything in the container. */
  readonly dispose: () => Promise<void>;
  readonly handlers: readonly BedHandler[];
  /** Makes the store of deferred tasks, in the bed's memory. */
  readonly deferrals: (ask: Ask) => Deferrals;
  /** Returns an output with each reference in it replaced by its payload. */
  readonly whole: Whole;
  readonly reportLimitMs: number;
}

/**
 * Creates the container and the handlers of some classes, with the given clock and a worker's settings. If that fails,
 * disposes of the container.
 * @throws StartError as a worker would, except for problems with AWS accounts and environment variables
 */
export async function makeBedHandlers(
  classes: readonly Constructor<object>[],
  options: TestBedOptions,
  clock: HandClock,
): Promise<BedParts> {
  const { interceptors, setup, payloads: kept, container: from } = options;
  const settings = resolveConfig({ config: { interceptors, setup, payloads: kept }, env: {} });
  const found = discover(classes, process.env, { allowUnset: true });
  // A bed connects to no account, so the handlers' activities may be in several.
  throwProblems(found.problems.filter(({ code }) => code !== 'TWO_ACCOUNTS'));
  const definitions = found.handlers.map((each) => scopedBy(from, each));
  const { container, injected, values, store } = await makeContainer(definitions, settings, options, clock);
  const log = options.log ?? silentLog;
  const world = { clock, random: () => 0.5, log, stores: new StoreMonitor((told) => logStore(log, told)) };
  const random = container.resolve(RANDOM);
  const { stores } = world;
  const payloads = await makePayloads(settings.payloads, { clock: container.resolve(CLOCK), random, stores });
  // What is read to show a result is read in real time: the clock of the test may run ahead meanwhile.
  const shown = await makePayloads(settings.payloads, { clock: systemClock, random, stores });
  const handlers = definitions.map(async (definition): Promise<BedHandler> => {
    const resolved = resolveHandler(definition, settings).options;
    const { checkpoint } = resolved;
    const inMemory = checkpoint && { ...checkpoint, store: container.resolve(STORE_FOR)(checkpoint.store) };
    const checkpoints = await makeCheckpoints(definition, inMemory, world);
    const handle = compile(definition, container, settings.interceptors, payloads, checkpoints);
    return { definition, options: resolved, handle, checkpoints };
  });
  const dispose = (): Promise<void> => {
    payloads?.close();
    shown?.close();
    return disposeOf(container, values, realTimeLimitMs(options));
  };
  const { reportLimitMs } = settings;
  return {
    container,
    injected,
    dispose,
    handlers: await Promise.all(handlers),
    deferrals: (ask) =>
      new Deferrals({
        clock,
        random: world.random,
        ask,
        scopeOf: scopeOfTest,
        store: new LimitedStore(store, 'deferred', { clock, stores: world.stores }),
      }),
    whole: wholeOf(shown),
    reportLimitMs,
  };
}

/** A container, and the values that the user's `setup` function has registered in it. */
interface MadeContainer {
  readonly container: DependencyContainer;
  readonly injected: InjectedInstances;
  readonly values: readonly object[];
  /** Everything that a task leaves behind. */
  readonly store: Store;
}

async function makeContainer(
  definitions: readonly HandlerDefinition[],
  { setup, interceptors }: Settings,
  options: TestBedOptions,
  clock: HandClock,
): Promise<MadeContainer> {
  const { mocks = [], useMocker } = options;
  const store = memoryStore({ now: () => clock.now() });
  const own = [
    { token: STORE_FOR, provider: { useValue: () => store } },
    { token: CLOCK, provider: { useValue: clock } },
    { token: RANDOM, provider: { useValue: () => 0.5 } },
  ];
  const mocked = mocks.map(asRegistration);
  const noted = noteSetup(setup);
  try {
    const container = await createContainer(noted.setup, own);
    const rest = (mocker: Mocker): readonly Registration[] => {
      const roots = entryClasses(definitions, { interceptors });
      return mockRest({ roots, mocked, container, registered: noted.registered }, mocker);
    };
    const wrong = await adopt(options.container, container, { definitions, interceptors });
    replace(container, [...(useMocker ? rest(useMocker) : []), ...mocked]);
    const needed = neededTokens(definitions, container, { interceptors });
    const injected = new InjectedInstances(container, needed);
    const tokens = mocks.flatMap(([token, , rules]) => (rules?.optional === true ? [] : [token]));
    throwProblems([
      ...wrong,
      ...unusedMocks(tokens, {
        container,
        needed,
        registered: noted.registered,
        roots: new Set<InjectionToken>(definitions.map(({ target }) => target)),
      }),
      ...resolveProblems(definitions, container, { interceptors }, asMock),
    ]);
    return { container, injected, values: noted.values, store };
  } catch (error) {
    if (noted.container) await disposeOf(noted.container, noted.values, realTimeLimitMs(options));
    throw error;
  }
}

/** A wrapper around the user's `setup` function that remembers what the function registers, and in which container. */
interface NotedSetup {
  readonly setup: Setup;
  readonly registered: ReadonlySet<InjectionToken>;
  /** The values that were registered with `useValue`, each once. */
  readonly values: readonly object[];
  /** The container that `setup` was called with; undefined until then. */
  container: DependencyContainer | undefined;
}

function noteSetup(setup: Setup | undefined): NotedSetup {
  const registered = new Set<InjectionToken>();
  const values: object[] = [];
  const noted: NotedSetup = {
    registered,
    values,
    container: undefined,
    setup: async (container) => {
      noted.container = container;
      if (!setup) return;
      const before = new Map(registrations(container).map(([token, { length }]) => [token, length]));
      await setup(container);
      for (const [token, list] of registrations(container)) {
        const added = list.slice(before.get(token) ?? 0);
        if (added.length > 0) registered.add(token);
        values.push(
          ...added.flatMap(({ provider }) => valueOf(provider)).filter((each) => !values.includes(each)),
        );
      }
    },
  };
  return noted;
}

function valueOf(provider: object): object[] {
  const value: unknown = Reflect.get(provider, 'useValue');
  return typeof value === 'object' && value !== null ? [value] : [];
}

const asMock = (token: string): string =>
  `give a stand-in: mocks: [[${token}, { … }]]; or the config's own: setup: config.setup`;

/**
 * Disposes of everything that a container has created, and of each of the `values` that has a `dispose()` or a
 * `[Symbol.asyncDispose]()`.
 * @param limitMs the most real milliseconds that this may take.
 * @throws an Error if it takes longer; otherwise the first error that a provider throws
 */
async function disposeOf(
  container: DependencyContainer,
  values: readonly object[],
  limitMs: number,
): Promise<void> {
  const over = new AbortController();
  const late = nap(limitMs, over.signal).then(() => 'late');
  const disposed = Promise.all([container.dispose(), ...values.map(disposeOfValue)]);
  try {
    if ((await Promise.race([disposed, late])) === 'late')
      throw new Error(`the providers were not disposed of within ${limitMs / 1000} s of real time`);
  } finally {
    over.abort();
  }
}

async function disposeOfValue(value: object): Promise<void> {
  const dispose: unknown = WAYS.map((way) => Reflect.get(value, way) as unknown).find(isFunction);
  if (isFunction(dispose)) await Reflect.apply(dispose, value, []);
}

const WAYS = ['dispose', Symbol.asyncDispose, Symbol.dispose];

const isFunction = (value: unknown): value is () => unknown => typeof value === 'function';

/**
 * Parses JSON, and replaces each reference to a payload by the payload. A reference whose payload can't be had stays as
 * it is.
 */
export type Whole = (text: string) => Promise<unknown>;

/** @param payloads the store of large inputs and outputs. Without it, references stay as they are */
function wholeOf(payloads: Payloads | undefined): Whole {
  if (!payloads) return async (text) => JSON.parse(text) as unknown;
  const { signal } = new AbortController();
  return async (text) => {
    try {
      return await payloads.read(JSON.parse(text), text, { signal });
    } catch {
      return JSON.parse(text) as unknown;
    }
  };
}
