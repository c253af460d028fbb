import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { isPlainObject } from '../../base/plain-object.js';
import type { Resolver } from './resolver.js';
import { propertyOf, typeOf } from './template.js';
import { entryOf, type TemplateNode, textIn } from './template-node.js';

const NESTED: ReadonlySet<string> = new Set(['AWS::CloudFormation::Stack', 'AWS::Serverless::Application']);

/** Returns true for a resource that is a stack of its own. */
export const isNestedStack = (node: TemplateNode): boolean => NESTED.has(typeOf(node));

/**
 * Returns the path of the template of a nested stack. The CDK uploads it, and names its file in the metadata of the
 * resource or, without such metadata, in the manifest of the assets.
 * @returns undefined if the template isn't on this machine
 */
export async function nestedTemplate(node: TemplateNode, resolver: Resolver): Promise<string | undefined> {
  const dir = dirname(resolver.template.path);
  const asset = textIn(entryOf(entryOf(node, 'Metadata'), 'aws:asset:path'));
  const url = asset ?? resolver.attempt(propertyOf(node, 'TemplateURL') ?? propertyOf(node, 'Location'));
  if (url === undefined) return undefined;
  if (!/^(https?|s3):/.test(url)) return resolve(dir, url);
  const key = url.split('/').at(-1) ?? '';
  return (await inAssets(dir, key)) ?? inAssets(dirname(dir), key);
}

/** Returns the path of the file that a cloud assembly uploads under this key. */
async function inAssets(dir: string, key: string): Promise<string | undefined> {
  const names = await readdir(dir).catch((): string[] => []);
  for (const name of names.filter((each) => each.endsWith('.assets.json'))) {
    const manifest = await readJson(join(dir, name));
    const files = isPlainObject(manifest) ? manifest['files'] : undefined;
    for (const file of Object.values(isPlainObject(files) ? files : {})) {
      const path = isUploadedAs(file, key) ? textOfSource(file) : undefined;
      if (path !== undefined) return join(dir, path);
    }
  }
  return undefined;
}

/** Returns undefined for a file that can't be read. */
async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function isUploadedAs(file: unknown, key: string): boolean {
  const destinations = isPlainObject(file) ? file['destinations'] : undefined;
  return Object.values(isPlainObject(destinations) ? destinations : {}).some(
    (each) => isPlainObject(each) && String(each['objectKey']).split('/').at(-1) === key,
  );
}

function textOfSource(file: unknown): string | undefined {
  const source = isPlainObject(file) ? file['source'] : undefined;
  const path = isPlainObject(source) ? source['path'] : undefined;
  return typeof path === 'string' ? path : undefined;
}
