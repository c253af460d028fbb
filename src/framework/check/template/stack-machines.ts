import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { shownPath } from '../../base/show.js';
import { isObject, type Json } from '../../local/asl/values/json.js';
import { JsonText, type PositionOf } from '../source/json-text.js';
import type { MachineSource } from '../source/machine-source.js';
import { arnOf } from './physical-names.js';
import { firstRoute, type Stack } from './stack.js';
import { isNestedStack } from './template-files.js';
import { parseTemplate, type TemplateNode, templateProblem } from './template-node.js';

/** A state machine of a template. */
export interface StackMachine extends MachineSource {
  /** The logical id in the template. */
  readonly id: string;
  readonly arn: string;
  readonly path: string;
}

const MACHINES: ReadonlySet<string> = new Set([
  'AWS::StepFunctions::StateMachine',
  'AWS::Serverless::StateMachine',
]);
const ACTIVITY = 'AWS::StepFunctions::Activity';

/** Returns true for a state machine or an activity. */
export const isServed = (node: TemplateNode): boolean => MACHINES.has(node.type) || node.type === ACTIVITY;

/** Returns the machines of a stack, and the ARNs of its activities, without those of its nested stacks. */
export async function readStack(
  stack: Stack,
): Promise<{ readonly machines: readonly StackMachine[]; readonly activities: readonly string[] }> {
  const machines: StackMachine[] = [];
  const activities: string[] = [];
  const resources = [...stack.section('Resources')].filter(([id, node]) => isWanted(stack, id, node));
  for (const [id, node] of resources) {
    const type = node.type;
    const before = stack.deployment.reports;
    if (MACHINES.has(type)) machines.push(...(await machineOf(stack, id, node, resources)));
    else if (type === ACTIVITY) {
      const arn = arnIn(stack, id, node);
      if (stack.deployment.reports === before) activities.push(arn);
    } else if (isNestedStack(node) && !stack.nested.has(id)) {
      const what = `the nested stack ${id} is left out: its template isn't on this machine`;
      const fix = 'name a local file: TemplateURL: nested.yaml; or run it by itself: --template nested.yaml';
      stack.warn(node, what, fix);
    }
  }
  return { machines, activities };
}

/** Returns true for a resource whose condition, if it has one, is true. */
function isWanted(stack: Stack, id: string, node: TemplateNode): boolean {
  if (!id.startsWith('Fn::')) return stack.isWanted(node);
  stack.warn(
    node,
    `${id} is left out: it makes resources at AWS alone`,
    'write the machines out to run them here',
  );
  return false;
}

type Resources = readonly (readonly [id: string, node: TemplateNode])[];

async function machineOf(
  stack: Stack,
  id: string,
  node: TemplateNode,
  resources: Resources,
): Promise<StackMachine[]> {
  const { deployment, template } = stack;
  const type = node.property('StateMachineType') ?? node.property('Type');
  if (type && stack.text(type) === 'EXPRESS') {
    const fix =
      'give it `Type: STANDARD`, or leave it out here: the local service runs machines of type STANDARD';
    stack.warn(type, `the machine ${id} is EXPRESS and is left out`, fix, 'MACHINE_UNSUPPORTED');
    return [];
  }
  const before = deployment.reports;
  const [arn, name] = [arnIn(stack, id, node), stack.nameOf(id, node)];
  const definition = await definitionOf(node, stack);
  // A machine with a value that can't be resolved would have further mistakes, as consequences.
  if (!definition || deployment.reports > before) {
    deployment.leftOut.push({ id, name });
    return [];
  }
  const seed = seedOf(stack, arn, node, resources);
  return [{ id, arn, name, path: template.path, unset: [], seed, ...definition }];
}

/** Returns the ARN of a machine or an activity. Reports a name that can't be resolved. */
function arnIn(stack: Stack, id: string, node: TemplateNode): string {
  for (const key of ['StateMachineName', 'Name']) {
    const name = node.property(key);
    if (name) stack.text(name);
  }
  return arnOf(node.type, stack.nameOf(id, node), stack.home);
}

function seedOf(stack: Stack, arn: string, node: TemplateNode, resources: Resources): MachineSource['seed'] {
  const roleArn = stack.attempt(node.property('RoleArn') ?? node.property('Role'));
  const published = stack.attempt(node.property('AutoPublishAlias'));
  const aliases = resources.flatMap(([id, each]) => {
    const isAlias = each.type === 'AWS::StepFunctions::StateMachineAlias';
    const version = isAlias ? stack.attempt(firstRoute(each)) : undefined;
    return version?.replace(/:\d+$/, '') === arn ? [stack.attempt(each.property('Name')) ?? id] : [];
  });
  if (published !== undefined) aliases.unshift(published);
  const version = resources.find(
    ([, each]) =>
      each.type === 'AWS::StepFunctions::StateMachineVersion' &&
      stack.attempt(each.property('StateMachineArn')) === arn,
  );
  const description = stack.attempt(version?.[1].property('Description'));
  return {
    ...stack.home,
    ...(roleArn?.startsWith('arn:') && { roleArn }),
    ...((version || aliases.length > 0) && { version: { description, aliases } }),
  };
}

