import { closest } from 'fastest-levenshtein';
import {
  BY_DEFAULT,
  type ConfigSources,
  resolveConfig,
  type ResolvedHandler,
  resolveHandler,
  type Settings,
} from '../../config/resolve.js';
import { type HandlerDefinition, methodName } from '../../declare/definition.js';
import { discover } from '../../declare/discovery/discovery.js';
import { loadActivities } from '../../declare/discovery/load.js';
import type { Problem } from '../../base/errors.js';
import {
  type Endpoint,
  isProblem,
  productionMark,
  resolveEndpoint,
  saidEndpoint,
} from '../../aws/endpoint.js';
import { leanProblems, sdkProblems } from '../../aws/sdk/settings.js';
import { POLL_LIMIT_MS } from '../poll/poll.js';
import { twoCopies } from './two-copies.js';

export interface PlanSources extends ConfigSources {
  /** The folder to which the globs in `activities` are relative. It is the folder of the compiled config file. */
  readonly baseDir: string;
}

/** A handler together with its resolved options. */
export interface PlannedHandler extends ResolvedHandler {
  readonly definition: HandlerDefinition;
}

/**
 * Everything about a worker that is known before a connection is made: its settings, its handlers, and the problems
 * found in them.
 */
export interface Plan {
  readonly baseDir: string;
  readonly settings: Settings;
  /** The endpoint to connect to. It is undefined only if `problems` says why. */
  readonly endpoint: Endpoint | undefined;
  /**
   * The source that set the endpoint: `--endpoint`, an environment variable, or the config; undefined if nothing sets
   * it.
   */
  readonly endpointFrom: string | undefined;
  /**
   * The setting in the environment that shows that this is production: `NODE_ENV=production`, or the name of a variable
   * that services such as ECS set; undefined if there is none.
   */
  readonly production: string | undefined;
  readonly handlers: readonly PlannedHandler[];
  /** The absolute paths of the compiled files that were searched for activities. */
  readonly files: readonly string[];
  readonly problems: readonly Problem[];
}

/**
 * Makes a worker's plan from the config, flags, environment variables and decorated classes. Imports the activity
 * modules, so their top-level code runs. Problems are returned in the plan, except wrong settings.
 * @throws StartError if a setting is wrong
 */
export async function makePlan(sources: PlanSources): Promise<Plan> {
  const { config, env, flags, baseDir } = sources;
  const settings = resolveConfig(sources);
  const said = { flag: flags?.texts['endpoint'], env, config: config.endpoint, port: settings.port };
  const endpoint = resolveEndpoint(said);
  const defaulted = settings.origins.activities.from === BY_DEFAULT;
  const loaded = await loadActivities(settings.activities, baseDir, { defaulted });
  const found = discover(loaded.classes, env, { fileOf: loaded.fileOf });
  const handlers = found.handlers.map((definition) => ({
    definition,
    ...resolveHandler(definition, settings),
  }));
  return {
    baseDir,
    settings,
    endpoint: isProblem(endpoint) ? undefined : endpoint,
    endpointFrom: saidEndpoint(said)?.from,
    production: productionMark(env),
    handlers,
    files: loaded.files,
    problems: [
      ...(isProblem(endpoint) ? [endpoint] : []),
      ...(await sdkProblems(settings.sdk, POLL_LIMIT_MS)),
      ...(settings.calls === 'lean' ? leanProblems(settings.sdk) : []),
      ...twoCopies(baseDir),
      ...loaded.problems,
      ...found.problems,
      ...strayOptions(settings, found.handlers),
      ...handlers.flatMap(poolTooSmall),
    ],
  };
}

/**
 * Returns a problem for each option in the config, flags or environment that is set for a handler that doesn't exist.
 */
function strayOptions({ ofHandlers }: Settings, handlers: readonly HandlerDefinition[]): Problem[] {
  const names = [...new Set(handlers.flatMap((each) => [each.name, methodName(each)]))];
  return [...ofHandlers.single, ofHandlers.config].flatMap(({ from, values }) =>
    Object.keys(values)
      .filter((name) => !names.includes(name))
      .map((name) => ({
        code: 'CONFIG_UNKNOWN_KEY' as const,
        where: from(name),
        what: 'there is no such handler',
        fix:
          names.length > 0
            ? `did you mean '${closest(name, names)}'? There are: ${names.join(', ')}`
            : 'declare it, or remove the key',
      })),
  );
}

/**
 * Returns a problem if the concurrency that was set for a handler is more than its pool's threads or processes. A
 * concurrency that was set for all handlers is reduced to the size of the pool, which is logged at the start.
 */
function poolTooSmall({ definition, options: { run, poolSize }, cut }: PlannedHandler): Problem[] {
  if (!cut || cut.inherited) return [];
  const key = run === 'thread' ? 'pool.threads' : 'pool.processes';
  return [
    {
      code: 'POOL_TOO_SMALL',
      where: definition.name,
      what: `${cut.from} asks for a concurrency of ${cut.wanted}, and its pool has ${poolSize} ${run === 'thread' ? 'threads' : 'processes'}`,
      fix: `set ${key} to ${cut.wanted}, or concurrency to ${poolSize} at most`,
    },
  ];
}

/**
 * Returns the problem to report when no handler was found. A worker needs at least one, except when it is started
 * together with the local service.
 */
export const noActivities = ({ settings, baseDir }: Plan): Problem => ({
  code: 'NO_ACTIVITIES',
  where: 'activities',
  what: `no class with @Activity was found in ${settings.activities.map(String).join(', ')}, searched below ${baseDir}`,
  fix: "compile first: npx tsc; if that was done, start in the project's folder, or correct the globs in `activities`; to write a first one: npx stepwright generate activity refund-order",
});
