import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { checkMachines, type Comparison, fixMachine } from '../check/check-machines.js';
import { type Finding, fixOf, locationOf, messageOf } from '../check/finding.js';
import { checkedHandler } from '../check/handlers.js';
import { machineSource, type MachineSource } from '../check/source/machine-source.js';
import type { Flags } from '../config/sources.js';
import { allErrorNames } from '../declare/metadata.js';
import { throwProblems } from '../base/errors.js';
import { write } from './output/stdio.js';
import { type Project, readProjectFiles } from './project/project.js';

/** The flags that set no option of the config. */
export interface CheckFlags {
  /**
   * The paths of the configs to check, several if their workers serve the same state machines. @default the project's
   * config
   */
  readonly config?: readonly string[];
  readonly fix?: boolean;
  /** True to exit with 1 not only if there are errors, but also if there is only advice. */
  readonly strict?: boolean;
  readonly json?: boolean;
}

/**
 * Compares the activity classes with the state machines that refer to their activities: the machines in the project's
 * files and, with `--endpoint`, also deployed machines. Prints the findings, or nothing if there are none.
 * @returns the exit code: 1 if there are errors or, with `strict`, advice; otherwise 0
 */
export async function check(
  flags: Flags,
  { config = [], fix = false, strict, json }: CheckFlags,
): Promise<number> {
  const projects = await readProjects(flags, config);
  const files = new Map(
    projects.flatMap(({ machines, projectDir }) =>
      machines.map((machine) => [resolve(projectDir, machine.file), machine]),
    ),
  );
  const comparison = comparisonOf(projects, files);
  const fixed = fix ? await fixFiles(files, comparison) : [];
  const deployed = await readDeployed(flags, projects, comparison);
  const findings = checkMachines({ ...comparison, machines: [...files.values(), ...deployed] });
  await write(json ? `${JSON.stringify(findings.map(plain), null, 2)}\n` : text(findings, fixed));
  return findings.some(({ level }) => strict || level === 'error') ? 1 : 0;
}

async function readProjects({ texts, handlers }: Flags, configs: readonly string[]): Promise<Project[]> {
  const named = configs.length > 0 ? configs : [undefined];
  const projects: Project[] = [];
  for (const config of named) {
    const { config: _, endpoint: __, ...rest } = texts;
    projects.push(
      await readProjectFiles({ texts: config === undefined ? rest : { ...rest, config }, handlers }),
    );
  }
  throwProblems(projects.flatMap(({ plan }) => plan.problems));
  return projects;
}

/** @param machines by the paths of their files */
const comparisonOf = (
  projects: readonly Project[],
  machines: ReadonlyMap<string, MachineSource>,
): Comparison => ({
  machines: [...machines.values()],
  handlers: projects.flatMap(({ plan }) =>
    plan.handlers.map((handler) => checkedHandler(handler, { region: plan.settings.region })),
  ),
  errorNames: [...new Set(allErrorNames().values())],
});

/** Writes the files that `--fix` changes, and puts their machines in place of those before. */
async function fixFiles(files: Map<string, MachineSource>, comparison: Comparison): Promise<Finding[]> {
  const fixed: Finding[] = [];
  for (const [path, { name, file, text: before }] of files) {
    const read = (content: string): MachineSource => machineSource(name, file, content, process.env);
    const edited = fixMachine(before, (content) =>
      checkMachines({ ...comparison, machines: [read(content)] }),
    );
    if (edited.text === before) continue;
    await writeFile(path, edited.text);
    files.set(path, read(edited.text));
    fixed.push(...edited.fixed);
  }
  return fixed;
}

/** Returns the machines at `--endpoint`; none without it. */
async function readDeployed(
  { texts: { endpoint } }: Flags,
  [project]: readonly Project[],
  { handlers }: Comparison,
): Promise<MachineSource[]> {
  if (endpoint === undefined || !project) return [];
  const { deployedMachines } = await import('./deployed-machines.js');
  return deployedMachines(project.plan.settings, endpoint, handlers);
}

function text(findings: readonly Finding[], fixed: readonly Finding[]): string {
  const done = fixed.map((each) => `${locationOf(each)}  fixed  ${messageOf(each)}\n`);
  return [...done, ...findings.map(block)].join('');
}

/** Returns a finding as text: the problem on one line, the fix on the next, then the text to paste. */
function block(finding: Finding): string {
  const { level, paste } = finding;
  const lines = [
    `${locationOf(finding)}  ${level}  ${messageOf(finding)}`,
    `    fix: ${fixOf(finding)}`,
    ...(paste === undefined ? [] : [`    ${paste}`]),
  ];
  return `${lines.join('\n')}\n`;
}

/**
 * Returns a finding as `--json` prints it: without its edits, and with `fixable`, which is true if `--fix` can make
 * edits for it.
 */
const plain = ({ edits, ...finding }: Finding): object => ({ ...finding, fixable: edits !== undefined });
