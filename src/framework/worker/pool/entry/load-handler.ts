import type { DependencyContainer } from 'tsyringe';
import { type Config, CONFIG_OPTIONS, defaultExport } from '../../../config/config.js';
import type { HandlerDefinition } from '../../../declare/definition.js';
import { discover } from '../../../declare/discovery/discovery.js';
import { loadActivities } from '../../../declare/discovery/load.js';
import { throwProblems } from '../../../base/errors.js';
import type { Logger } from '../../../base/log/log.js';
import type { StoreMonitor } from '../../../base/store.js';
import { isPlainObject } from '../../../base/json.js';
import { systemClock } from '../../../base/time/clock.js';
import { resolveConfig, resolveHandler } from '../../../config/resolve.js';
import { compile, type CompiledHandler } from '../../handler/compile.js';
import type { Payloads } from '../../handler/output/payloads.js';
import { makeCheckpoints, makePayloads } from '../../handler/task-stores.js';
import type { Checkpoints } from '../../keep/checkpoints.js';
import { createContainer } from '../../container/create-container.js';
import { STORE_MONITOR } from '../../container/registrations.js';
import type { HostOptions } from '../pool-messages.js';

/** The handler of a thread or process of a pool. */
export interface LoadedHandler {
  readonly handle: CompiledHandler;
  /** True if its tasks need no cleanup after the handler has ended, since they have no container of their own. */
  readonly settlesAtOnce: boolean;
  /** The checkpoints of the handler's tasks; undefined if the option `checkpoint` is off. */
  readonly checkpoints: Checkpoints | undefined;
  /** Disposes of the container, which belongs to this thread or process. */
  readonly dispose: () => Promise<void>;
}

/**
 * Imports the config, runs its `setup`, and compiles one handler.
 * @param told is told of what concerns no task
 * @throws Error if the config can't be read, if it has no handler with this name, or if a dependency can't be made
 */
export async function loadHandler(
  { module, baseDir, globs, handler: wanted }: HostOptions,
  told: { readonly log: Logger; readonly stores: StoreMonitor },
): Promise<LoadedHandler> {
  const exported = defaultExport(await import(module));
  if (!isPlainObject(exported)) throw new Error(`${module} has no default export that is a config`);
  const config: Config = exported;
  const sources = globs ?? config.activities ?? CONFIG_OPTIONS.activities.default;
  const loaded = await loadActivities(sources, baseDir, { defaulted: true });
  // The worker has already checked the declarations, including their ARNs, when it started.
  const found = discover(loaded.classes, process.env, { allowUnset: true });
  throwProblems([...loaded.problems, ...found.problems.filter(({ code }) => code !== 'TWO_ACCOUNTS')]);
  const definition = found.handlers.find(({ name }) => name === wanted);
  const names = found.handlers.map(({ name }) => name);
  if (!definition)
    throw new Error(`the config has no handler ${wanted}; it has ${names.join(', ') || 'none'}`);
  const own = { token: STORE_MONITOR, provider: { useValue: told.stores } };
  const container = await createContainer(config.setup, [own]);
  const world = { clock: systemClock, random: Math.random, ...told };
  const { checkpoint, handlers, interceptors = [] } = config;
  const settings = resolveConfig({ config: { checkpoint, handlers }, env: {} });
  const checkpoints = await makeCheckpoints(
    definition,
    resolveHandler(definition, settings).options.checkpoint,
    world,
  );
  return loadedHandler(
    definition,
    container,
    interceptors,
    await makePayloads(config.payloads, world),
    checkpoints,
  );
}

/** Compiles a handler with a container of its own. @throws the container's error if a dependency can't be made */
export function loadedHandler(
  definition: HandlerDefinition,
  container: DependencyContainer,
  interceptors: NonNullable<Config['interceptors']>,
  payloads?: Payloads,
  checkpoints?: Checkpoints,
): LoadedHandler {
  return {
    handle: compile(definition, container, interceptors, payloads, checkpoints),
    settlesAtOnce: definition.scope !== 'task',
    checkpoints,
    dispose: async () => {
      payloads?.close();
      await container.dispose();
    },
  };
}
