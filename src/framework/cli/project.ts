import type { Flags } from '../config/texts.js';
import { throwProblems } from '../errors.js';
import { makePlan, type Plan } from '../worker/start/plan.js';
import { loadConfig, loadConfigIfAny } from './config-file.js';
import { readMachines } from './seed.js';
import type { MachineSource } from '../check/machine-source.js';

/** A user's project as it lies on the disk: its worker, and the machines that the local service is to have. */
export interface Project {
  readonly plan: Plan;
  /** The URL of the module that its config comes from. */
  readonly module?: string;
  /** Read only where a local service is to be seeded with them. */
  readonly machines: readonly MachineSource[];
  /** The folder of the nearest package.json. */
  readonly projectDir: string;
}

/** The project of a worker. The problems of all of it are in its plan. */
export async function readProject(flags: Flags): Promise<Project> {
  const { config, module, baseDir, projectDir } = await loadConfig(flags.texts['config'], process.cwd());
  const plan = await makePlan({ config, baseDir, flags, env: process.env });
  if (plan.endpoint?.kind !== 'local') return { plan, module, machines: [], projectDir };
  return { ...(await withMachines(plan, projectDir)), module };
}

/** The project that a local service is seeded with, which needs no config. @throws StartError with its problems. */
export async function readSeeds(flags: Flags): Promise<Project> {
  const { config, baseDir, projectDir } = await loadConfigIfAny(flags.texts['config'], process.cwd());
  const plan = await makePlan({ config, baseDir, flags: atLocal(flags), env: process.env });
  const project = await withMachines(plan, projectDir);
  throwProblems(project.plan.problems);
  return project;
}

/** A project's classes and the state machines in its files, whatever is wrong with these. */
export interface ProjectFiles extends Project {
  /** What the machines' files are relative to. */
  readonly projectDir: string;
}

/** Reads a project to be looked at, not run. Mistakes in its machines are none of its problems. */
export async function readProjectFiles(flags: Flags): Promise<ProjectFiles> {
  const { config, baseDir, projectDir } = await loadConfig(flags.texts['config'], process.cwd());
  const plan = await makePlan({ config, baseDir, flags: atLocal(flags), env: process.env });
  const project = await withMachines(plan, projectDir);
  const problems = project.plan.problems.filter(({ code }) => code !== 'MACHINE_INVALID');
  return { ...project, plan: { ...project.plan, problems }, projectDir };
}

/** The local service is what it is asked of here, whatever else is configured. */
const atLocal = ({ texts, handlers }: Flags): Flags => ({ texts: { ...texts, endpoint: 'local' }, handlers });

async function withMachines(plan: Plan, projectDir: string): Promise<Project> {
  const { machines, problems } = await readMachines(plan.settings, projectDir, process.env);
  return { plan: { ...plan, problems: [...plan.problems, ...problems] }, machines, projectDir };
}
