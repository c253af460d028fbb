import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

/** A fenced piece of code. */
export interface Fence {
  readonly language: string;
  readonly code: string;
}

/** One page of the documentation. */
export interface Page {
  /** From the repository's root. */
  readonly path: string;
  readonly text: string;
  readonly fences: readonly Fence[];
  /** The anchors that GitHub gives its headings. */
  readonly anchors: ReadonlySet<string>;
  /** Targets of its links and images, without those into the web. */
  readonly links: readonly string[];
}

const FENCE = /^```(\w*)\n([\s\S]*?)^```$/gm;

export function readPage(path: string): Page {
  const text = readFileSync(path, 'utf8');
  const prose = text.replaceAll(/^[ \t]*```[\s\S]*?^[ \t]*```$/gm, '');
  return {
    path,
    text,
    fences: [...text.matchAll(FENCE)].map(([, language = '', code = '']) => ({ language, code })),
    anchors: new Set([...prose.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => anchorOf(title))),
    links: [...prose.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) =>
      /^[a-z]+:/.test(target) ? [] : [target],
    ),
  };
}

const anchorOf = (title: string): string =>
  title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

const markdownIn = (dir: string): string[] =>
  readdirSync(dir)
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(dir, name));

/** The pages of the root, and every page of docs/. */
export const pages: readonly Page[] = [...markdownIn('.'), ...markdownIn('docs')].map(readPage);

/** A page by its path. */
export function page(path: string): Page {
  const found = pages.find((each) => each.path === path);
  if (!found) throw new Error(`there is no page ${path}: ${pages.map((each) => each.path).join(', ')}`);
  return found;
}

/** The file that a link of a page leads to, from the repository's root, and the anchor in it. */
export function targetOf({ path }: Page, link: string): { file: string; anchor: string | undefined } {
  const [file = '', anchor] = link.split('#');
  return { file: file === '' ? path : relative('.', resolve(dirname(path), file)), anchor };
}

/** The first cell of each row of a page's tables, without its code marks. */
export function firstCells({ text }: Page): string[] {
  return [...text.matchAll(/^\|((?:\\\||[^|\n])+)\|/gm)].map(([, cell = '']) =>
    cell.replaceAll('`', '').replaceAll('\\|', '|').trim(),
  );
}

/** The names that begin each item of a page's lists, as in "- `port`, `host`: …", without their code marks. */
export function listed({ text }: Page): string[] {
  return [...text.matchAll(/^ *- ((?:`[^`\n]+`(?:, )?)+)/gm)].flatMap(([, names = '']) =>
    [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
  );
}
