import { readFile } from 'node:fs/promises';
import { shownPath } from '../../base/show.js';
import type { MachineSource } from '../source/machine-source.js';
import { isNestedStack, nestedTemplate } from './nested-template.js';
import { arnOf } from './physical-names.js';
import { firstRoute, Resolver, type StackValues } from './resolver.js';
import { readStackDefinition } from './stack-definition.js';
import type { StackWorld } from './stack-world.js';
import { propertyOf, readTemplate, typeOf } from './template.js';
import { entriesOf, type TemplateNode } from './template-node.js';

/** A state machine of a template. */
export interface StackMachine extends MachineSource {
  /** The logical id in the template. */
  readonly id: string;
  readonly arn: string;
  readonly path: string;
}

export const MACHINES: ReadonlySet<string> = new Set([
  'AWS::StepFunctions::StateMachine',
  'AWS::Serverless::StateMachine',
]);
export const ACTIVITY = 'AWS::StepFunctions::Activity';

/**
 * Opens a template and those of its nested stacks that are on this machine. Mistakes are reported to the world; none is
 * thrown.
 * @param around the paths of the templates around this one
 * @returns the stack, which comes first, and its nested stacks. Nothing in them is resolved yet
 */
export async function openStack(
  path: string,
  values: StackValues,
  world: StackWorld,
  around: readonly string[] = [],
): Promise<Resolver[]> {
  world.files.add(path);
  const file = shownPath(path);
  const text = around.includes(path)
    ? new Error('it stands inside itself')
    : await readFile(path, 'utf8').catch((error: Error) => error);
  if (typeof text !== 'string') {
    const what = `the template can't be read: ${text.message}`;
    world.report({ code: 'TEMPLATE_INVALID', where: file, what, fix: 'correct the path of the template' });
    return [];
  }
  const template = await readTemplate(path, file, text);
  if ('code' in template) {
    world.report(template);
    return [];
  }
  const stack = new Resolver(template, values, world);
  const nested: Resolver[] = [];
  for (const [id, node] of template.resources) {
    const inner = isNestedStack(node) ? await nestedTemplate(node, stack) : undefined;
    if (inner === undefined) continue;
    const given = entriesOf(propertyOf(node, 'Parameters'));
    const own: StackValues = {
      ...values,
      stackName: `${values.stackName}-${id}`,
      fromParent: (name) => stack.attempt(given.get(name)),
      isLeftOut: () => stack.isLeftOut || !stack.isWanted(node),
    };
    const opened = await openStack(inner, own, world, [...around, path]);
    stack.nested.set(id, opened[0]);
    nested.push(...opened);
  }
  for (const name of template.parameters.keys()) world.used.add(name);
  return [stack, ...nested];
}

/** Returns the machines of a stack, and the ARNs of its activities, without those of its nested stacks. */
export async function readStack(
  stack: Resolver,
): Promise<{ readonly machines: readonly StackMachine[]; readonly activities: readonly string[] }> {
  const machines: StackMachine[] = [];
  const activities: string[] = [];
  const resources = [...stack.template.resources].filter(([id, node]) => isWanted(stack, id, node));
  for (const [id, node] of resources) {
    const type = typeOf(node);
    if (MACHINES.has(type)) machines.push(...(await machineOf(stack, id, node, resources)));
    else if (type === ACTIVITY) activities.push(...activityOf(stack, id, node));
    else if (isNestedStack(node) && !stack.nested.has(id)) {
      const what = `the nested stack ${id} is left out: its template isn't on this machine`;
      const fix = 'name a local file: TemplateURL: nested.yaml; or run it by itself: --template nested.yaml';
      stack.warn(node, what, fix);
    }
  }
  return { machines, activities };
}

/** Returns true for a resource whose condition, if it has one, is true. */
function isWanted(stack: Resolver, id: string, node: TemplateNode): boolean {
  if (!id.startsWith('Fn::')) return stack.isWanted(node);
  const what = `${id} is left out: it makes resources at AWS alone`;
  const fix = 'write the machines out to run them here';
  stack.warn(node, what, fix);
  return false;
}

type Resources = readonly (readonly [id: string, node: TemplateNode])[];

async function machineOf(
  stack: Resolver,
  id: string,
  node: TemplateNode,
  resources: Resources,
): Promise<StackMachine[]> {
  const { world, template } = stack;
  const type = propertyOf(node, 'StateMachineType') ?? propertyOf(node, 'Type');
  if (type && stack.text(type) === 'EXPRESS') {
    stack.warn(type, `the machine ${id} is EXPRESS and is left out`, EXPRESS_FIX, 'MACHINE_UNSUPPORTED');
    return [];
  }
  const before = world.reports;
  const [arn, name] = [arnIn(stack, id, node), stack.nameOf(id, node)];
  const definition = await readStackDefinition(node, stack);
  // A machine with a value that can't be resolved would have further mistakes, as consequences.
  if (!definition || world.reports > before) {
    world.leftOut.push({ id, name });
    return [];
  }
  return [
    {
      id,
      arn,
      name,
      path: template.path,
      unset: [],
      seed: seedOf(stack, arn, node, resources),
      ...definition,
    },
  ];
}

const EXPRESS_FIX =
  'give it `Type: STANDARD`, or leave it out here: the local service runs machines of type STANDARD';

/** Returns the ARN of an activity, unless its name can't be resolved. */
function activityOf(stack: Resolver, id: string, node: TemplateNode): string[] {
  const before = stack.world.reports;
  const arn = arnIn(stack, id, node);
  return stack.world.reports > before ? [] : [arn];
}

/** Returns the ARN of a machine or an activity. Reports a name that can't be resolved. */
function arnIn(stack: Resolver, id: string, node: TemplateNode): string {
  for (const key of ['StateMachineName', 'Name']) {
    const name = propertyOf(node, key);
    if (name) stack.text(name);
  }
  return arnOf(typeOf(node), stack.nameOf(id, node), stack.home);
}

function seedOf(
  stack: Resolver,
  arn: string,
  node: TemplateNode,
  resources: Resources,
): MachineSource['seed'] {
  const roleArn = stack.attempt(propertyOf(node, 'RoleArn') ?? propertyOf(node, 'Role'));
  const published = stack.attempt(propertyOf(node, 'AutoPublishAlias'));
  const aliases = resources.flatMap(([id, each]) => {
    const version = isAlias(each) ? stack.attempt(firstRoute(each)) : undefined;
    return version?.replace(/:\d+$/, '') === arn ? [stack.attempt(propertyOf(each, 'Name')) ?? id] : [];
  });
  if (published !== undefined) aliases.unshift(published);
  const version = resources.find(
    ([, each]) =>
      typeOf(each) === 'AWS::StepFunctions::StateMachineVersion' &&
      stack.attempt(propertyOf(each, 'StateMachineArn')) === arn,
  );
  const description = stack.attempt(propertyOf(version?.[1], 'Description'));
  return {
    ...stack.home,
    ...(roleArn?.startsWith('arn:') && { roleArn }),
    ...((version || aliases.length > 0) && { version: { description, aliases } }),
  };
}

const isAlias = (node: TemplateNode): boolean => typeOf(node) === 'AWS::StepFunctions::StateMachineAlias';
