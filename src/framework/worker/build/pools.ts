import { existsSync } from 'node:fs';
import type { Problem } from '../../base/errors.js';
import { isEntryThere } from '../../base/package.js';
import { show } from '../../base/show.js';
import { ENTRY, type Host } from '../pool/host.js';
import { Pool } from '../pool/pool.js';
import type { BuildWorld, StartWorld } from './start-world.js';
import type { Plan, PlannedHandler } from './plan.js';

/**
 * Makes the pool of a handler with `run: 'thread'` or `'process'`; undefined for one that runs on the main thread. No
 * thread or process is started before the first task arrives.
 */
export async function poolOf(
  { definition: { name }, options: { run, poolSize }, cut }: PlannedHandler,
  { settings, baseDir }: Plan,
  { clock, random, log, module = '', spawnHost, stores }: BuildWorld,
): Promise<Pool | undefined> {
  if (run === 'main') return undefined;
  if (cut) log.info(`${name}: ${cut.from} asks for ${cut.wanted} at once; its pool has ${poolSize} slots`);
  const { recycleAfter, memoryMb } = settings.pool;
  const globs = settings.activities.filter((each) => typeof each === 'string');
  return new Pool({
    spawn: spawnHost ? () => spawnHost(run) : await spawnerOf(run),
    host: {
      module,
      baseDir,
      handler: name,
      sourceMaps: process.sourceMapsEnabled,
      // A list that contains classes can only come from the config, which the thread or process imports itself.
      globs: globs.length === settings.activities.length ? globs : undefined,
    },
    log: log.child({ handler: name }),
    onStore: (told) => stores.tell(told),
    recycleAfter,
    memoryMb,
    clock,
    random,
  });
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
