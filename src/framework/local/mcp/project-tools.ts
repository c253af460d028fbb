import { readPage } from './documentation.js';
import { DOCUMENT, excerpt, FROM, type ProjectCall, SAME_CALL, tool, type Tool, ToolError } from './tool.js';

/** The tools that need no service, but the files of the project or of this package. */
export const projectTools: readonly Tool<ProjectCall>[] = [
  tool(
    'check_project',
    'Compares the activity classes of the project with its state machines, as `stepwright check`, and returns each finding with its place and its fix.',
    { from: FROM },
    async ({ from }, { checkProject, waits, signal }) => {
      if (!checkProject)
        throw new ToolError('this service belongs to no project: run `npx stepwright check` in the project');
      return excerpt(await waits.for(checkProject, signal), { from, again: SAME_CALL });
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
