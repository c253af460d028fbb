import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { didYouMean, nearest } from '../asl/definition/reader.js';
import { packageFolder } from '../console/page-files.js';
import { excerpt } from './excerpt.js';
import { ToolError } from './tool-error.js';

const INDEX = 'README';

/** Returns a page of the documentation of this package. @throws ToolError if there is no such page */
export async function readPage(name = INDEX, from?: number): Promise<string> {
  const folder = join(packageFolder(), 'docs');
  const files = await readdir(folder).catch((): string[] => []);
  const names = files.filter((file) => file.endsWith('.md')).map((file) => file.slice(0, -'.md'.length));
  const wanted = name.replace(/^docs\//, '').replace(/\.md$/, '');
  if (!names.includes(wanted)) throw new ToolError(noPage(name, names));
  return excerpt(await readFile(join(folder, `${wanted}.md`), 'utf8'), from, 'the same call');
}

function noPage(name: string, names: readonly string[]): string {
  if (names.length === 0)
    return 'the package has no documentation here, as in an app that was bundled into one file';
  const close = nearest(name, names);
  return `there is no page '${name}': ${close === undefined ? `there are ${names.join(', ')}` : didYouMean(close)}`;
}
