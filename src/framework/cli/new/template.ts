import { cp, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The package's folder of templates: files as they are written, in a language that its tools know. */
const TEMPLATES = fileURLToPath(new URL('../../../../../templates/', import.meta.url));

/** Names that npm does not pack, or reads itself. */
const DOTTED = new Set(['gitignore', 'dockerignore']);

/** A file to write. */
export interface NewFile {
  /** From the folder that it is written into. */
  readonly path: string;
  readonly text: string;
}

/**
 * The files of a template.
 * @param replace pairs of a word that stands in paths and texts of the template, and what is to stand there.
 */
export async function readTemplate(
  name: 'project' | 'activity',
  replace: readonly (readonly [word: string, by: string])[],
): Promise<NewFile[]> {
  const fill = (text: string): string =>
    replace.reduce((filled, [word, by]) => filled.replaceAll(word, () => by), text);
  const root = join(TEMPLATES, name);
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(root, join(parentPath, name)));
  return Promise.all(
    paths.toSorted().map(async (path) => ({
      path: DOTTED.has(path) ? `.${path}` : fill(path),
      text: fill(await readFile(join(root, path), 'utf8')),
    })),
  );
}

/** Writes the files, or none of them. @throws Error that names each file which is there already. */
export async function writeFiles(dir: string, files: readonly NewFile[]): Promise<void> {
  const there: string[] = [];
  for (const { path } of files) if (await exists(join(dir, path))) there.push(path);
  if (there.length > 0) throw new Error(alreadyThere(dir, there));
  for (const { path, text } of files) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    // Whoever wrote it in the meantime keeps it.
    await writeFile(join(dir, path), text, { flag: 'wx' });
  }
}

/** Copies a file beside the written ones, where it is not there already. */
export const copyBeside = (file: string, dir: string, name: string): Promise<void> =>
  cp(file, join(dir, name), { errorOnExist: true, force: false });

export const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

function alreadyThere(dir: string, paths: readonly string[]): string {
  const list = paths.map((path) => `  ${path}`).join('\n');
  return `nothing was written, because these files are there already, in ${dir}:\n${list}\nChoose another name, or move them away.`;
}
