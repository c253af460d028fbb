import type { DependencyContainer } from 'tsyringe';
import { unlessAborted, within } from '../../base/time/wait.js';
import { type Problem, StartError, throwProblems } from '../../base/errors.js';
import { adopt, createContainer } from '../container/create-container.js';
import { CLOCK, RANDOM, STORE_MONITOR } from '../container/registrations.js';
import { resolveProblems } from '../container/resolve-problems.js';
import { CLOSE_LIMIT_MS } from '../worker.js';
import type { BuildWorld, StartWorld } from './start-world.js';
import type { Plan } from './plan.js';

/**
 * Makes the worker's dependency injection container, runs the config's `setup`, and checks that every dependency can be
 * resolved. If any of this fails, disposes of the container.
 * @throws StartError with `known` (problems found earlier) and the problems found here; if the start was cancelled, the
 * signal's reason
 */
export async function makeContainer(
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
    if (begun) await dispose(begun, world);
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
export async function dispose(container: DependencyContainer, { clock, log }: StartWorld): Promise<void> {
  const disposed = Promise.resolve(container.dispose()).catch((error: unknown) =>
    log.error({ err: error }, 'a provider could not be disposed of'),
  );
  if (!(await within(clock, CLOSE_LIMIT_MS, disposed)))
    log.warn(`the providers were not disposed of within ${CLOSE_LIMIT_MS / 1000} s: they are abandoned`);
}
