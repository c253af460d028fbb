import { readPage } from '../docs.js';
import { excerpt } from '../excerpt.js';
import { FROM } from '../fields.js';
import { ToolError } from '../tool-error.js';
import { type ProjectCall, tool, type Tool } from '../tool.js';

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