/** The definition of a machine of a template, and the file that contains it. */
type Definition = Pick<MachineSource, 'file' | 'text' | 'definition' | 'positionOf'> & {
  /** The path of the file to which `DefinitionUri` leads; undefined if the definition is in the template. */
  readonly path?: string;
};

/**
 * Reads the definition of a machine: in the template, or in a local file that it names.
 * @returns undefined if there is none; that was reported
 */
async function definitionOf(machine: TemplateNode, stack: Stack): Promise<Definition | undefined> {
  const { file } = stack.template;
  const fill = fillOf(machine, stack);
  const node = machine.property('Definition');
  if (node) {
    const text = fill(jsonText(stack.resolve(node) ?? null), inJson);
    return { file, text, definition: text, positionOf: (steps) => node.positionOf(steps) };
  }
  const string = machine.property('DefinitionString');
  if (string) {
    const text = fill(stack.text(string));
    return { file, text, definition: text, positionOf: inBlock(string, text) };
  }
  const uri = machine.property('DefinitionUri') ?? machine.property('DefinitionS3Location');
  const path = uri && localPath(uri, stack);
  if (path !== undefined) return inFile(path, uri ?? machine, stack, fill);
  const fix = 'name a local file: DefinitionUri: statemachine/order.asl.json';
  if (uri) stack.unresolved(uri, 'the definition lies in S3', fix);
  else stack.deployment.report(templateProblem(file, machine, 'the machine has no definition', fix));
  return undefined;
}

/** Replaces each `${Name}` that the machine substitutes. @param write writes a value into the text. @default as it is */
type Fill = (text: string, write?: (value: string) => string) => string;

function fillOf(machine: TemplateNode, stack: Stack): Fill {
  const entries = machine.property('DefinitionSubstitutions')?.entries ?? [];
  const values = new Map([...entries].map(([name, node]) => [name, stack.text(node)]));
  return (text, write = (value) => value) =>
    text.replaceAll(/\$\{([^}]*)\}/g, (whole, name: string) => {
      const value = values.get(name);
      return value === undefined ? whole : write(value);
    });
}

const inJson = (value: string): string => JSON.stringify(value).slice(1, -1);
const jsonText = (value: Json): string => JSON.stringify(value, null, 2);

/** A mistake in a text that is a block in the template is shown at its line there. */
function inBlock(node: TemplateNode, text: string): PositionOf {
  const argument = node.content.call?.argument;
  const block = argument?.content.scalar ? argument : node;
  const isBlock = block.content.scalar?.isBlock;
  const json = new JsonText(text);
  return (steps) => {
    const { line, column } = json.positionOf(steps);
    return isBlock ? { line: block.line + line, column } : { line: node.line, column: node.column };
  };
}

/**
 * Returns the path of a definition in a file. The CDK names its files in the cloud assembly after their key in S3.
 * @returns undefined if the definition is in S3 alone
 */
function localPath(uri: TemplateNode, stack: Stack): string | undefined {
  const dir = dirname(stack.template.path);
  const value = stack.resolve(uri);
  if (typeof value === 'string') return /^s3:|^https?:/.test(value) ? undefined : resolve(dir, value);
  const key = isObject(value) ? value['Key'] : undefined;
  if (typeof key !== 'string') return undefined;
  // The assets of a stage are in the folder above the stage's own.
  return [dir, dirname(dir)].map((each) => resolve(each, `asset.${key}`)).find((path) => existsSync(path));
}

async function inFile(
  path: string,
  uri: TemplateNode,
  stack: Stack,
  fill: Fill,
): Promise<Definition | undefined> {
  const { deployment, template } = stack;
  deployment.files.add(path);
  const file = shownPath(path);
  const text = await readFile(path, 'utf8').catch((error: Error) => error);
  if (typeof text !== 'string') {
    const what = `the definition ${file} can't be read: ${text.message}`;
    const fix = 'correct the path: it is relative to the template';
    deployment.report(templateProblem(template.file, uri, what, fix));
    return undefined;
  }
  const definition = fill(text);
  if (!/\.ya?ml$/i.test(path)) return { file, path, text, definition };
  const node = await deployment.read(() => parseTemplate(definition, file));
  if (!node) return undefined;
  const json = jsonText(node.plain);
  return { file, path, text: json, definition: json, positionOf: (steps) => node.positionOf(steps) };
}
