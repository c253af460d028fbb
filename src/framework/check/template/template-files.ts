import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { StartError } from '../../base/errors.js';
import { isPlainObject } from '../../base/json.js';
import { shownPath } from '../../base/show.js';
import type { Stack } from './stack.js';
import { parseTemplate, type TemplateNode, templateProblem } from './template-node.js';

/** A template of SAM or CloudFormation. */
export interface Template {
  readonly path: string;
  /** The file's name in messages. */
  readonly file: string;
  readonly root: TemplateNode;
}

/** Reads a template. @throws StartError if there is none */
export async function readTemplate(path: string): Promise<Template> {
  const file = shownPath(path);
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    const what = `the template can't be read: ${error.message}`;
    throw invalid(file, what, 'correct the path of the template');
  });
  const root = await parseTemplate(text, file);
  if (root.at('Resources')?.content.map) return { path, file, root };
  const what = 'it has no Resources, so it is no template of SAM or CloudFormation';
  const fix = 'name a template, such as template.yaml; with the CDK, --cdk cdk.out';
  throw new StartError([templateProblem(file, root, what, fix)]);
}

/** Returns an error about a file as a whole. */
export const invalid = (where: string, what: string, fix: string): StartError =>
  new StartError([{ code: 'TEMPLATE_INVALID', where, what, fix }]);

const NESTED: ReadonlySet<string> = new Set(['AWS::CloudFormation::Stack', 'AWS::Serverless::Application']);

/** Returns true for a resource that is a stack of its own. */
export const isNestedStack = (node: TemplateNode): boolean => NESTED.has(node.type);

/**
 * Returns the path of the template of a nested stack. The CDK uploads it, and names its file in the metadata of the
 * resource or, without such metadata, in the manifest of the assets.
 * @returns undefined if the template isn't on this machine
 */
export async function nestedTemplate(node: TemplateNode, stack: Stack): Promise<string | undefined> {
  const dir = dirname(stack.template.path);
  const asset = node.at('Metadata', 'aws:asset:path')?.text;
  const url = asset ?? stack.attempt(node.property('TemplateURL') ?? node.property('Location'));
  if (url === undefined) return undefined;
  if (!/^(https?|s3):/.test(url)) return resolve(dir, url);
  const key = url.split('/').at(-1) ?? '';
  return (await inAssets(dir, key)) ?? inAssets(dirname(dir), key);
}

/** Returns the path of the file that a cloud assembly uploads under this key. */
async function inAssets(dir: string, key: string): Promise<string | undefined> {
  const names = await readdir(dir).catch((): string[] => []);
  for (const name of names.filter((each) => each.endsWith('.assets.json'))) {
    const manifest = await readJson(join(dir, name)).catch(() => undefined);
    for (const file of Object.values(valueAt(manifest, 'files') ?? {})) {
      const keys = Object.values(valueAt(file, 'destinations') ?? {}).map((each) =>
        String(valueAt(each, 'objectKey')).split('/').at(-1),
      );
      const path = keys.includes(key) ? valueAt(file, 'source', 'path') : undefined;
      if (typeof path === 'string') return join(dir, path);
    }
  }
  return undefined;
}

const readJson = async (path: string): Promise<unknown> =>
  JSON.parse(await readFile(path, 'utf8')) as unknown;

/** Returns the value at the end of some keys of a manifest; undefined if there is none. */
const valueAt = (value: unknown, ...keys: readonly string[]): unknown =>
  keys.reduce((at, key) => (isPlainObject(at) ? at[key] : undefined), value);

/** A template, with the name and the place of its stack where a cloud assembly says them. */
export interface StackFile {
  readonly path: string;
  readonly stackName: string;
  readonly region?: string;
  readonly account?: string;
}

/**
 * Reads the manifest of a cloud assembly. Returns the templates of its stacks, also of those inside stages.
 * @throws StartError
 */
export async function readAssembly(dir: string): Promise<StackFile[]> {
  const path = join(dir, 'manifest.json');
  const fail = (why: string): StartError => {
    const fix = 'run `npx cdk synth`, and name the folder that it writes: --cdk cdk.out';
    return invalid(shownPath(path), `the cloud assembly can't be read: ${why}`, fix);
  };
  const manifest = await readJson(path).catch((error: Error) => {
    throw fail(error.message);
  });
  const artifacts = valueAt(manifest, 'artifacts');
  if (!isPlainObject(artifacts)) throw fail('it has no artifacts');
  const files: StackFile[] = [];
  for (const [id, artifact] of Object.entries(artifacts)) {
    const inner = propertyOfArtifact(artifact, 'cdk:cloud-assembly', 'directoryName');
    files.push(
      ...(inner === undefined ? stackFile(id, artifact, dir) : await readAssembly(join(dir, inner))),
    );
  }
  return files;
}

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
