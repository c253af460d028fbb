import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Config, defaultExport } from '../../config/config.js';
import { type Endpoint, isProblem, resolveEndpoint } from '../../aws/endpoint.js';
import type { Flags } from '../../config/sources.js';
import { resolveConfig, type Settings } from '../../config/resolve.js';
import { type Problem, StartError } from '../../base/errors.js';
import { show, shownPath } from '../../base/show.js';
import { COMMONJS_IN_ES_MODULE, isCommonJsInEsModule } from '../../declare/discovery/load.js';
import { runUserCode } from '../process/user-code.js';
import { type Compilation, compilationOf, isStale, outputOf } from './compiled.js';

const DEFAULT_NAMES = ['nest-style.config.ts', 'nest-style.config.js', 'nest-style.config.mjs'];

/** A loaded config, and the folders to which its paths are relative. */
export interface LoadedConfig {
  readonly config: Config;
  /** The URL of the compiled config; absent if the project has no config. */
  readonly module?: string;
  /** The settings by which the project is compiled; absent if the config is JavaScript. */
  readonly compilation?: Compilation;
  /** The folder of the compiled config, to which the globs of `activities` are relative. */
  readonly baseDir: string;
  /** The folder of the nearest package.json, to which the globs of `machines` are relative. */
  readonly projectDir: string;
}

/**
 * Finds and imports the config: the file that `--config` names, or nest-style.config.ts, .js or .mjs in the working
 * directory. Of a `.ts` file the compiled one is imported; nothing is compiled here.
 * @throws StartError if the file is missing, is older than its source, or can't be loaded
 */
export async function loadConfig(flags: Flags): Promise<LoadedConfig> {
  const file = findConfig(flags);
  const compilation = isTypeScript(file) ? compilationOf(file) : undefined;
  const compiled = compilation === undefined ? file : compiledConfig(file, compilation);
  return {
    compilation: typeof compilation === 'object' ? compilation : undefined,
    config: await importConfig(compiled, file),
    module: pathToFileURL(compiled).href,
    baseDir: dirname(compiled),
    projectDir: projectDir(file),
  };
}

/**
 * Loads the config like {@link loadConfig}, but returns an empty config if there is none and `--config` names none.
 */
export async function loadConfigIfAny(flags: Flags): Promise<LoadedConfig> {
  const cwd = process.cwd();
  const isThere = (name: string): boolean => existsSync(join(cwd, name));
  const found = flags.texts['config'] !== undefined || DEFAULT_NAMES.some(isThere);
  return found ? loadConfig(flags) : { config: {}, baseDir: cwd, projectDir: cwd };
}

/**
 * Finds the endpoint that a command calls, and the settings. The project needs no config.
 * @throws StartError if the config can't be loaded, or the endpoint is none
 */
export async function readEndpoint(flags: Flags): Promise<{ endpoint: Endpoint; settings: Settings }> {
  const { config } = await loadConfigIfAny(flags);
  const { env } = process;
  const settings = resolveConfig({ config, env, flags });
  const { port } = settings;
  const endpoint = resolveEndpoint({ flag: flags.texts['endpoint'], env, config: config.endpoint, port });
  if (isProblem(endpoint)) throw new StartError([endpoint]);
  return { endpoint, settings };
}

export const isTypeScript = (file: string): boolean => /\.[cm]?ts$/.test(file);

/** Returns the absolute path of the config. @throws StartError if there is no config */
export function findConfig({ texts: { config: path } }: Flags): string {
  const cwd = process.cwd();
  const candidates = path === undefined ? DEFAULT_NAMES : [path];
  const found = candidates.map((name) => resolve(cwd, name)).find((name) => existsSync(name));
  if (found) return found;
  throw new StartError([
    {
      code: 'CONFIG_NOT_FOUND',
      where: path ?? DEFAULT_NAMES[0] ?? '',
      what:
        path === undefined
          ? `there is no config in ${cwd}`
          : `there is no such file (looked for ${resolve(cwd, path)})`,
      fix: "start in the project's folder, or name the config with --config PATH; a new project has nest-style.config.ts with `import { defineConfig } from 'stepwright'; export default defineConfig({});`, compiled by npx tsc",
    },
  ]);
}

