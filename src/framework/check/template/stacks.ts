import { basename, join, resolve } from 'node:path';
import type { Problem } from '../../base/errors.js';
import { didYouMean, shownPath } from '../../base/show.js';
import { LOCAL_ACCOUNT } from '../../local/asl/values/arn.js';
import { Deployment } from './deployment.js';
import { arnOf } from './physical-names.js';
import { Stack, type StackValues } from './stack.js';
import { isServed, readStack, type StackMachine } from './stack-machines.js';
import {
  invalid,
  isNestedStack,
  nestedTemplate,
  readAssembly,
  readTemplate,
  type StackFile,
} from './template-files.js';

/** The templates of SAM and CloudFormation, and the cloud assemblies of the CDK, whose machines are to run. */
export interface StackOptions {
  readonly templates: readonly string[];
  /** Folders that `cdk synth` has written, such as `cdk.out`. */
  readonly assemblies: readonly string[];
  /** Values of parameters, of pseudo-parameters such as `AWS::Region`, and of exports of other stacks. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** The machines and activities of several templates, with the mistakes in them. */
export interface Stacks extends Readonly<Pick<Deployment, 'problems' | 'warnings' | 'leftOut'>> {
  readonly machines: readonly StackMachine[];
  /** The ARNs of the activities. */
  readonly activities: readonly string[];
  /** The paths of the templates, and of the files that they name. */
  readonly files: readonly string[];
}

const NO_REGION = 'us-east-1';

/**
 * Reads all stacks. Mistakes are in the list of problems; none is thrown.
 * @param region the region of stacks that have none of their own. @default us-east-1
 */
export async function readStacks(options: StackOptions, region: string = NO_REGION): Promise<Stacks> {
  const deployment = new Deployment();
  const files: StackFile[] = options.templates.map((path) => ({
    path: resolve(path),
    stackName: basename(path).replace(/(\.template)?\.[^.]*$/, ''),
  }));
  for (const dir of options.assemblies) {
    files.push(...((await deployment.read(() => readAssembly(resolve(dir)))) ?? []));
    deployment.files.add(join(resolve(dir), 'manifest.json'));
  }
  const isRead = deployment.problems.length === 0;
  const parameters = new Map(Object.entries(options.parameters));
  const stacks: Stack[] = [];
  for (const { path, ...own } of files)
    stacks.push(
      ...(await openStack(path, { account: LOCAL_ACCOUNT, region, parameters, ...own }, deployment)),
    );
  nameApart(stacks);
  for (const stack of stacks) deployment.add(stack);
  const machines: StackMachine[] = [];
  const activities = new Set<string>();
  for (const stack of stacks.filter(({ isLeftOut }) => !isLeftOut)) {
    const read = await readStack(stack);
    machines.push(...read.machines);
    for (const arn of read.activities) activities.add(arn);
  }
  const { problems, warnings, unresolved, leftOut, used } = deployment;
  // Without any machine there is nothing to start.
  const isEmpty = machines.length === 0;
  return {
    ...{ machines, leftOut, activities: [...activities], files: [...deployment.files] },
    warnings: [...warnings, ...(isEmpty ? [] : unresolved.map(leavesOut))],
    problems: [
      ...problems,
      ...(isEmpty ? unresolved : []),
      ...twins(machines),
      ...(isRead ? unusedParameters(parameters, used) : []),
    ],
  };
}

/**
 * Opens a template and those of its nested stacks that are on this machine. Mistakes are reported; none is thrown.
 * @param around the paths of the templates around this one
 * @returns the stack, which comes first, and its nested stacks. Nothing in them is resolved yet
 */
async function openStack(
  path: string,
  values: StackValues,
  deployment: Deployment,
  around: readonly string[] = [],
): Promise<Stack[]> {
  deployment.files.add(path);
  const template = await deployment.read(async () => {
    if (!around.includes(path)) return readTemplate(path);
    const what = "the template can't be read: it stands inside itself";
    throw invalid(shownPath(path), what, 'correct the path of the template');
  });
  if (!template) return [];
  const stack = new Stack(template, values, deployment);
  const nested: Stack[] = [];
  for (const [id, node] of stack.section('Resources')) {
    const inner = isNestedStack(node) ? await nestedTemplate(node, stack) : undefined;
    if (inner === undefined) continue;
    const own = { ...values, stackName: `${values.stackName}-${id}`, parent: { stack, node } };
    const opened = await openStack(inner, own, deployment, [...around, path]);
    stack.nested.set(id, opened[0]);
    nested.push(...opened);
  }
  for (const name of stack.section('Parameters').keys()) deployment.used.add(name);
  return [stack, ...nested];
}

const leavesOut = (problem: Problem): Problem => ({
  ...problem,
  what: `${problem.what}. What needs it is left out; the rest is served`,
});

/** Gives machines and activities without a name of their own different names, such as those of two stages of an app. */
function nameApart(stacks: readonly Stack[]): void {
  const taken = new Map<string, { stack: Stack; id: string }[]>();
  for (const stack of stacks)
    for (const [id, node] of stack.section('Resources')) {
      if (!isServed(node)) continue;
      const arn = arnOf(node.type, stack.nameOf(id, node), stack.home);
      taken.set(arn, [...(taken.get(arn) ?? []), { stack, id }]);
    }
  for (const same of taken.values()) if (same.length > 1) for (const { stack, id } of same) stack.qualify(id);
}

/** Returns a problem for each machine whose ARN another machine has too. */
const twins = (machines: readonly StackMachine[]): Problem[] =>
  machines.flatMap(({ arn, name, path }, index) => {
    const first = machines.slice(0, index).find((each) => each.arn === arn);
    if (!first) return [];
    const what = `${shownPath(first.path)} has a machine '${name}' too`;
    const fix = `name one of the templates alone: --template ${shownPath(path)}`;
    return invalid(shownPath(path), what, fix).problems;
  });

const unusedParameters = (parameters: ReadonlyMap<string, string>, used: ReadonlySet<string>): Problem[] =>
  [...parameters.keys()]
    .filter((name) => !used.has(name) && !name.startsWith('AWS::'))
    .flatMap((name) => {
      const what = 'no template has a parameter of this name';
      return invalid(`--parameter ${name}`, what, didYouMean(name, [...used])).problems;
    });
