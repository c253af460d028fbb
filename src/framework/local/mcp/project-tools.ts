import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { excerpt, FROM, type ProjectCall, tool, type Tool, ToolError } from './tool.js';
import { didYouMean, nearest } from '../asl/definition/reader.js';
import { packageFolder } from '../console/page-files.js';

/** The tools that need no service, but the files of the project or of this package. */
export const projectTools: readonly Tool<ProjectCall>[] = [
  tool(
    'check_project',
    'Compares the activity classes of the project with its state machines, as `stepwright check`, and returns each finding with its place and its fix.',
    {},
    async (_, { checkProject, waits, signal }) => {
      if (!checkProject)
        throw new ToolError('this service belongs to no project: run `npx stepwright check` in the project');
      return excerpt(await waits.for(checkProject, signal));
    },
    'reads',
  ),
  tool(
    'read_docs',
    'Returns a page of the documentation of Stepwright (its decorators, config, commands, tests, local service), in Markdown.',
    {
      page: {
        type: 'string',
        description: 'Name of a page, such as handlers. Default: the index of all pages',
      },
      from: FROM,
    },
    ({ page, from }) => readPage(page, from),
    'reads',
  ),
];

const INDEX = 'README';

/** Returns a page of the documentation of this package. @throws ToolError if there is no such page */
async function readPage(name = INDEX, from?: number): Promise<string> {
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
