import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Problem } from '../../base/errors.js';
import { isPlainObject } from '../../base/plain-object.js';
import { didYouMean, shownPath } from '../../base/show.js';
import { LOCAL_ACCOUNT } from '../../local/asl/values/arn.js';
import { valueAt } from './nested-template.js';
import { arnOf } from './physical-names.js';
import type { Resolver } from './resolver.js';
import { ACTIVITY, MACHINES, openStack, readStack, type StackMachine } from './stack.js';
import { StackWorld } from './stack-world.js';
import { typeOf } from './template.js';

/** The templates of SAM and CloudFormation, and the cloud assemblies of the CDK, whose machines are to run. */
export interface StackOptions {
  readonly templates: readonly string[];
  /** Folders that `cdk synth` has written, such as `cdk.out`. */
  readonly assemblies: readonly string[];
  /** Values of parameters, of pseudo-parameters such as `AWS::Region`, and of exports of other stacks. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** The machines and activities of several templates, with the mistakes in them. */
export interface Stacks extends Readonly<Pick<StackWorld, 'problems' | 'warnings' | 'leftOut'>> {
  readonly machines: readonly StackMachine[];
  /** The ARNs of the activities. */
  readonly activities: readonly string[];
  /** The paths of the templates, and of the files that they name. */
  readonly files: readonly string[];
}

const NO_REGION = 'us-east-1';

/** A template, with the name and the place of its stack where a cloud assembly says them. */
interface StackFile {
  readonly path: string;
  readonly stackName: string;
  readonly region?: string;
  readonly account?: string;
}

/**
 * Reads all stacks. Mistakes are in the list of problems; none is thrown.
 * @param region the region of stacks that have none of their own. @default us-east-1
 */
export async function readStacks(options: StackOptions, region: string = NO_REGION): Promise<Stacks> {
  const world = new StackWorld();
  const files: StackFile[] = options.templates.map((path) => ({
    path: resolve(path),
    stackName: basename(path).replace(/(\.template)?\.[^.]*$/, ''),
  }));
  for (const dir of options.assemblies) {
    const read = await readAssembly(resolve(dir));
    if ('code' in read) world.report(read);
    else files.push(...read);
    world.files.add(join(resolve(dir), 'manifest.json'));
  }
  const parameters = new Map(Object.entries(options.parameters));
  const isRead = world.problems.length === 0;
  const stacks: Resolver[] = [];
  for (const { path, ...own } of files)
    stacks.push(...(await openStack(path, { account: LOCAL_ACCOUNT, region, parameters, ...own }, world)));
  nameApart(stacks);
  for (const stack of stacks) world.add(stack);
  const machines: StackMachine[] = [];
  const activities = new Set<string>();
  for (const stack of stacks.filter(({ isLeftOut }) => !isLeftOut)) {
    const read = await readStack(stack);
    machines.push(...read.machines);
    for (const arn of read.activities) activities.add(arn);
  }
  const { problems, warnings, unresolved, leftOut, used } = world;
  // Without any machine there is nothing to start.
  const isEmpty = machines.length === 0;
  return {
    ...{ machines, leftOut, activities: [...activities], files: [...world.files] },
    warnings: [...warnings, ...(isEmpty ? [] : unresolved.map(leavesOut))],
    problems: [
      ...problems,
      ...(isEmpty ? unresolved : []),
      ...twins(machines),
      ...(isRead ? unusedParameters(parameters, used) : []),
    ],
  };
}

const leavesOut = (problem: Problem): Problem => ({
  ...problem,
  what: `${problem.what}. What needs it is left out; the rest is served`,
});

/** Gives machines and activities without a name of their own different names, such as those of two stages of an app. */
function nameApart(resolvers: readonly Resolver[]): void {
  const taken = new Map<string, { resolver: Resolver; id: string }[]>();
  for (const resolver of resolvers)
    for (const [id, node] of resolver.template.resources) {
      const type = typeOf(node);
      if (!MACHINES.has(type) && type !== ACTIVITY) continue;
      const arn = arnOf(type, resolver.nameOf(id, node), resolver.home);
      taken.set(arn, [...(taken.get(arn) ?? []), { resolver, id }]);
    }
  for (const same of taken.values())
    if (same.length > 1) for (const { resolver, id } of same) resolver.qualify(id);
}

/** Reads the manifest of a cloud assembly. Returns the templates of its stacks, also of those inside stages. */
async function readAssembly(dir: string): Promise<StackFile[] | Problem> {
  const path = join(dir, 'manifest.json');
  try {
    const artifacts = valueAt(JSON.parse(await readFile(path, 'utf8')), 'artifacts');
    if (!isPlainObject(artifacts)) return noAssembly(path, 'it has no artifacts');
    const files: StackFile[] = [];
    for (const [id, artifact] of Object.entries(artifacts)) {
      const inner = propertyOfArtifact(artifact, 'cdk:cloud-assembly', 'directoryName');
      const read = inner === undefined ? stackFile(id, artifact, dir) : await readAssembly(join(dir, inner));
      if ('code' in read) return read;
      files.push(...read);
    }
    return files;
  } catch (error) {
    return noAssembly(path, (error as Error).message);
  }
}

const noAssembly = (path: string, why: string): Problem => ({
  code: 'TEMPLATE_INVALID',
  where: shownPath(path),
  what: `the cloud assembly can't be read: ${why}`,
  fix: 'run `npx cdk synth`, and name the folder that it writes: --cdk cdk.out',
});

/** Returns a property of an artifact; undefined unless the artifact is of this type and the property is text. */
function propertyOfArtifact(artifact: unknown, type: string, key: string): string | undefined {
  const value = valueAt(artifact, 'type') === type ? valueAt(artifact, 'properties', key) : undefined;
  return typeof value === 'string' ? value : undefined;
}

function stackFile(id: string, artifact: unknown, dir: string): StackFile[] {
  const type = 'aws:cloudformation:stack';
  const file = propertyOfArtifact(artifact, type, 'templateFile');
  if (file === undefined) return [];
  const environment = String(valueAt(artifact, 'environment'));
  const [, account, region] = /^aws:\/\/(\d{12})\/([a-z0-9-]+)$/.exec(environment) ?? [];
  const stackName = propertyOfArtifact(artifact, type, 'stackName') ?? id;
  return [{ path: join(dir, file), stackName, ...(account && { account }), ...(region && { region }) }];
}

/** Returns a problem for each machine whose ARN another machine has too. */
const twins = (machines: readonly StackMachine[]): Problem[] =>
  machines.flatMap(({ arn, name, path }, index) => {
    const first = machines.slice(0, index).find((each) => each.arn === arn);
    if (!first) return [];
    const what = `${shownPath(first.path)} has a machine '${name}' too`;
    const fix = `name one of the templates alone: --template ${shownPath(path)}`;
    return [{ code: 'TEMPLATE_INVALID', where: shownPath(path), what, fix }];
  });

const unusedParameters = (parameters: ReadonlyMap<string, string>, used: ReadonlySet<string>): Problem[] =>
  [...parameters.keys()]
    .filter((name) => !used.has(name) && !name.startsWith('AWS::'))
    .map((name) => ({
      code: 'TEMPLATE_INVALID',
      where: `--parameter ${name}`,
      what: 'no template has a parameter of this name',
      fix: didYouMean(name, [...used]),
    }));
