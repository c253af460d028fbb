import { basename, dirname, join, resolve } from 'node:path';
import type { Problem } from '../../base/errors.js';
import { didYouMean, shownPath } from '../../base/show.js';
import { LOCAL_ACCOUNT } from '../../asl/values/arn.js';
import { arnOf } from './physical-names.js';
import { Deployment, type StackMachine } from './deployment.js';
import { callOf } from './functions.js';
import { Stack, type StackValues } from './stack.js';
import { isServed, readStack } from './stack-machines.js';
import {
  isNestedStack,
  nestedTemplate,
  nestedUrl,
  readAssembly,
  readTemplate,
  type StackFile,
} from './template-files.js';
import { invalid } from './template-node.js';

/** The templates of SAM and CloudFormation, and the cloud assemblies of the CDK, whose machines are to run. */
export interface StackOptions {
  readonly templates: readonly string[];
  /** Folders that `cdk synth` has written, such as `cdk.out`. */
  readonly assemblies: readonly string[];
  /** Values of parameters, of pseudo-parameters such as `AWS::Region`, and of exports of other stacks. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** The machines and activities of several templates, with the mistakes in them. */
export interface Stacks extends Readonly<Pick<Deployment, 'problems' | 'warnings' | 'leftOut' | 'machines'>> {
  /** The ARNs of the activities. */
  readonly activities: readonly string[];
  /** The paths of the templates, and of the files that they name. */
  readonly files: readonly string[];
}

/**
 * Reads all stacks. Mistakes are in the list of problems; none is thrown.
 * @param region the region of stacks that have none of their own. @default us-east-1
 */
export async function readStacks(options: StackOptions, region = 'us-east-1'): Promise<Stacks> {
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
  for (const { path, ...own } of files)
    await openStack(path, { account: LOCAL_ACCOUNT, region, parameters, ...own }, deployment);
  const { stacks, machines, leftOut } = deployment;
  nameApart(stacks);
  for (const stack of stacks)
    if (await deployment.read(() => stack.isKept)) await readStack(stack, deployment);
  const { problems, warnings, unresolved } = deployment;
  // Without any machine there is nothing to start.
  const isEmpty = machines.length === 0;
  return {
    machines,
    leftOut,
    activities: [...deployment.activities],
    files: [...deployment.files],
    warnings: [...warnings, ...(isEmpty ? [] : unresolved.map(leavesOut))],
    problems: [
      ...problems,
      ...(isEmpty ? unresolved : []),
      ...twins(machines),
      ...(isRead ? unusedParameters(parameters, deployment.used) : []),
    ],
  };
}

/**
 * Adds the stack of a template to the deployment, and those of its nested stacks that are on this machine. Mistakes are
 * reported; none is thrown. Nothing but the paths of nested stacks is resolved yet.
 * @param around the paths of the templates around this one
 */
async function openStack(
  path: string,
  values: StackValues,
  deployment: Deployment,
  around: readonly string[] = [],
): Promise<Stack | undefined> {
  deployment.files.add(path);
  const root = await deployment.read(() => {
    if (!around.includes(path)) return readTemplate(path);
    const what = "the template can't be read: it stands inside itself";
    throw invalid(shownPath(path), what, 'correct the path of the template');
  });
  if (!root) return undefined;
  const stack = new Stack(path, root, values, deployment, callOf);
  deployment.stacks.push(stack);
  for (const name of stack.section('Parameters').keys()) deployment.used.add(name);
  for (const [id, node] of stack.section('Resources')) {
    const url = isNestedStack(node) ? stack.attempt(nestedUrl(node)) : undefined;
    const inner = url === undefined ? undefined : await nestedTemplate(url, dirname(path));
    if (inner === undefined) continue;
    const own = { ...values, stackName: `${values.stackName}-${id}`, parent: { stack, node } };
    stack.nested.set(id, await openStack(inner, own, deployment, [...around, path]));
  }
  return stack;
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
