import { readFile, writeFile } from 'node:fs/promises';
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
import type { Deployed } from './deployed-machines.js';

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
  const comparison = comparisonOf(projects);
  const fixed = fix ? await fixFiles(projects, comparison) : [];
  const machines = await Promise.all(comparison.machines.map((machine) => reread(machine, projects, fix)));
  const deployed =
    flags.texts['endpoint'] === undefined ? NOTHING : await readDeployed(flags, projects, comparison);
  const all = { ...comparison, machines: [...machines, ...deployed.machines] };
  const findings = [...checkMachines(all), ...deployed.findings];
  if (deployed.unread !== undefined)
    process.stderr.write(`the sizes of outputs were not looked at: ${deployed.unread}\n`);
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

function comparisonOf(projects: readonly Project[]): Comparison {
  const machines = new Map(
    projects.flatMap((project) => project.machines.map((machine) => [pathOf(machine, project), machine])),
  );
  return {
    machines: [...machines.values()],
    handlers: projects.flatMap(({ plan }) =>
      plan.handlers.map((handler) => checkedHandler(handler, { region: plan.settings.region })),
    ),
    errorNames: [...new Set(allErrorNames().values())],
  };
}

const pathOf = ({ file }: MachineSource, { projectDir }: Project): string => resolve(projectDir, file);

function projectOf(machine: MachineSource, projects: readonly Project[]): Project {
  const project = projects.find(({ machines }) => machines.includes(machine));
  if (!project) throw new Error(`${machine.file} belongs to no project`);
  return project;
}

async function fixFiles(projects: readonly Project[], comparison: Comparison): Promise<Finding[]> {
  const fixed: Finding[] = [];
  for (const machine of comparison.machines) {
    const path = pathOf(machine, projectOf(machine, projects));
    const findings = (content: string): Finding[] =>
      checkMachines({
        ...comparison,
        machines: [machineSource(machine.name, machine.file, content, process.env)],
      });
    const edited = fixMachine(machine.text, findings);
    if (edited.text === machine.text) continue;
    await writeFile(path, edited.text);
    fixed.push(...edited.fixed);
  }
  return fixed;
}

async function reread(
  machine: MachineSource,
  projects: readonly Project[],
  fix: boolean,
): Promise<MachineSource> {
  if (!fix) return machine;
  const content = await readFile(pathOf(machine, projectOf(machine, projects)), 'utf8');
  return machineSource(machine.name, machine.file, content, process.env);
}

const NOTHING: Deployed = { machines: [], findings: [], unread: undefined };

async function readDeployed(
  { texts }: Flags,
  projects: readonly Project[],
  { handlers }: Comparison,
): Promise<Deployed> {
  const { deployedMachines } = await import('./deployed-machines.js');
  const [project] = projects;
  if (!project) return NOTHING;
  return deployedMachines(project.plan.settings, texts['endpoint'], handlers);
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
