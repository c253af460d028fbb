import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { shownPath } from '../../base/show.js';
import { invalid, parseTemplate, placeOf, type TemplateNode } from './template-node.js';

/** Reads a file. @param where the place of the problem if it can't be read. @throws StartError */
export const readText = (path: string, what: string, fix: string, where: string): Promise<string> =>
  readFile(path, 'utf8').catch((error: Error) => {
    throw invalid(where, `${what} can't be read: ${error.message}`, fix);
  });

/** Reads a template. @throws StartError if there is none */
export async function readTemplate(path: string): Promise<TemplateNode> {
  const file = shownPath(path);
  const text = await readText(path, 'the template', 'correct the path of the template', file);
  const root = await parseTemplate(text, file);
  if (root.at('Resources')?.content.map) return root;
  const what = 'it has no Resources, so it is no template of SAM or CloudFormation';
  throw invalid(
    placeOf(file, root),
    what,
    'name a template, such as template.yaml; with the CDK, --cdk cdk.out',
  );
}

/** Returns true for a resource that is a stack of its own. */
export const isNestedStack = ({ type }: TemplateNode): boolean =>
  /^AWS::(CloudFormation::Stack|Serverless::Application)$/.test(type);

/**
 * Returns the place of the template of a nested stack, as the resource names it. The CDK uploads it, and names its file
 * in the metadata of the resource.
 */
export const nestedUrl = (node: TemplateNode): TemplateNode | undefined =>
  node.at('Metadata', 'aws:asset:path') ?? node.property('TemplateURL') ?? node.property('Location');

/**
 * Returns the path of the template of a nested stack. One that the CDK has uploaded may be named by the manifest of the
 * assets.
 * @param dir the folder of the template around it
 * @returns undefined if the template isn't on this machine
 */
export async function nestedTemplate(url: string, dir: string): Promise<string | undefined> {
  if (!/^(https?|s3):/.test(url)) return resolve(dir, url);
  const key = url.split('/').at(-1) ?? '';
  return (await inAssets(dir, key)) ?? inAssets(dirname(dir), key);
}

/** Returns the path of the file that a cloud assembly uploads under this key. */
async function inAssets(dir: string, key: string): Promise<string | undefined> {
  const names = await readdir(dir).catch((): string[] => []);
  for (const name of names.filter((each) => each.endsWith('.assets.json'))) {
    const manifest = await parseTemplate(await readFile(join(dir, name), 'utf8'), name);
    for (const file of manifest.at('files')?.entries.values() ?? []) {
      const keys = [...(file.at('destinations')?.entries.values() ?? [])].map((each) => each.at('objectKey'));
      const path = file.at('source', 'path')?.text;
      if (path !== undefined && keys.some((each) => each?.text?.split('/').at(-1) === key))
        return join(dir, path);
    }
  }
  return undefined;
}

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
  const file = shownPath(path);
  const fix = 'run `npx cdk synth`, and name the folder that it writes: --cdk cdk.out';
  const manifest = await parseTemplate(await readText(path, 'the cloud assembly', fix, file), file);
  const artifacts = manifest.at('artifacts')?.content.map;
  if (!artifacts) throw invalid(file, "the cloud assembly can't be read: it has no artifacts", fix);
  const files: StackFile[] = [];
  for (const [id, artifact] of artifacts) {
    const type = artifact.at('type')?.text;
    const inner = artifact.at('properties', 'directoryName')?.text;
    const template = artifact.at('properties', 'templateFile')?.text;
    if (type === 'cdk:cloud-assembly' && inner !== undefined)
      files.push(...(await readAssembly(join(dir, inner))));
    if (type !== 'aws:cloudformation:stack' || template === undefined) continue;
    const stackName = artifact.at('properties', 'stackName')?.text ?? id;
    const environment = artifact.at('environment')?.text ?? '';
    const [, account, region] = /^aws:\/\/(\d{12})\/([a-z0-9-]+)$/.exec(environment) ?? [];
    files.push({
      path: join(dir, template),
      stackName,
      ...(account && { account }),
      ...(region && { region }),
    });
  }
  return files;
}
