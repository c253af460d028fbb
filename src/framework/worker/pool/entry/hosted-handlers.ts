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
import type { TaskPayloads } from '../../handler/output/outputs.js';
import { makeCheckpoints } from '../../handler/make-checkpoints.js';
import type { Checkpoints } from '../../keep/checkpoints.js';
import { createContainer } from '../../container/create-container.js';
import { STORE_MONITOR } from '../../container/registrations.js';
import type { HostOptions } from '../pool-messages.js';

/** Is told of what concerns no task. */
interface HostTold {
  readonly log: Logger;
  readonly stores: StoreMonitor;
}

/**
 * A handler in a thread or process of a pool.
 *
 * `settlesAtOnce`: true if its tasks need no cleanup after the handler has ended, since they have no container of their
 * own to dispose of.
 */
interface HostedHandler {
  readonly handle: CompiledHandler;
  readonly settlesAtOnce: boolean;
  /** The checkpoints of the handler's tasks; undefined if the option `checkpoint` is off. */
  readonly checkpoints: Checkpoints | undefined;
}

/**
 * The handlers of a config in a thread or process of a pool. They share a container that belongs to this thread or
 * process. `setup` runs once for all of them.
 */
export class HostedHandlers {
  readonly #definitions: readonly HandlerDefinition[];
  readonly #container: DependencyContainer;
  readonly #interceptors: Config['interceptors'];
  readonly #payloads: TaskPayloads | undefined;
  readonly #checkpoints: ReadonlyMap<string, Checkpoints | undefined>;
  readonly #compiled = new Map<string, HostedHandler>();

  /**
   * Imports the config and compiles the named handlers.
   * @throws Error if the config can't be read, if it has no handler with one of the names, or if a dependency can't be
   * made.
   */
  static async load(
    { module, baseDir, globs, handlers }: HostOptions,
    told: HostTold,
  ): Promise<HostedHandlers> {
    const exported = defaultExport(await import(module));
    if (!isPlainObject(exported)) throw new Error(`${module} has no default export that is a config`);
    const config: Config = exported;
    const sources = globs ?? config.activities ?? CONFIG_OPTIONS.activities.default;
    const loaded = await loadActivities(sources, baseDir, { defaulted: true });
    // The worker has already checked the declarations, including their ARNs, when it started.
    const found = discover(loaded.classes, process.env, { allowUnset: true });
    throwProblems([...loaded.problems, ...found.problems.filter(({ code }) => code !== 'TWO_ACCOUNTS')]);
    const own = { token: STORE_MONITOR, provider: { useValue: told.stores } };
    const container = await createContainer(config.setup, [own]);
    const payloads = await payloadsOf(config, told);
    const named = found.handlers.filter(({ name }) => handlers.includes(name));
    const checkpoints = await checkpointsOf(config, named, told);
    const hosted = new HostedHandlers(found.handlers, container, config.interceptors, payloads, checkpoints);
    for (const name of handlers) hosted.handler(name);
    return hosted;
  }

  constructor(
    definitions: readonly HandlerDefinition[],
    container: DependencyContainer,
    interceptors: Config['interceptors'],
    payloads?: TaskPayloads,
    checkpoints: ReadonlyMap<string, Checkpoints | undefined> = new Map(),
  ) {
    this.#definitions = definitions;
    this.#container = container;
    this.#interceptors = interceptors;
    this.#payloads = payloads;
    this.#checkpoints = checkpoints;
  }

  /**
   * Returns the handler with this name. It is compiled at the first call.
   * @throws Error if the config has no handler with this name.
   */
  handler(name: string): HostedHandler {
    const known = this.#compiled.get(name);
    if (known) return known;
    const names = this.#definitions.map((each) => each.name);
    const definition = this.#definitions.find((each) => each.name === name);
    if (!definition)
      throw new Error(`the config has no handler ${name}; it has ${names.join(', ') || 'none'}`);
    const checkpoints = this.#checkpoints.get(name);
    const handle = compile(
      definition,
      this.#container,
      this.#interceptors ?? [],
      this.#payloads,
      checkpoints,
    );
    const handler = { handle, settlesAtOnce: definition.scope !== 'task', checkpoints };
    this.#compiled.set(name, handler);
    return handler;
  }

  async dispose(): Promise<void> {
    this.#payloads?.close();
    await this.#container.dispose();
  }
}

/** Makes the checkpoints of handlers, with the stores that the config holds in this thread or process. */
async function checkpointsOf(
  { checkpoint, handlers }: Config,
  definitions: readonly HandlerDefinition[],
  told: HostTold,
): Promise<Map<string, Checkpoints | undefined>> {
  const settings = resolveConfig({ config: { checkpoint, handlers }, env: {} });
  const world = { clock: systemClock, random: Math.random, ...told };
  const made = new Map<string, Checkpoints | undefined>();
  for (const definition of definitions) {
    const { options } = resolveHandler(definition, settings);
    made.set(definition.name, await makeCheckpoints(definition, options.checkpoint, world));
  }
  return made;
}

async function payloadsOf({ payloads }: Config, { stores }: HostTold): Promise<TaskPayloads | undefined> {
  if (payloads === undefined) return undefined;
  const { Payloads } = await import('../../handler/payloads.js');
  return new Payloads(payloads, { clock: systemClock, random: Math.random, stores });
}
