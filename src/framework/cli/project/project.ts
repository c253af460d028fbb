import type { StackOptions } from '../../check/template/stacks.js';
import { type Flags, unknownVariables } from '../../config/sources.js';
import { type Problem, throwProblems } from '../../base/errors.js';
import { makePlan, type Plan, type PlanSources } from '../../worker/build/plan.js';
import { runUserCode } from '../process/user-code.js';
import { outdated, outdatedProblem } from './compiled.js';
import { type LoadedConfig, loadConfig, loadConfigIfAny } from './config-file.js';
import type { MachineSource } from '../../check/source/machine-source.js';

/** A user's project, read from disk: the plan of its worker, and its state machines. */
export interface Project {
  readonly plan: Plan;
  /** The URL of the config's module. */
  readonly module?: string;
  /**
   * Mistakes that don't keep a worker from starting: environment variables that nothing reads, and compiled activities
   * that differ from their sources. But if the plan has problems, such compiled activities are in the plan's list of
   * problems instead.
   */
  readonly warnings: readonly Problem[];
  /** The state machines with which a local service is started; empty if there is no local service to start. */
  readonly machines: readonly MachineSource[];
  /** The state machines that Step Functions runs and a local service doesn't. */
  readonly unsupported: readonly MachineSource[];
  /** The ARNs of the activities of the templates. */
  readonly activities: readonly string[];
  /** The folder of the nearest package.json. */
  readonly projectDir: string;
}

/**
 * Reads the project of a worker and, if the endpoint is `local`, its state machines. All problems are in the plan's
 * list of problems; none is thrown.
 */
export async function readProject(flags: Flags, stacks?: StackOptions): Promise<Project> {
  const worker = await readWorker(flags);
  if (worker.plan.endpoint?.kind !== 'local') return worker;
  const { module, warnings, projectDir } = worker;
  const seeds = await withMachines(worker.plan, projectDir, stacks);
  return { ...seeds, module, warnings: [...warnings, ...seeds.warnings] };
}

const NO_MACHINES = { machines: [], unsupported: [], activities: [] };

/** Reads the project of a worker, without its state machines. */
export async function readWorker(flags: Flags): Promise<Project> {
  const loaded = await loadConfig(flags);
  const { config, module, baseDir, projectDir } = loaded;
  const plan = await planOf({ config, baseDir, flags });
  return { ...withWarnings(plan, loaded), module, projectDir, ...NO_MACHINES };
}

/** Makes a worker's plan. This imports the activity modules, so their top-level code runs. */
const planOf = (sources: Omit<PlanSources, 'env'>): Promise<Plan> =>
  runUserCode({ code: 'ACTIVITY_FILE_FAILED', where: 'the import of `activities`' }, () =>
    makePlan({ ...sources, env: process.env }),
  );

/**
 * Finds the warnings about a project. If the plan has problems, outdated compiled files are problems too, since they
 * can be the cause: the compiled file of a renamed source still declares the same activity.
 */
function withWarnings(plan: Plan, { compilation }: LoadedConfig): Pick<Project, 'plan' | 'warnings'> {
  const found = compilation ? outdated(compilation, plan.files).map(outdatedProblem) : [];
  const unread = unknownVariables(process.env);
  if (plan.problems.length === 0) return { plan, warnings: [...unread, ...found] };
  return { plan: { ...plan, problems: [...plan.problems, ...found] }, warnings: unread };
}

/**
 * Reads the activities and the state machines with which a local service is started. The project doesn't need a config.
 * @throws StartError with the project's problems
 */
export async function readSeeds(flags: Flags, stacks?: StackOptions): Promise<Project> {
  const loaded = await loadConfigIfAny(flags);
  const { config, baseDir, projectDir } = loaded;
  const made = await planOf({ config, baseDir, flags: atLocal(flags) });
  const { plan, warnings } = withWarnings(made, loaded);
  const seeds = await withMachines(plan, projectDir, stacks);
  throwProblems(seeds.plan.problems);
  return { ...seeds, warnings: [...warnings, ...seeds.warnings] };
}

/**
 * Reads the files of a project without running its worker. Mistakes in the state machines are not reported as problems.
 */
export async function readProjectFiles(flags: Flags): Promise<Project> {
  const { config, baseDir, projectDir } = await loadConfig(flags);
  const plan = await planOf({ config, baseDir, flags: atLocal(flags) });
  const project = await withMachines(plan, projectDir);
  const files = new Set(project.machines.map(({ file }) => file));
  const problems = project.plan.problems.filter(
    ({ code, where }) => code !== 'MACHINE_INVALID' && !(code === 'ENVIRONMENT_UNSET' && files.has(where)),
  );
  const machines = [...project.machines, ...project.unsupported];
  return { ...project, machines, plan: { ...project.plan, problems }, projectDir };
}

/** Returns the flags with the endpoint `local`, which overrides any configured endpoint. */
const atLocal = ({ texts, handlers }: Flags): Flags => ({ texts: { ...texts, endpoint: 'local' }, handlers });

async function withMachines(plan: Plan, projectDir: string, stacks?: StackOptions): Promise<Project> {
  // Imported only when needed: it loads the code of the Amazon States Language, which a worker for a remote endpoint
  // doesn't need.
  const { readMachines } = await import('./machines.js');
  const { problems, ...read } = await readMachines({ ...plan.settings, stacks }, projectDir, process.env);
  return { plan: { ...plan, problems: [...plan.problems, ...problems] }, ...read, projectDir };
}
