import type { DependencyContainer } from 'tsyringe';
import type { Endpoint } from '../../aws/endpoint.js';
import { StoreMonitor } from '../../base/store.js';
import { logStore } from '../observe/log-events.js';
import { unlessAborted, within } from '../../base/time/wait.js';
import { type Problem, StartError, throwProblems } from '../../base/errors.js';
import { adopt, createContainer, scopedBy } from '../container/create-container.js';
import { CLOCK, RANDOM, STORE_MONITOR } from '../container/registrations.js';
import { resolveProblems } from '../container/resolve-problems.js';
import { DirectoryStore } from '../keep/files/directory-store.js';
import { CLOSE_LIMIT_MS } from '../worker.js';
import type { BuildWorld, StartWorld } from './start-world.js';
import { moduleProblems } from './pools.js';
import { noActivities, type Plan } from './plan.js';

/** A plan that has passed every check that needs no connection, and what its worker is made from. */
export interface CheckedPlan {
  readonly plan: Plan;
  /** The endpoint of the plan. */
  readonly endpoint: Endpoint;
  /** The container of the worker. If no worker is built, it has to be disposed of. */
  readonly container: DependencyContainer;
  readonly world: BuildWorld;
}

/**
 * Checks the plan of a worker. Makes the worker's container, runs the config's `setup`, and checks that every dependency
 * can be resolved. If any of this fails, disposes of the container.
 * @throws StartError with the plan's problems and those found here; if the start was cancelled, the signal's reason
 */
export async function checkPlan(given: Plan, start: StartWorld): Promise<CheckedPlan> {
  const handlers = given.handlers.map((handler) => ({
    ...handler,
    definition: scopedBy(start.container, handler.definition),
  }));
  const plan = { ...given, handlers };
  const world = { ...start, stores: new StoreMonitor((told) => logStore(start.log, told)) };
  world.signal?.throwIfAborted();
  const none = handlers.length === 0 && plan.problems.length === 0;
  const problems = none
    ? [noActivities(plan)]
    : [...plan.problems, ...moduleProblems(plan, world), ...(await storeProblems(plan))];
  const container = await makeContainer(plan, problems, world);
  if (!plan.endpoint) throw new Error('a plan without an endpoint has a problem that says so');
  return { plan, endpoint: plan.endpoint, container, world };
}

/** Opens every store in a folder. Returns a problem for each that can't be used. */
async function storeProblems({ settings, handlers }: Plan): Promise<Problem[]> {
  const { payloads, outbox, deferred } = settings;
  const uses: (readonly [where: string, store: unknown])[] = [
    ['payloads', payloads?.store],
    ['outbox', outbox?.store],
    ['deferred', deferred?.store],
    ...handlers.map(({ definition, options: { checkpoint } }) => {
      return [`checkpoint of ${definition.name}`, checkpoint ? checkpoint.store : undefined] as const;
    }),
  ];
  const problemOf = async ([where, store]: (typeof uses)[number]): Promise<Problem[]> => {
    if (!(store instanceof DirectoryStore)) return [];
    try {
      await store.open();
      return [];
    } catch (error) {
      const fix =
        "let the worker's user write into the folder, or name another: directory('/var/lib/stepwright')";
      return [{ code: 'CONFIG_BAD_VALUE', where, what: (error as Error).message, fix }];
    }
  };
  return (await Promise.all(uses.map(problemOf))).flat();
}

/** @param known problems that were found earlier: they are thrown together with those found here */
async function makeContainer(
  { settings, handlers }: Plan,
  known: readonly Problem[],
  world: BuildWorld,
): Promise<DependencyContainer> {
  const { clock, random, signal, container: from, stores } = world;
  let begun: DependencyContainer | undefined;
  const setup = (container: DependencyContainer): void | Promise<void> => {
    begun = container;
    return settings.setup?.(container);
  };
  try {
    const container = await unlessAborted(
      signal,
      createContainer(setup, [
        { token: CLOCK, provider: { useValue: clock } },
        { token: RANDOM, provider: { useValue: random } },
        { token: STORE_MONITOR, provider: { useValue: stores } },
      ]),
    );
    const definitions = handlers.map(({ definition }) => definition);
    const { interceptors, observe } = settings;
    const wrong = await unlessAborted(signal, adopt(from, container, { definitions, interceptors, observe }));
    throwProblems([...known, ...wrong, ...resolveProblems(definitions, container, settings)]);
    return container;
  } catch (error) {
    if (begun) await dispose({ container: begun, world });
    if (!isSetupFailure(error)) throw error;
    throw new StartError([...known, ...error.problems], { cause: error.cause });
  }
}

const isSetupFailure = (error: unknown): error is StartError =>
  error instanceof StartError && error.problems.every(({ code }) => code === 'SETUP_FAILED');

/**
 * Disposes of a container. If a provider's `dispose` throws or takes too long, logs that; the worker then stops waiting
 * for it.
 */
export async function dispose({
  container,
  world: { clock, log },
}: Pick<CheckedPlan, 'container' | 'world'>): Promise<void> {
  const disposed = Promise.resolve(container.dispose()).catch((error: unknown) =>
    log.error({ err: error }, 'a provider could not be disposed of'),
  );
  if (!(await within(clock, CLOSE_LIMIT_MS, disposed)))
    log.warn(`the providers were not disposed of within ${CLOSE_LIMIT_MS / 1000} s: they are abandoned`);
}
