import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { shownPath } from '../../base/show.js';
import { isObject } from '../../asl/values/json.js';
import { JsonText, type PositionOf } from '../source/json-text.js';
import type { MachineSource } from '../source/machine-source.js';
import type { Deployment } from './deployment.js';
import { arnOf, namePropertiesOf } from './physical-names.js';
import { firstRoute, type Resolved, type Stack } from './stack.js';
import { isNestedStack, readText } from './template-files.js';
import { all, invalid, parseTemplate, placeOf, type TemplateNode } from './template-node.js';

const isMachine = ({ type }: TemplateNode): boolean =>
  /^AWS::(StepFunctions|Serverless)::StateMachine$/.test(type);
const isActivity = ({ type }: TemplateNode): boolean => type === 'AWS::StepFunctions::Activity';

/** Returns true for a state machine or an activity. */
export const isServed = (node: TemplateNode): boolean => isMachine(node) || isActivity(node);

/** Adds the machines and the activities of a stack to its deployment, without those of its nested stacks. */
export async function readStack(stack: Stack, deployment: Deployment): Promise<void> {
  const resources: Resource[] = [];
  for (const [id, node] of stack.section('Resources')) {
    const what = `${id} is left out: it makes resources at AWS alone`;
    if (id.startsWith('Fn::')) stack.warn(node, what, 'write the machines out to run them here');
    else if (await deployment.read(() => stack.isWanted(node))) resources.push([id, node]);
  }
  for (const [id, node] of resources) {
    if (isMachine(node)) await readMachine(stack, deployment, [id, node], resources);
    else if (isActivity(node)) await deployment.read(() => deployment.activities.add(arnIn(stack, id, node)));
    else if (isNestedStack(node) && !stack.nested.has(id)) {
      const what = `the nested stack ${id} is left out: its template isn't on this machine`;
      const fix = 'name a local file: TemplateURL: nested.yaml; or run it by itself: --template nested.yaml';
      stack.warn(node, what, fix);
    }
  }
}

type Resource = readonly [id: string, node: TemplateNode];

/** Adds the machine of a resource to its deployment. Reports one that has a mistake. */
async function readMachine(
  stack: Stack,
  deployment: Deployment,
  [id, node]: Resource,
  resources: readonly Resource[],
): Promise<void> {
  const { path } = stack;
  const name = stack.nameOf(id, node);
  const arn = await deployment.read(() => arnIn(stack, id, node));
  const definition = await deployment.read(() => definitionOf(node, stack, deployment.files));
  const seed =
    arn === undefined ? undefined : await deployment.read(() => seedOf(stack, arn, node, resources));
  if (arn === undefined || !definition || !seed) deployment.leftOut.push({ id, name });
  else deployment.machines.push({ id, arn, name, path, unset: [], seed, ...definition });
}

/** Returns the ARN of a machine or an activity. @throws Unresolved for a name that can't be resolved */
function arnIn(stack: Stack, id: string, node: TemplateNode): string {
  const names = namePropertiesOf(node.type).map((key) => node.property(key));
  all(names, (name) => name && stack.text(name));
  return arnOf(node.type, stack.nameOf(id, node), stack.home);
}

function seedOf(
  stack: Stack,
  arn: string,
  node: TemplateNode,
  resources: readonly Resource[],
): MachineSource['seed'] {
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
  const type = node.property('StateMachineType') ?? node.property('Type');
  return {
    ...stack.home,
    ...(type && stack.text(type) === 'EXPRESS' && { type: 'EXPRESS' }),
    ...(roleArn?.startsWith('arn:') && { roleArn }),
    ...((version || aliases.length > 0) && { version: { description, aliases } }),
  };
}

/** The definition of a machine of a template, and the file that contains it. */
type Definition = Pick<MachineSource, 'file' | 'text' | 'definition' | 'positionOf'> & {
  /** The path of the file to which `DefinitionUri` leads; undefined if the definition is in the template. */
  readonly path?: string;
};

/** Reads the definition of a machine: in the template, or in a local file that it names. @throws StartError */
async function definitionOf(machine: TemplateNode, stack: Stack, files: Set<string>): Promise<Definition> {
  const { file } = stack;
  const fill = fillOf(machine, stack);
  const node = machine.property('Definition');
  if (node) {
    const text = fill(jsonText(stack.resolve(node)), inJson);
    return { file, text, definition: text, positionOf: (steps) => node.positionOf(steps) };
  }
  const string = machine.property('DefinitionString');
  if (string) {
    const text = fill(stack.text(string));
    return { file, text, definition: text, positionOf: inBlock(string, text) };
  }
  const uri = machine.property('DefinitionUri') ?? machine.property('DefinitionS3Location');
  const fix = 'name a local file: DefinitionUri: statemachine/order.asl.json';
  if (!uri) throw invalid(placeOf(file, machine), 'the machine has no definition', fix);
  const path = localPath(uri, stack) ?? stack.fail(uri, 'the definition lies in S3', fix);
  files.add(path);
  return inFile(path, placeOf(file, uri), fill);
}

/** Replaces each `${Name}` that the machine substitutes. @param write writes a value into the text. @default as it is */
type Fill = (text: string, write?: (value: string) => string) => string;

const fillOf =
  (machine: TemplateNode, stack: Stack): Fill =>
  (text, write = (value) => value) => {
    const entries = machine.property('DefinitionSubstitutions')?.entries ?? [];
    const values = new Map(all(entries, ([name, node]) => [name, write(stack.text(node))]));
    return text.replaceAll(/\$\{([^}]*)\}/g, (whole, name: string) => values.get(name) ?? whole);
  };

const inJson = (value: string): string => JSON.stringify(value).slice(1, -1);
const jsonText = (value: Resolved): string => JSON.stringify(value ?? null, null, 2);

/** Returns the positions in a definition that is a text. They are exact if the text is a block in the template. */
function inBlock(node: TemplateNode, text: string): PositionOf {
  const written = node.call?.[1] ?? node;
  const json = new JsonText(text);
  return (steps) => {
    const { line, column } = json.positionOf(steps);
    return written.content.scalar?.isBlock
      ? { line: written.line + line, column }
      : { line: node.line, column: node.column };
  };
}

/**
 * Returns the path of a definition in a file. The CDK names its files in the cloud assembly after their key in S3.
 * @returns undefined if the definition is in S3 alone
 */
function localPath(uri: TemplateNode, stack: Stack): string | undefined {
  const dir = dirname(stack.path);
  const value = stack.resolve(uri);
  if (typeof value === 'string') return /^s3:|^https?:/.test(value) ? undefined : resolve(dir, value);
  const key = isObject(value) ? value['Key'] : undefined;
  if (typeof key !== 'string') return undefined;
  // The assets of a stage are in the folder above the stage's own.
  return [dir, dirname(dir)].map((each) => resolve(each, `asset.${key}`)).find((path) => existsSync(path));
}

/** @param where the place of the path in the template */
async function inFile(path: string, where: string, fill: Fill): Promise<Definition> {
  const file = shownPath(path);
  const fix = 'correct the path: it is relative to the template';
  const text = await readText(path, `the definition ${file}`, fix, where);
  const definition = fill(text);
  if (!/\.ya?ml$/i.test(path)) return { file, path, text, definition };
  const node = await parseTemplate(definition, file);
  const json = jsonText(node.json());
  return { file, path, text: json, definition: json, positionOf: (steps) => node.positionOf(steps) };
}
