// Writes llms.txt, a list of all pages for programs that read, in the form of https://llmstxt.org, when the package is
// packed.
import { readFileSync, writeFileSync } from 'node:fs';
import { join, posix } from 'node:path';

const INDEX = 'docs/README.md';

/** A page: its path from the root of the package, its title, and what the index says about it. */
function page(path, title, about) {
  return { path, title, about };
}

/**
 * Returns the pages that the index of the documentation lists, by their headings there, each page once. A link to a part
 * of a page lists no page.
 */
export function listedPages(root) {
  const seen = new Set();
  const sections = [];
  for (const line of readFileSync(join(root, INDEX), 'utf8').split('\n')) {
    if (line.startsWith('## ')) sections.push({ title: line.slice(3), pages: [] });
    if (!line.startsWith('- ')) continue;
    const [, text = ''] = /: (.*)$/.exec(line) ?? [];
    const about = text.replaceAll(/\[([^\]]+)\]\([^)]+\)/g, '$1');
    for (const [, title, target] of line.matchAll(/\[([^\]]+)\]\(([^)#]+\.md)\)/g)) {
      const path = posix.join('docs', target);
      if (seen.has(path) || path.startsWith('examples/')) continue;
      seen.add(path);
      sections.at(-1)?.pages.push(page(path, title, about));
    }
  }
  return sections.filter(({ pages }) => pages.length > 0);
}

/** What an agent can do beside reading: it begins with the tools. */
const TOOLS = `\
A coding agent works with the tools of the [Model Context Protocol](docs/mcp.md): at http://127.0.0.1:8083/mcp while
\`npx stepwright start\`, \`dev\` or \`local\` runs, or by \`npx stepwright mcp\` on standard input and output. They
build state machines, run executions, say why one failed, and do the work of a worker:

- \`read_docs\` returns a page or a section that is listed here, such as \`handlers\` or \`handlers#input\`
- \`save_machine\` and \`start_execution\` run a definition; a failed execution says where and why
- \`trace_execution\` has its steps and its data, \`read_log\` what the workers logged
- \`test_state\` tries one state, \`write_test\` makes a test of an execution, \`check_project\` compares the classes with
  the state machines
`;

/** Returns the text of llms.txt. */
export function list(root) {
  const { description } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const sections = listedPages(root).map(
    ({ title, pages }) =>
      `## ${title}\n\n${pages.map((each) => `- [${each.title}](${each.path}): ${each.about}\n`).join('')}`,
  );
  return `# Stepwright\n\n> ${description}\n\n${TOOLS}\n${sections.join('\n')}`;
}

if (process.argv[1] === import.meta.filename) {
  const root = join(import.meta.dirname, '../..');
  writeFileSync(join(root, 'llms.txt'), list(root));
}
