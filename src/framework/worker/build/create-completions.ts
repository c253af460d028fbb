import type { Config } from '../../config/config.js';
import { StartError, throwProblems } from '../../base/errors.js';
import { StoreTroubles } from '../../base/store/store-events.js';
import { logStore } from '../keep/store-log.js';
import type { Completions } from '../deferral/completions.js';
import { payloadsOf } from './payloads-of.js';
import { makePlan } from './plan.js';
import { reportWorlds } from './report-worlds.js';
import { startWorld, type WorkerOptions } from './start-world.js';

/** Options of `createCompletions`. */
export type CompletionsOptions = Pick<WorkerOptions, 'clock' | 'random' | 'log' | 'baseDir'>;

/** A completion waits for Step Functions this long. After that a worker tells it. */
const REPORT_LIMIT_MS = 20_000;

/**
 * Makes an object by which deferred tasks are completed, with the store, the endpoint and the handlers of a config. It
 * takes no tasks and makes no container. With the endpoint `local` it connects to 127.0.0.1:`port`.
 * @throws StartError with all problems, not only the first
 */
export async function createCompletions(
  config: Config,
  options: CompletionsOptions = {},
): Promise<Completions> {
  const plan = await makePlan({ config, env: process.env, baseDir: options.baseDir ?? process.cwd() });
  const { settings, endpoint, handlers } = plan;
  const { deferred, sdk, region, calls } = settings;
  throwProblems(plan.problems);
  if (!endpoint) throw new Error('a plan without an endpoint has a problem that says so');
  if (!deferred) throw new StartError([NO_STORE]);
  const world = startWorld(options);
  const { clock, random, log } = world;
  const [{ AwsService }, { Completions }] = await Promise.all([
    import('../../aws/sdk/aws-service.js'),
    import('../deferral/completions.js'),
  ]);
  const service = new AwsService({ ...world, endpoint, sdk, region, calls });
  return new Completions({
    store: deferred.store,
    ...{ clock, log },
    definitions: handlers.map(({ definition }) => definition),
    checkpointsOf: (name) => {
      const checkpoint = handlers.find(({ definition }) => definition.name === name)?.options.checkpoint;
      return checkpoint ? checkpoint.store : undefined;
    },
    payloads: await payloadsOf(plan, { ...world, stores: new StoreTroubles((told) => logStore(log, told)) }),
    reportsOf: reportWorlds({
      ...{ clock, random, reportLimitMs: REPORT_LIMIT_MS },
      portOf: (where) => service.port(where),
    }),
    close: () => service.close(),
  });
}

const NO_STORE = {
  code: 'CONFIG_BAD_VALUE',
  where: 'deferred',
  what: 'the config names no store for deferred tasks',
  fix: "set deferred: { store: directory('/var/lib/stepwright') }, to the store that the workers use",
} as const;
