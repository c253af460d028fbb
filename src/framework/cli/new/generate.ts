import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseActivity } from '../../declare/discovery/activity-ref.js';
import { write } from '../output/stdio.js';
import { projectDir } from '../project/config-file.js';
import {
  activityPrefix,
  choosePlace,
  exists,
  type GivenPlace,
  type NewFile,
  placeIn,
  readTemplate,
  TEMPLATE_PLACE,
  writeFiles,
} from './template.js';

/** Matches each word of a name that is written in camel case, snake case or kebab case. */
const WORD = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+/g;

/** The ARN in the template's files that is replaced by the new activity's ARN. */
const TEMPLATE_ARN = `${activityPrefix(TEMPLATE_PLACE)}RefundOrder`;

/**
 * Adds an activity to the project of the working directory: a class with a DTO, a test, and a state machine that runs
 * the activity. Never overwrites a file.
 * @param options `activity`: the ARN or the name to declare. @default an ARN with this `region` and `account`, or else
 * those of the project's other activities, of its config, or of the environment
 * @returns the exit code
 * @throws Error if the name is invalid, there is no project, or a file already exists; then no file is written
 */
export async function generateActivity(
  name: string,
  options: { readonly activity?: string } & GivenPlace,
): Promise<number> {
  const words = wordsOf(name);
  if (words.length === 0 || !/^[a-z]/.test(words[0] ?? '')) throw new Error(noName(name));
  const kebab = words.join('-');
  const pascal = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  const dir = projectDir(join(process.cwd(), 'package.json'));
  if (!(await exists(join(dir, 'package.json'))))
    throw new Error(
      `there is no package.json in ${dir} or above it: make a project with \`npx stepwright new NAME\`, and run this in its folder`,
    );
  const others = [await placeOfActivities(dir), await placeOfConfig(dir), placeIn(process.env)];
  const prefix = activityPrefix(choosePlace(options, others));
  const activity = options.activity ?? `${prefix}${pascal}`;
  refuseBadActivity(activity);
  const manifest = await readManifest(dir);
  const files = await filesFor(manifest, [
    [`@Activity('${TEMPLATE_ARN}')`, `@Activity('${activity}')`],
    // A state machine refers to an activity by its ARN, even if the class declares a bare name.
    [TEMPLATE_ARN, activity.startsWith('arn:') ? activity : `${prefix}${activity}`],
    ['refund-order', kebab],
    ['RefundOrder', pascal],
  ]);
  await writeFiles(dir, files);
  await write(report(pascal, activity, files, manifest));
  return 0;
}

type Replacements = Parameters<typeof readTemplate>[1];

/** Returns the files of an activity, in the form in which the project has its others. */
async function filesFor(manifest: Manifest, replace: Replacements): Promise<NewFile[]> {
  const files = await readTemplate('activity', replace);
  if (!isNest(manifest)) return files;
  const spec = await readTemplate('nest-activity', replace);
  const folder = dirname(spec[0]?.path ?? '');
  const kept = files.filter(({ path }) => !path.startsWith('test/'));
  return [
    ...kept.map(({ path, text }) => ({ path: path.replace('src/activities', folder), text })),
    ...spec.map(({ path, text }) => ({ path, text: asInProject(text, manifest) })),
  ];
}

/** Imports files and Jest's functions as the project does: ES modules need the extension, and Jest's may be global. */
function asInProject(text: string, manifest: Manifest): string {
  const written = manifest.type === 'module' ? text.replace(/(from '\.\/[^']+)'/, "$1.js'") : text;
  return dependsOn(manifest, '@jest/globals') ? written : written.replace(/^.*'@jest\/globals';\n/, '');
}

const dependsOn = ({ dependencies, devDependencies }: Manifest, name: string): boolean =>
  name in { ...dependencies, ...devDependencies };

const isNest = (manifest: Manifest): boolean => dependsOn(manifest, '@nestjs/core');

