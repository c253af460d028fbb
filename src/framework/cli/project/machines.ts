import { basename, relative, resolve } from 'node:path';
import { glob } from 'tinyglobby';
import type { Problem } from '../../base/errors.js';
import { definitionMistakes, machineProblem } from '../../check/definition-mistakes.js';
import { type MachineSource, readMachineSource } from '../../check/source/machine-source.js';
import type { StackOptions, Stacks } from '../../check/template/stacks.js';
import { BY_DEFAULT } from '../../config/resolve.js';

/**
 * The globs of a project's state machines and their origin, such as a flag or the config, and the templates that
 * contain others.
 */
interface MachineGlobs {
  readonly machines: readonly string[];
  readonly region?: string | undefined;
  readonly stacks?: StackOptions | undefined;
  readonly origins: { readonly machines: { readonly from: string } };
}

/** The state machines of a project. */
interface ProjectMachines {
  /** The machines that the local service runs, and those with problems. */
  readonly machines: readonly MachineSource[];
  /** The machines that Step Functions runs and the local service doesn't, such as those with a Distributed Map. */
  readonly unsupported: readonly MachineSource[];
  readonly problems: readonly Problem[];
  /** One warning for each unsupported machine. */
  readonly warnings: readonly Problem[];
  /** The names of machines of templates that are left out, because a value of theirs can't be resolved. */
  readonly leftOut: readonly string[];
  /** The ARNs of the activities of the templates. */
  readonly activities: readonly string[];
  /** The paths of the templates, and of the files that they name. */
  readonly files: readonly string[];
}

/**
 * Reads the state machines of a project: those that the globs match, and those of the templates. Each mistake in a
 * definition is a problem. A glob that matches nothing is a problem if the user has set it.
 */
export async function readMachines(
  settings: MachineGlobs,
  projectDir: string,
  env: NodeJS.ProcessEnv,
): Promise<ProjectMachines> {
  const stack = await readTemplates(settings);
  const found = await globbed(settings, projectDir, env, new Set(stack.files));
  const problems = [...stack.problems];
  const warnings = [...stack.warnings];
  const machines: MachineSource[] = [];
  const unsupported: MachineSource[] = [];
  for (const machine of [...stack.machines, ...found.machines]) {
    problems.push(...machine.unset.map((name) => unsetVariable(name, machine.file)));
    const mistakes = machine.unset.length > 0 ? [] : definitionMistakes(machine);
    const [first] = mistakes;
    if (first && mistakes.every((each) => each.unsupported)) {
      unsupported.push(machine);
      warnings.push(skipped(machineProblem(first)));
      continue;
    }
    problems.push(...mistakes.filter((each) => !each.unsupported).map(machineProblem));
    machines.push(machine);
  }
  problems.push(...found.problems);
  const { activities, files } = stack;
  const leftOut = stack.leftOut.map(({ name }) => name);
  return { machines, unsupported, problems, warnings, leftOut, activities, files };
}

type Found = Pick<Stacks, 'machines' | 'problems' | 'warnings' | 'activities' | 'files' | 'leftOut'>;

async function readTemplates({ stacks, region }: MachineGlobs): Promise<Found> {
  if (!stacks) return { machines: [], problems: [], warnings: [], activities: [], files: [], leftOut: [] };
  // Imported only when needed, as is the YAML parser that it loads.
  const { readStacks } = await import('../../check/template/stacks.js');
  return readStacks(stacks, region);
}

/** Reads the machines that the globs match. @param taken the files that belong to a template, which are left out */
async function globbed(
  settings: MachineGlobs,
  projectDir: string,
  env: NodeJS.ProcessEnv,
  taken: ReadonlySet<string>,
): Promise<Pick<ProjectMachines, 'machines' | 'problems'>> {
  const problems: Problem[] = [];
  const machines: MachineSource[] = [];
  for (const pattern of settings.machines) {
    const files = await glob(pattern, { cwd: projectDir, absolute: true, expandDirectories: false });
    if (files.length === 0 && settings.origins.machines.from !== BY_DEFAULT)
      problems.push(matchesNothing(pattern, projectDir));
    for (const file of files.filter((each) => !taken.has(resolve(each))).toSorted())
      machines.push(
        ...(await readMachineSource(nameOfFile(file), file, relative(projectDir, file), env).then(
          (machine) => [machine],
          ifGone,
        )),
      );
  }
  return { machines, problems };
}

/** Returns no machine for a file that was removed after it was found. */
function ifGone(error: NodeJS.ErrnoException): [] {
  if (error.code === 'ENOENT') return [];
  throw error;
}

const skipped = (problem: Problem): Problem => ({
  ...problem,
  what: `${problem.what}. The machine is left out; the others are served`,
});

const nameOfFile = (file: string): string => basename(file).replace(/(\.asl)?\.json$/, '');

const matchesNothing = (pattern: string, dir: string): Problem => ({
  code: 'GLOB_MATCHES_NOTHING',
  where: `machines: '${pattern}'`,
  what: `no file matches it below ${dir}`,
  fix: "correct the glob, as in 'state-machines/*.asl.json': it is relative to the nearest package.json",
});

const unsetVariable = (name: string, file: string): Problem => ({
  code: 'ENVIRONMENT_UNSET',
  where: file,
  what: `it uses \${${name}}, and the environment variable ${name} is unset or empty`,
  fix: `set it to its value in this environment before the start: export ${name}=…`,
});
