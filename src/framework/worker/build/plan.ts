import { closest } from 'fastest-levenshtein';
import {
  BY_DEFAULT,
  type ConfigSources,
  resolveConfig,
  resolveHandler,
  type ResolvedHandler,
  type Settings,
} from '../../config/resolve.js';
import type { HandlerDefinition } from '../../declare/definition.js';
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
import { sdkProblems } from '../../aws/sdk/settings.js';
import { POLL_LIMIT_MS } from '../poll/poller.js';
import { twoCopies } from './two-copies.js';

export interface PlanSources extends ConfigSources {
  /** The folder to which globs are relative. It is the one of the compiled config. */
  readonly baseDir: string;
}

/** A handler together with its resolved options. */
export interface PlannedHandler extends ResolvedHandler {
  readonly definition: HandlerDefinition;
}

/** A worker as it is declared and configured, before anything is connected or opened. */
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
  /** The environment variable that shows that this is production; undefined if none does. */
  readonly production: string | undefined;
  readonly handlers: readonly PlannedHandler[];
  /** The absolute paths of the compiled files that were searched for activities. */
  readonly files: readonly string[];
  readonly problems: readonly Problem[];
}

/**
 * Makes a worker's plan. This imports the activity modules, so their top-level code runs. All problems other than wrong
 * settings are listed in the plan.
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
      ...twoCopies(baseDir),
      ...loaded.problems,
      ...found.problems,
      ...strayOptions(settings, found.handlers),
      ...handlers.flatMap(poolTooSmall),
    ],
  };
}

/** Finds options that are set for handlers which don't exist. */
function strayOptions({ ofHandlers }: Settings, handlers: readonly HandlerDefinition[]): Problem[] {
  const names = handlers.map(({ name }) => name);
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
 * Finds a pool that is smaller than the concurrency set for its handler, since each task that arrives must find a free
 * thread or process. If the concurrency was set for all handlers, it isn't a problem: it is reduced to the pool's size,
 * and that is logged at the start.
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

/** Returns the problem of a worker that has no handlers. Only the local service may run without any. */
export const noActivities = ({ settings, baseDir }: Plan): Problem => ({
  code: 'NO_ACTIVITIES',
  where: 'activities',
  what: `no class with @Activity was found in ${settings.activities.map(String).join(', ')}, searched below ${baseDir}`,
  fix: "compile first: npx tsc; if that was done, start in the project's folder, or correct the globs in `activities`; to write a first one: npx stepwright generate activity refund-order",
});