/** Returns the words of a name in lower case, without a last word `activity`. */
function wordsOf(name: string): string[] {
  if (/[^A-Za-z0-9 _-]/.test(name)) return [];
  const words = (name.match(WORD) ?? []).map((word) => word.toLowerCase());
  return words.length > 1 && words.at(-1) === 'activity' ? words.slice(0, -1) : words;
}

const noName = (name: string): string =>
  `'${name}' is no name of an activity: expected words that begin with a letter; for example refund-order or RefundOrder`;

/**
 * Throws an Error if the value of `--activity` is neither the ARN of an activity nor a name. A variable `${NAME}` in it
 * may be unset.
 */
function refuseBadActivity(activity: string): void {
  const parsed = parseActivity(activity.replaceAll(/\$\{\w+\}/g, '0'.repeat(12)), {});
  const { problem } = 'problem' in parsed ? parsed : {};
  if (problem) throw new Error(`--activity ${activity}: ${problem.what}\nFix: ${problem.fix}`);
}

/** Returns the region and account of the project's first activity; none if the project has no ARN of an activity. */
async function placeOfActivities(dir: string): Promise<GivenPlace> {
  const folder = join(dir, 'src');
  const names = (await exists(folder)) ? await readdir(folder, { recursive: true }) : [];
  for (const name of names.filter((each) => /\.activity\.[cm]?ts$/.test(each)).toSorted()) {
    const text = await readFile(join(folder, name), 'utf8');
    const [, region, account] = /arn:[\w-]+:states:([\w-]+):(\d{12}):activity:/.exec(text) ?? [];
    if (region !== undefined) return { region, account };
  }
  return {};
}

/** Returns the region in the project's config, as far as the config's text shows it. */
async function placeOfConfig(dir: string): Promise<GivenPlace> {
  const file = join(dir, 'nest-style.config.ts');
  const text = (await exists(file)) ? await readFile(file, 'utf8') : '';
  return { region: /^\s*region:\s*['"]([\w-]+)['"]/m.exec(text)?.[1] };
}

/** The fields of a package.json that show the project's scripts and its test runner. */
interface Manifest {
  readonly type?: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: object;
  readonly devDependencies?: object;
}

const readManifest = async (dir: string): Promise<Manifest> =>
  JSON.parse(await readFile(join(dir, 'package.json'), 'utf8')) as Manifest;

function report(
  pascal: string,
  activity: string,
  files: readonly { path: string }[],
  manifest: Manifest,
): string {
  const { scripts } = manifest;
  const isScript = (name: string): boolean => scripts?.[name]?.includes(`stepwright ${name}`) ?? false;
  const nestDev = isNest(manifest) && scripts?.['start:dev'] !== undefined && 'npm run start:dev';
  const dev = nestDev || (isScript('dev') ? 'npm run dev' : 'node_modules/.bin/stepwright dev');
  const execute = isScript('execute') ? 'npm run -s execute --' : 'npx stepwright execute';
  const hasJest = dependsOn(manifest, '@jest/globals') || (isNest(manifest) && dependsOn(manifest, 'jest'));
  return [
    'Written:',
    ...files.map(({ path }) => `  ${path}`),
    '',
    ...(isNest(manifest) ? asProvider(pascal, files) : []),
    `It takes the tasks of ${activity}. A worker that \`${dev}\` runs takes it in; then:`,
    `  ${execute} ${pascal} '{"id":"7"}'`,
    'Or paste its state into another state machine.',
    ...(hasJest ? [] : ['Its test needs Jest: "Every runner" in node_modules/stepwright/docs/testing.md.']),
    '',
  ].join('\n');
}

/** Returns the lines that make the activity a provider of a Nest application. */
function asProvider(pascal: string, files: readonly { path: string }[]): string[] {
  const path = files.find((file) => file.path.endsWith('.activity.ts'))?.path ?? '';
  const from = path.replace(/^src/, '.').replace(/\.ts$/, '');
  return [
    'Add it to the providers of a module, such as src/app.module.ts:',
    `  import { ${pascal}Activity } from '${from}';`,
    `  @Module({ providers: [${pascal}Activity], … })`,
    '',
  ];
}
