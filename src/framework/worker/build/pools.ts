import { existsSync } from 'node:fs';
import type { Problem } from '../../base/errors.js';
import { isEntryThere } from '../../base/package.js';
import { show } from '../../base/show.js';
import { hostedHandler } from '../pool/hosted-handler.js';
import { ENTRY, type Host } from '../pool/host.js';
import type { HostOptions } from '../pool/pool-messages.js';
import { Pool } from '../pool/pool.js';
import type { CompiledHandler } from '../handler/compile.js';
import type { Checkpoints } from '../keep/checkpoints.js';
import type { BuildWorld, StartWorld } from './start-world.js';
import type { Plan, PlannedHandler } from './plan.js';

/**
 * The pools of the handlers that run in threads or processes. No thread or process is started before the first task
 * arrives.
 */
export class Pools {
  readonly #plan: Plan;
  readonly #world: BuildWorld;
  readonly #pools: Pool[] = [];

  constructor(plan: Plan, world: BuildWorld) {
    this.#plan = plan;
    this.#world = world;
  }

  /**
   * Makes a pool for a handler with `run: 'thread'` or `'process'`. Resolves to a function that runs the handler's
   * tasks there; to undefined if the handler runs on the main thread.
   */
  async handlerOf(
    { definition, options: { run, poolSize }, cut }: PlannedHandler,
    checkpoints?: Checkpoints,
  ): Promise<CompiledHandler | undefined> {
    if (run === 'main') return undefined;
    const { clock, random, log, spawnHost, stores } = this.#world;
    const spawn = spawnHost ? () => spawnHost(run) : await spawnerOf(run);
    const { name } = definition;
    if (cut) log.info(`${name}: ${cut.from} asks for ${cut.wanted} at once; its pool has ${poolSize} slots`);
    const { recycleAfter, memoryMb } = this.#plan.settings.pool;
    const pool = new Pool({
      spawn,
      host: this.#hostOptions(name),
      log: log.child({ handler: name }),
      onStore: (told) => stores.tell(told),
      ...{ recycleAfter, memoryMb, clock, random },
    });
    this.#pools.push(pool);
    return hostedHandler(pool, clock, checkpoints);
  }

  /**
   * Ends all pools. Resolves when the containers in their threads and processes are disposed of, but after at most 4 s.
   * Never rejects.
   */
  async close(): Promise<void> {
    await Promise.all(this.#pools.map((pool) => pool.close()));
  }

  #hostOptions(handler: string): HostOptions {
    const { settings, baseDir } = this.#plan;
    const globs = settings.activities.filter((each) => typeof each === 'string');
    return {
      module: this.#world.module ?? '',
      baseDir,
      // A list that contains classes can only come from the config, which the thread or process imports itself.
      globs: globs.length === settings.activities.length ? globs : undefined,
      handler,
      sourceMaps: process.sourceMapsEnabled,
    };
  }
}

/**
 * Loads the code that starts threads or processes. Called only if a handler needs it, so that unit tests of other
 * handlers don't load it.
 */
async function spawnerOf(run: Host['kind']): Promise<() => Host> {
  const Host =
    run === 'thread'
      ? (await import('../pool/thread.js')).ThreadHost
      : (await import('../pool/process.js')).ProcessHost;
  return () => new Host();
}

/**
 * Returns a problem for each handler that runs in threads or processes, if `module` isn't set, isn't a URL, or names no
 * file. Threads and processes import the config from that module.
 */
export function moduleProblems({ handlers }: Plan, { module }: StartWorld): Problem[] {
  const elsewhere = handlers.filter(({ options: { run } }) => run !== 'main');
  if (!isEntryThere(ENTRY))
    return elsewhere.map(({ definition: { name }, options: { run } }) => bundled(name, run));
  const got = wrongModule(module);
  if (got === undefined) return [];
  return elsewhere.map(({ definition: { name }, options: { run } }) => ({
    code: 'MODULE_MISSING',
    where: name,
    what: `it has run: '${run}', and createWorker was given ${got}`,
    fix: "put the config into a file of its own as its default export (without createWorker in it), and name that file: createWorker(config, { module: new URL('./worker.config.js', import.meta.url) })",
  }));
}

/** Returns what is wrong with the URL of a module, as text; undefined if nothing is. */
function wrongModule(module: string | undefined): string | undefined {
  if (module === undefined) return 'no `module`';
  if (!URL.canParse(module)) return `the module ${show(module)}, which is no URL`;
  const isThere = !module.startsWith('file:') || existsSync(new URL(module));
  return isThere ? undefined : `the module ${module}, and there is no such file`;
}

/** A bundle lacks the file with which threads and processes start. */
const bundled = (name: string, run: string): Problem => ({
  code: 'MODULE_MISSING',
  where: name,
  what: `it has run: '${run}', and the file of Stepwright that threads and processes start with is missing, as in a bundle`,
  fix: "leave `stepwright` out of the bundle (external) and install it beside it, or set run: 'main'",
});
