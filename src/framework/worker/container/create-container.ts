import 'reflect-metadata';
import type { DependencyContainer, InjectionToken } from 'tsyringe';
import { type Container, Lifecycle, container as root } from '../../declare/container.js';
import { systemClock } from '../../base/time/clock.js';
import { userFrame } from '../../declare/discovery/load.js';
import { type Problem, StartError } from '../../base/errors.js';
import { show } from '../../base/show.js';
import {
  type Registered,
  type Registration,
  registrations,
  replace,
  CLOCK,
  RANDOM,
  STORE_FOR,
  STORE_MONITOR,
  TASK_CONTEXT,
} from './registrations.js';
import { type Store, StoreMonitor } from '../../base/store.js';
import type { HandlerDefinition } from '../../declare/definition.js';
import { entryClasses, neededTokens, type SharedClasses } from './resolve-problems.js';

export type Setup = (container: DependencyContainer) => void | Promise<void>;

/**
 * Makes the container of one worker, of one thread or process of a pool, or of one test bed. It contains everything
 * that is registered globally, and has its own instance of each class with `@singleton()`.
 * @param setup registers the user's providers
 * @param own providers that replace what `setup` registers for the same tokens, such as a test bed's mocks
 * @throws StartError with SETUP_FAILED if `setup` throws
 */
export async function createContainer(
  setup?: Setup,
  own: readonly Registration[] = [],
): Promise<DependencyContainer> {
  const container = root.createChildContainer();
  for (const [token, entries] of globalSingletons()) {
    for (const { provider, options } of entries) container.register(token, provider as never, options);
  }
  container.register(CLOCK, { useValue: systemClock });
  container.register(RANDOM, { useValue: Math.random });
  container.register(STORE_FOR, { useValue: (store: Store) => store });
  container.register(STORE_MONITOR, { useValue: new StoreMonitor(() => {}) });
  await runSetup(container, setup);
  replace(container, own);
  return container;
}

/**
 * Returns the singletons of tsyringe's global container. Each of our containers registers them again, since tsyringe
 * would store their instances globally, with one worker's dependencies.
 */
function globalSingletons(): [InjectionToken, Registered[]][] {
  return registrations(root).filter(([, list]) =>
    list.some(({ options }) => options.lifecycle === Lifecycle.Singleton),
  );
}

async function runSetup(container: DependencyContainer, setup: Setup | undefined): Promise<void> {
  try {
    await setup?.(container);
  } catch (error) {
    const frame = error instanceof Error ? userFrame(error.stack ?? '') : undefined;
    const thrown = error instanceof Error ? `${error.name}: ${error.message}` : show(error);
    const what = frame === undefined ? thrown : `${thrown} (${frame})`;
    throw new StartError(
      [
        {
          code: 'SETUP_FAILED',
          where: 'setup',
          what: `it threw ${what}`,
          fix: 'if it needs a service or a variable, check that it exists; else correct `setup` in the config, or what it calls. It runs once, before the first task',
        },
      ],
      { cause: error },
    );
  }
}

/** The classes of a worker or a test bed that need instances. */
interface Adopting extends SharedClasses {
  readonly definitions: readonly HandlerDefinition[];
}

/** Returns a handler's definition with the scope that the user's container gives to its class. */
export function scopedBy(from: Container | undefined, definition: HandlerDefinition): HandlerDefinition {
  return from?.scopeOf(definition.target) === 'task' ? { ...definition, scope: 'task' } : definition;
}

/**
 * Registers in `container` what the user's own container provides, among all that the handlers, interceptors, observers
 * and rules are and need.
 * @returns a problem for each instance that can't be had, or that has the wrong lifetime
 */
export async function adopt(
  from: Container | undefined,
  container: DependencyContainer,
  { definitions, ...shared }: Adopting,
): Promise<Problem[]> {
  if (!from) return [];
  const targets = new Set<InjectionToken>(definitions.map(({ target }) => target));
  const problems: Problem[] = definitions.flatMap((each) => onePerWorker(from, each));
  for (const token of [...entryClasses(definitions, shared), ...(shared.observe ?? [])]) {
    if (targets.has(token) && from.scopeOf(token) === 'task') perTask(from, container, token);
    else problems.push(...(await adoptOne(from, container, token)));
  }
  for (const token of neededTokens(definitions, container, shared))
    problems.push(...(await adoptOne(from, container, token)));
  // What was adopted brings its own dependencies along. Only what is still missing is needed for each task.
  for (const token of neededTokens(definitions, container, shared))
    if (!container.isRegistered(token, true) && from.scopeOf(token) === 'task')
      problems.push(tooShort(token));
  return problems;
}

/** Registers one instance, which serves all tasks. */
async function adoptOne(
  from: Container,
  container: DependencyContainer,
  token: InjectionToken,
): Promise<Problem[]> {
  if (container.isRegistered(token, true) || from.scopeOf(token) !== 'worker') return [];
  try {
    container.register(token, { useValue: await from.resolve(token) });
    return [];
  } catch (error) {
    container.register(token, { useFactory: () => undefined });
    const what = error instanceof Error ? error.message : show(error);
    return [{ code: 'DEPENDENCY_UNRESOLVED', where: nameOf(token), what, fix: 'correct its provider' }];
  }
}

/** Registers the provider of an activity that is made for each task. It returns what `resolve` returns: a promise. */
function perTask(from: Container, container: DependencyContainer, token: InjectionToken): void {
  container.register(token, { useFactory: (task) => from.resolve(token, task.resolve(TASK_CONTEXT)) });
}

/** Returns a problem if a class wants an instance for each task, and the user's container has one for all. */
function onePerWorker(from: Container, { target, scope }: HandlerDefinition): Problem[] {
  if (scope !== 'task' || from.scopeOf(target) !== 'worker') return [];
  return [
    {
      code: 'DEPENDENCY_UNRESOLVED',
      where: target.name,
      what: "it has scope: 'task', but its container provides one instance for all tasks",
      fix: "set its scope where it is provided (in NestJS: @Injectable({ scope: Scope.REQUEST })), or remove scope: 'task'",
    },
  ];
}

const tooShort = (token: InjectionToken): Problem => ({
  code: 'DEPENDENCY_UNRESOLVED',
  where: nameOf(token),
  what: 'its container provides an instance for each task, but it is needed by a class of which there is one for all',
  fix: 'inject it into an activity that is made for each task, or provide one instance for all tasks',
});

const nameOf = (token: InjectionToken): string => (typeof token === 'function' ? token.name : show(token));
