import type { Flags } from '../../config/layers.js';
import { type Problem, throwProblems } from '../../base/errors.js';
import { makePlan, type Plan, type PlanSources } from '../../worker/build/plan.js';
import { runUserCode } from '../process/user-code.js';
import { outdated, outdatedProblem } from './compiled.js';
import { type LoadedConfig, loadConfig, loadConfigIfAny } from './config-file.js';
import type { MachineSource } from '../../check/source/machine-source.js';

/** A user's project as it lies on the disk: its worker, and the machines that the local service is to have. */
export interface Project {
  readonly plan: Plan;
  /** The URL of the module that its config comes from. */
  readonly module?: string;
  /** Compiled activities that do not say what their sources do. They are problems only of a start that fails. */
  readonly outdated: readonly Problem[];
  /** Read only where a local service is to be seeded with them. */
  readonly machines: readonly MachineSource[];
  /** The folder of the nearest package.json. */
  readonly projectDir: string;
}

/** The project of a worker. The problems of all of it are in its plan. */
export async function readProject(flags: Flags): Promise<Project> {
  const worker = await readWorker(flags);
  if (worker.plan.endpoint?.kind !== 'local') return worker;
  const { module, outdated, projectDir } = worker;
  return { ...(await withMachines(worker.plan, projectDir)), module, outdated };
}

/** The same without the machines, which somebody else sees to. */
export async function readWorker(flags: Flags): Promise<Project> {
  const loaded = await loadConfig(flags.texts['config'], process.cwd());
  const { config, module, baseDir, projectDir } = loaded;
  const plan = await planOf({ config, baseDir, flags });
  return { ...withOutdated(plan, loaded), module, projectDir, machines: [] };
}

/** Imports the activities. */
const planOf = (sources: Omit<PlanSources, 'env'>): Promise<Plan> =>
  runUserCode({ code: 'ACTIVITY_FILE_FAILED', where: 'the import of `activities`' }, () =>
    makePlan({ ...sources, env: process.env }),
  );

/** What is outdated may well be why a start fails: two classes on one activity, where a file was renamed. */
function withOutdated(plan: Plan, { compilation }: LoadedConfig): Pick<Project, 'plan' | 'outdated'> {
  const found = compilation ? outdated(compilation, plan.files).map(outdatedProblem) : [];
  if (plan.problems.length === 0) return { plan, outdated: found };
  return { plan: { ...plan, problems: [...plan.problems, ...found] }, outdated: [] };
}

/** The project that a local service is seeded with, which needs no config. @throws StartError with its problems. */
export async function readSeeds(flags: Flags): Promise<Project> {
  const loaded = await loadConfigIfAny(flags.texts['config'], process.cwd());
  const { config, baseDir, projectDir } = loaded;
  const made = await planOf({ config, baseDir, flags: atLocal(flags) });
  const { plan, outdated } = withOutdated(made, loaded);
  const seeds = await withMachines(plan, projectDir);
  throwProblems(seeds.plan.problems);
  return { ...seeds, outdated };
}

/** A project's classes and the state machines in its files, whatever is wrong with these. */
export interface ProjectFiles extends Project {
  /** What the machines' files are relative to. */
  readonly projectDir: string;
}

/** Reads a project to be looked at, not run. Mistakes in its machines are none of its problems. */
export async function readProjectFiles(flags: Flags): Promise<ProjectFiles> {
  const { config, baseDir, projectDir } = await loadConfig(flags.texts['config'], process.cwd());
  const plan = await planOf({ config, baseDir, flags: atLocal(flags) });
  const project = await withMachines(plan, projectDir);
  const problems = project.plan.problems.filter(({ code }) => code !== 'MACHINE_INVALID');
  return { ...project, plan: { ...project.plan, problems }, projectDir };
}

/** The local service is what it is asked of here, whatever else is configured. */
const atLocal = ({ texts, handlers }: Flags): Flags => ({ texts: { ...texts, endpoint: 'local' }, handlers });

async function withMachines(plan: Plan, projectDir: string): Promise<Project> {
  // What reads machines knows the states language, which a worker at a URL has no use for.
  const { readMachines } = await import('./machines.js');
  const { machines, problems } = await readMachines(plan.settings, projectDir, process.env);
  return { plan: { ...plan, problems: [...plan.problems, ...problems] }, outdated: [], machines, projectDir };
}
