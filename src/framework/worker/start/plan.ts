import type { Clock } from '../../clock.js';
import { closest } from 'fastest-levenshtein';
import type { Settings } from '../../config/config.js';
import type { HandlerDefinition, HandlerOptions } from '../../declare/definition.js';
import { discover } from '../../declare/discovery.js';
import { loadActivities } from '../../declare/load.js';
import type { DependencyContainer } from 'tsyringe';
import { type Problem, StartError } from '../../errors.js';
import { CLOCK, createContainer, RANDOM } from '../../handler/container/container.js';
import { resolveProblems } from '../../handler/container/resolve-problems.js';
import { type ResolvedOptions, resolveOptions } from '../../config/handler-options.js';
import { peerProblems } from './peers.js';

export interface PlanSources {
  readonly settings: Settings;
  /** What globs are relative to: where the compiled config is. */
  readonly baseDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Options from flags and the environment: they win over everything declared. */
  readonly overrides: HandlerOptions;
}

/** All handlers of a worker, each with its options; no container and no connection yet. */
export interface Plan {
  readonly handlers: readonly PlannedHandler[];
  readonly problems: readonly Problem[];
}

export interface PlannedHandler {
  readonly definition: HandlerDefinition;
  readonly options: ResolvedOptions;
}

/** Loads, discovers and checks everything that was declared. */
export async function makePlan({ settings, baseDir, env, overrides }: PlanSources): Promise<Plan> {
  const loaded = await loadActivities(settings.activities, baseDir, {
    defaulted: settings.activitiesDefaulted,
  });
  const found = discover(loaded.classes, env);
  const handlers = found.handlers.map((definition) => {
    const { resolved, problems } = resolveOptions(definition, settings, overrides);
    return { planned: { definition, options: resolved }, problems };
  });
  const problems = [
    ...peerProblems(baseDir),
    ...loaded.problems,
    ...found.problems,
    ...handlers.flatMap(({ problems }) => problems),
    ...strayOverrides(settings, found.handlers),
  ];
  return { handlers: handlers.map(({ planned }) => planned), problems };
}

/** A plan with the worker's own container, whose providers were tried on every handler. */
export interface WorkerPlan extends Plan {
  /** Undefined only where there are problems. */
  readonly container: DependencyContainer | undefined;
}

/** Makes a plan, runs the config's `setup`, and checks that every dependency can be resolved. Still connects to nothing. */
export async function planWorker(
  sources: PlanSources,
  { clock, random }: { clock: Clock; random: () => number },
): Promise<WorkerPlan> {
  const made = await makePlan(sources);
  const none = made.handlers.length === 0 && made.problems.length === 0;
  const plan = none ? { ...made, problems: [noActivities(sources)] } : made;
  const { setup, interceptors } = sources.settings;
  try {
    const container = await createContainer(setup, [
      { token: CLOCK, provider: { useValue: clock } },
      { token: RANDOM, provider: { useValue: random } },
    ]);
    const definitions = plan.handlers.map(({ definition }) => definition);
    return {
      ...plan,
      container,
      problems: [...plan.problems, ...resolveProblems(definitions, container, interceptors)],
    };
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    return { ...plan, container: undefined, problems: [...plan.problems, ...error.problems] };
  }
}

function strayOverrides(settings: Settings, handlers: readonly HandlerDefinition[]): Problem[] {
  const names = handlers.map(({ name }) => name);
  return Object.keys(settings.handlers)
    .filter((name) => !names.includes(name))
    .map((name) => ({
      code: 'CONFIG_UNKNOWN_KEY' as const,
      where: `handlers['${name}']`,
      what: 'there is no such handler',
      fix:
        names.length > 0
          ? `did you mean '${closest(name, names)}'? There are ${names.join(', ')}`
          : 'declare it, or remove the key',
    }));
}

const noActivities = ({ settings, baseDir }: PlanSources): Problem => ({
  code: 'NO_ACTIVITIES',
  where: 'activities',
  what: `no class with @Activity was found in ${settings.activities.map(String).join(', ')}, looked for below ${baseDir}`,
  fix: 'put one into src/activities/NAME.activity.ts and compile it with `npx tsc`, or name your own globs or classes in `activities`',
});
