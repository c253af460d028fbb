import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The folder of templates in this package. The files in it are valid code even before words in them are replaced, so
 * that compilers and linters can check them.
 */
const TEMPLATES = fileURLToPath(new URL('../../../../../templates', import.meta.url));

/**
 * Files whose name gets a leading dot in the project. If they had the dot in the templates, npm would leave them out of
 * this package, or obey them when it packs this package.
 */
const DOTTED = new Set(['gitignore', 'dockerignore']);

/** A file to write into a project. */
export interface NewFile {
  /** The file's path, relative to the project's folder. */
  readonly path: string;
  readonly text: string;
}

/**
 * Reads the files of a template.
 * @param replace pairs: a word in the template's paths and texts, and the word to write instead
 */
export async function readTemplate(
  name: 'project' | 'nest' | 'activity' | 'nest-activity',
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

/**
 * Writes all files; writes none if any of them already exists.
 * @throws Error that names each file that already exists
 */
export async function writeFiles(dir: string, files: readonly NewFile[]): Promise<void> {
  const there: string[] = [];
  for (const { path } of files) if (await exists(join(dir, path))) there.push(path);
  if (there.length > 0) throw new Error(alreadyThere(dir, there));
  for (const { path, text } of files) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    // The flag `wx` makes this fail, and not overwrite, if another program has written the file in the meantime.
    await writeFile(join(dir, path), text, { flag: 'wx' });
  }
}

export const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

function alreadyThere(dir: string, paths: readonly string[]): string {
  const list = paths.map((path) => `  ${path}`).join('\n');
  return `nothing was written, because these files are there already, in ${dir}:\n${list}\nChoose another name, or move them away.`;
}

/** The region and the account of the ARNs that `new` and `generate` write. */
export interface ArnPlace {
  readonly region: string;
  readonly account: string;
}

/** The region and account in the templates. The account doesn't exist; the local service uses it too. */
export const TEMPLATE_PLACE: ArnPlace = { region: 'us-east-1', account: '123456789012' };

const REGION = /^[a-z]{2,}(-[a-z]+)+-\d$/;
const ACCOUNT = /^\d{12}$/;

/** The region and account that a user asks for, as far as given: by flags, by the project, or by the environment. */
export type GivenPlace = Partial<ArnPlace>;

/** Returns the region and account that the environment variables of AWS's own tools name. */
export const placeIn = (env: NodeJS.ProcessEnv): GivenPlace => ({
  region: env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'],
  account: env['AWS_ACCOUNT_ID'] ?? env['CDK_DEFAULT_ACCOUNT'],
});

/**
 * Returns the first region and the first account that are given.
 * @param flags those of the command line
 * @throws Error if a flag has a value that is no region or no account. Other values that are none are ignored
 */
export function choosePlace(flags: GivenPlace, others: readonly GivenPlace[]): ArnPlace {
  if (flags.region !== undefined && !REGION.test(flags.region))
    throw new Error(`--region: expected a region of AWS such as eu-west-1, got '${flags.region}'`);
  if (flags.account !== undefined && !ACCOUNT.test(flags.account))
    throw new Error(`--account: expected the 12 digits of an account of AWS, got '${flags.account}'`);
  const all = [flags, ...others];
  const region = all.find((each) => each.region !== undefined && REGION.test(each.region))?.region;
  const account = all.find((each) => each.account !== undefined && ACCOUNT.test(each.account))?.account;
  return { region: region ?? TEMPLATE_PLACE.region, account: account ?? TEMPLATE_PLACE.account };
}

/** Returns the beginning of the ARN of every activity in a region and account. */
export const activityPrefix = ({ region, account }: ArnPlace): string =>
  `arn:${partitionOf(region)}:states:${region}:${account}:activity:`;

function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}