/**
 * Returns the path of the file that tsc compiles a config to.
 * @throws StartError if that file is missing, or older than the config
 */
function compiledConfig(source: string, compilation: Compilation | string): string {
  const problem = (code: Problem['code'], what: string, fix: string): StartError =>
    new StartError([{ code, where: shownPath(source), what, fix }]);
  if (typeof compilation === 'string')
    throw problem(
      'CONFIG_NOT_FOUND',
      `it must be compiled, and ${compilation}`,
      'set outDir and no noEmit in tsconfig.json, or pass the compiled file with --config PATH',
    );
  const output = outputOf(compilation, source);
  if (output === undefined) {
    const { tsconfig, rootDir } = compilation;
    const shown = relative(dirname(tsconfig), rootDir) || '.';
    throw problem(
      'CONFIG_NOT_FOUND',
      `it is outside the rootDir of ${tsconfig} (${shown}), so tsc does not compile it there`,
      'set rootDir to a folder that holds the config and the activities',
    );
  }
  const shown = shownPath(output);
  if (!existsSync(output))
    throw problem(
      'CONFIG_NOT_FOUND',
      `its compiled file ${shown} is missing`,
      `compile it: npx tsc. If that does not write the file, \`include\` of ${shownPath(compilation.tsconfig)} has to list the config`,
    );
  if (isStale(compilation, source, output))
    throw problem('CONFIG_STALE', `it is newer than its compiled file ${shown}`, 'compile it again: npx tsc');
  return output;
}

/** Imports a config and returns its default export. @param shown the config's path in messages */
async function importConfig(file: string, shown: string): Promise<Config> {
  const where = shownPath(shown);
  // From here on, Node reads source maps, so that traces show the lines of the user's .ts files. It isn't done
  // earlier, so that no maps of Stepwright's own modules are read.
  process.setSourceMapsEnabled(true);
  const module = await importModule(file, where);
  if (!('default' in module))
    throw unreadable(
      where,
      'it has no default export',
      'write `export default` before the config in this file, as in: export default defineConfig({ … })',
    );
  const config = defaultExport(module);
  if (typeof config !== 'object' || config === null)
    throw unreadable(
      where,
      `its default export is no object: ${show(config)}`,
      'export the config itself, as in: export default defineConfig({ … }); of a function, what it returns',
    );
  checkGetters(config, where);
  return config;
}

/** @throws StartError if an option is a getter that throws */
function checkGetters(config: object, where: string): void {
  for (const key of Object.keys(config)) {
    try {
      Reflect.get(config, key);
    } catch (error) {
      throw unreadable(
        where,
        `its option ${key} throws when it is read: ${traceOf(error)}`,
        'correct the getter of the option, or write a value instead',
        error,
      );
    }
  }
}

const unreadable = (where: string, what: string, fix: string, cause?: unknown): StartError =>
  new StartError([{ code: 'CONFIG_UNREADABLE', where, what, fix }], { cause });

async function importModule(file: string, where: string): Promise<{ default?: unknown }> {
  try {
    const importing = (): Promise<unknown> => import(pathToFileURL(file).href);
    return (await runUserCode({ code: 'CONFIG_UNREADABLE', where }, importing)) as { default?: unknown };
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw unreadable(
      where,
      `it throws when it is imported: ${traceOf(error)}`,
      isCommonJsInEsModule(String(error))
        ? COMMONJS_IN_ES_MODULE
        : 'if it needs a variable or a service, check that it exists; else correct it, or what it imports, and compile again',
      error,
    );
  }
}

/** Returns the message of an error, and the first line of its stack that is in the user's files. */
function traceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const line = error.stack
    ?.split('\n')
    .find((text) => /^\s+at .*(file:|\/)/.test(text) && !text.includes('node:'));
  return `${error.name}: ${error.message}${line ? `\n${line.trim()}` : ''}`;
}

/** Returns the folder of the nearest package.json above a file, or the file's own folder if there is none. */
export function projectDir(file: string): string {
  for (let dir = dirname(file); ; dir = dirname(dir)) {
    if (existsSync(join(dir, 'package.json'))) return dir;
    if (dir === dirname(dir)) return dirname(file);
  }
}
