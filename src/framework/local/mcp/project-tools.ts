import { readdir, readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { meantName, proposal } from '../../base/show.js';
import { packageFolder } from '../console/page-files.js';
import { ToolError, DOCUMENT, excerpt, FROM, type ProjectCall, SAME_CALL, tool, type Tool } from './tool.js';

/** The tools that need no service, but the files of the project or of this package. */
export const projectTools: readonly Tool<ProjectCall>[] = [
  tool(
    'check_project',
    'Compares the activity classes of the project with its state machines, as `stepwright check`, and returns each finding with its place and its fix.',
    { from: FROM },
    async ({ from }, { checkProject }) => {
      if (!checkProject)
        throw new ToolError('this service belongs to no project: run `npx stepwright check` in the project');
      return excerpt(await checkProject(), { from, again: SAME_CALL });
    },
    'reads',
  ),
  tool(
    'read_docs',
    'Returns a page of the documentation of Stepwright (its decorators, config, commands, tests, local service), in Markdown, or one section of a page.',
    {
      page: {
        type: 'string',
        description:
          'Name of a page, such as handlers, or a section, such as handlers#input: as links name them. Default: the index of all pages',
      },
      from: FROM,
    },
    async ({ page, from }) => excerpt(await readPage(page), { from, again: SAME_CALL, most: DOCUMENT }),
    'reads',
  ),
];

const INDEX = 'README';

/**
 * Returns a page of the documentation of this package, or one section of it. Its links to other pages are names that
 * this function takes.
 * @param name the name of a page of docs/, such as `handlers`, or a path from there or from the root of the package, such
 * as `../CHANGELOG.md`; with `#` and the anchor of a heading, that section. @default the index
 * @throws ToolError if there is no such page
 */
export async function readPage(name: string = INDEX): Promise<string> {
  const paths = await pagePaths();
  const [page = '', anchor] = name.split('#');
  const path = pathOf(page === '' ? INDEX : page, paths);
  if (path === undefined) throw new ToolError(noPage(name, paths));
  const text = await readFile(join(packageFolder(), path), 'utf8');
  return sectionOf(text, anchor) ?? text;
}

/** Returns the paths of all pages from the root of the package: those of docs/, and those of the root. */
async function pagePaths(): Promise<ReadonlySet<string>> {
  const list = (folder: string): Promise<string[]> =>
    readdir(join(packageFolder(), folder)).catch((): string[] => []);
  const [docs, root] = [await list('docs'), await list('.')];
  const isPage = (file: string): boolean => file.endsWith('.md') || file === 'llms.txt';
  return new Set([...docs.filter(isPage).map((file) => `docs/${file}`), ...root.filter(isPage)]);
}

/** Returns the path of a page: a name is that of a page of docs/ or, if there is none, of the root. */
function pathOf(name: string, paths: ReadonlySet<string>): string | undefined {
  const [inDocs, inRoot] = [posix.join('docs', name), posix.join(name)];
  return [`${inDocs}.md`, inDocs, `${inRoot}.md`, inRoot].find((path) => paths.has(path));
}

function noPage(name: string, paths: ReadonlySet<string>): string {
  if (![...paths].some((path) => path.startsWith('docs/')))
    return 'the package has no documentation here, as in an app that was bundled into one file';
  const names = [...paths].map((path) => nameOf(path).replace(/\.md$/, ''));
  const close = meantName(name, names);
  return `there is no page '${name}': ${close === undefined ? `there are ${names.join(', ')}` : proposal(close)}`;
}

/** Returns the path of a page from docs/, by which it is read. */
const nameOf = (path: string): string => posix.relative('docs', path);

/** Returns the section under the heading with an anchor, as GitHub makes it; undefined if there is none. */
function sectionOf(text: string, anchor: string | undefined): string | undefined {
  const found: string[] = [];
  let level = 0;
  let isCode = false;
  for (const line of text.split('\n')) {
    if (/^[ \t]*```/.test(line)) isCode = !isCode;
    const [, marks = '', title = ''] = (isCode ? undefined : /^(#+) (.+)$/.exec(line)) ?? [];
    if (level > 0 && marks !== '' && marks.length <= level) break;
    if (level === 0 && marks !== '' && anchorOf(title) === anchor) level = marks.length;
    if (level > 0) found.push(line);
  }
  return level > 0 ? found.join('\n').trimEnd() : undefined;
}

const anchorOf = (title: string): string =>
  title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
