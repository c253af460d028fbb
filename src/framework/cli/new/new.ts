import { cp, readdir } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { write } from '../output/stdio.js';
import {
  activityPrefix,
  type ArnPlace,
  choosePlace,
  exists,
  type GivenPlace,
  type NewFile,
  placeIn,
  readTemplate,
  TEMPLATE_PLACE,
  writeFiles,
} from './template.js';

/** Matches the names that npm accepts for a package without a scope. */
const PACKAGE_NAME = /^[a-z0-9][a-z0-9._-]*$/;

/** The options of a new project. */
interface NewProject {
  /** The version of this package that the project depends on. */
  readonly version: string;
  /** A tarball of this package to install instead, which is copied into the project. */
  readonly from?: string;
  /** True for a NestJS application. @default false */
  readonly nest?: boolean;
}

/**
 * Writes a project into a new or an empty folder: an activity, its tests, a state machine, and the files by which they
 * are built, tested, run and packed.
 * @param name the folder, relative to the working directory. Its last part is the name of the package
 * @param options also `region` and `account`: those of the ARNs. @default those of the environment, or else a region and
 * a made-up account that the local service has too
 * @returns the exit code
 * @throws Error if the name is invalid, or the folder contains anything other than a `.git`; then no file is written
 */
export async function newProject(
  name: string,
  { version, from, nest = false, ...flags }: NewProject & GivenPlace,
): Promise<number> {
  const place = choosePlace(flags, [placeIn(process.env)]);
  const dir = resolve(name);
  const packageName = name === '' ? '' : basename(dir);
  if (!PACKAGE_NAME.test(packageName)) throw new Error(noName(packageName));
  if (!(await isNew(dir))) throw new Error(notNew(dir, await freeName(dir)));
  const tarball = from === undefined ? undefined : resolve(from);
  if (tarball !== undefined && !(await exists(tarball)))
    throw new Error(`--from ${from}: there is no such file`);

  const asked = tarball === undefined ? `^${version}` : `file:${basename(tarball)}`;
  const files = (
    await readTemplate(nest ? 'nest' : 'project', [
      ['my-worker', packageName],
      [activityPrefix(TEMPLATE_PLACE), activityPrefix(place)],
      [TEMPLATE_PLACE.account, place.account],
      [TEMPLATE_PLACE.region, place.region],
    ])
  ).map((file) => (file.path === 'package.json' ? askingFor(asked, file) : file));
  await writeFiles(dir, files);
  if (tarball !== undefined)
    await cp(tarball, join(dir, basename(tarball)), { errorOnExist: true, force: false });
  await write(report(dir, files, place, nest));
  return 0;
}

async function isNew(dir: string): Promise<boolean> {
  try {
    return (await readdir(dir)).every((name) => name === '.git');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

/** Returns a name for a new project, for which the working directory has no folder yet. */
async function freeName(dir: string): Promise<string> {
  for (let number = 2; ; number++) {
    const free = `${dir}-${number}`;
    if (!(await exists(free))) return relative(process.cwd(), free);
  }
}

const notNew = (dir: string, free: string): string =>
  `nothing was written, because ${dir} is there already, and is not empty. Choose another name, such as ${free}, or move it away.`;

function askingFor(version: string, { path, text }: NewFile): NewFile {
  const manifest = JSON.parse(text) as { dependencies: Record<string, string> };
  manifest.dependencies['stepwright'] = version;
  return { path, text: `${JSON.stringify(manifest, null, 2)}\n` };
}

function noName(name: string): string {
  const proposed = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replaceAll(/^[._-]+|-+$/g, '');
  return `'${name}' is no name of a package: expected small letters, digits and '-', beginning with a letter or a digit; for example ${proposed || 'my-worker'}`;
}

function report(
  dir: string,
  files: readonly NewFile[],
  { region, account }: ArnPlace,
  nest: boolean,
): string {
  const shown = relative(process.cwd(), dir);
  const enter = shown === '' ? [] : [`  cd ${shown}`];
  return [
    `Written to ${join('.', shown)}:`,
    ...files.map(({ path }) => `  ${path}`),
    '',
    `Its activity is in ${region}, account ${account}${account === TEMPLATE_PLACE.account ? ' (made up; --account and --region choose others)' : ''}.`,
    'Go on:',
    ...enter,
    '  npm install',
    '  npm test',
    ...(nest
      ? ['  npm run local', 'in a second terminal:', ...enter, '  npm run start:dev', 'and in a third:']
      : ['  npm run dev', 'and in a second terminal:']),
    ...enter,
    `  npm run -s execute -- HelloWorld '{"who":"hoge"}'`,
    '',
  ].join('\n');
}
