import { OWN_FOLDER } from '../../base/package.js';
import { existsSync } from 'node:fs';
import { isAbsolute, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { types } from 'node:util';
import type { Problem } from '../../base/errors.js';
import { show, shownPath } from '../../base/show.js';
import type { Constructor } from '../class.js';
import { readActivity, readHandlers } from '../metadata.js';

export interface Loaded {
  readonly classes: Constructor[];
  /** The file from which each class was loaded, in the form in which messages show it. */
  readonly fileOf: ReadonlyMap<Constructor, string>;
  /** The absolute paths of the files that the globs match, which were imported. */
  readonly files: readonly string[];
  readonly problems: Problem[];
}

/**
 * Collects the activity classes of a config: the classes that it lists, and every class with `@Activity` that is
 * exported by the files its globs match. Each class is returned once.
 * @param sources classes, and globs of compiled files relative to `baseDir`. A glob that begins with `!` excludes
 * files.
 * @param options `defaulted`: true if the globs are the defaults. They may then match nothing.
 */
export async function loadActivities(
  sources: readonly (Constructor | string)[],
  baseDir: string,
  { defaulted }: { readonly defaulted: boolean },
): Promise<Loaded> {
  const classes = sources.filter((each) => typeof each !== 'string');
  const globs = sources.filter((each) => typeof each === 'string');
  const found = await findFiles(globs, baseDir, defaulted);
  const loaded: LoadedFile[] = [];
  // Files are imported one after another, so that their output and side effects are in the order of their names.
  for (const file of found.files) loaded.push(await loadFile(file, baseDir));
  return {
    classes: [...new Set([...classes, ...loaded.flatMap((each) => each.classes)])],
    fileOf: new Map(loaded.flatMap(({ classes, file }) => classes.map((each) => [each, file] as const))),
    files: found.files,
    problems: [...found.problems, ...loaded.flatMap((each) => each.problems)],
  };
}

async function findFiles(globs: readonly string[], baseDir: string, defaulted: boolean) {
  if (globs.length === 0) return { files: [], problems: [] };
  const { glob } = await import('tinyglobby');
  const ignore = globs.filter((each) => each.startsWith('!')).map((each) => each.slice(1));
  const files = new Set<string>();
  const problems: Problem[] = [];
  for (const pattern of globs.filter((each) => !each.startsWith('!'))) {
    const matches = await glob(pattern, { cwd: baseDir, ignore, absolute: true, expandDirectories: false });
    const modules = matches.filter(isModule).toSorted();
    if (modules.length === 0 && !defaulted) problems.push(matchesNothing(pattern, baseDir, matches));
    for (const file of modules) files.add(file);
  }
  return { files: [...files].toSorted(), problems };
}

const isModule = (file: string): boolean => /\.[cm]?js$/.test(file);

function matchesNothing(pattern: string, baseDir: string, matches: readonly string[]): Problem {
  const sources = matches.length > 0 || /\.[cm]?ts$/.test(pattern);
  return {
    code: 'GLOB_MATCHES_NOTHING',
    where: `activities: '${pattern}'`,
    what: `it matches no compiled file under ${baseDir}`,
    fix: sources
      ? `write '${pattern.replace(/\.([cm]?)ts$/, '.$1js')}', the name of the compiled file, and compile first: npx tsc`
      : 'compile first: npx tsc; if that was done, correct the glob: it is relative to the folder of the compiled config (createWorker and createCompletions take that folder as `baseDir`)',
  };
}

interface LoadedFile extends Pick<Loaded, 'classes' | 'problems'> {
  /** The file's path, in the form in which messages show it. */
  readonly file: string;
}

/** Returns the TypeScript source of a compiled file, if it has the same path in the working directory. */
function sourceOf(file: string): string {
  const source = file.replace(/\.([cm]?)js$/, '.$1ts');
  return existsSync(source) ? source : file;
}

async function loadFile(file: string, baseDir: string): Promise<LoadedFile> {
  const where = sourceOf(isAbsolute(file) ? relative(baseDir, file) : file);
  const shown = shownPath(file);
  try {
    const exported = exportsOf((await import(pathToFileURL(file).href)) as object);
    const classes = exported.filter((each) => typeof each === 'function') as Constructor[];
    const declared = classes.filter((each) => readActivity(each) !== undefined);
    return {
      file: shown,
      classes: declared,
      problems: declared.length > 0 ? [] : [notDeclared(where, classes)],
    };
  } catch (error) {
    return { file: shown, classes: [], problems: [importProblem(where, error)] };
  }
}

/**
 * Returns what a module exports. If a compiler wrote CommonJS whose names Node can't read off the text, as swc does, they
 * are only in the default export.
 */
function exportsOf(module: object): unknown[] {
  const inner: unknown = Reflect.get(module, 'default');
  const isCompiled = typeof inner === 'object' && inner !== null && '__esModule' in inner;
  return [...new Set<unknown>([...Object.values(module), ...(isCompiled ? Object.values(inner) : [])])];
}

function notDeclared(where: string, classes: readonly Constructor[]): Problem {
  const half = classes.find((each) => readHandlers(each).length > 0);
  return {
    code: 'ACTIVITY_NOT_DECLARED',
    where,
    what: half
      ? `it exports ${half.name}, which has @Handle methods but no @Activity: nothing says whose tasks they take`
      : 'it exports no class that has @Activity',
    fix: half ? `write @Activity('${half.name}') above ${half.name}` : undeclaredFix(classes),
  };
}

/** A class without a method of its own, such as a DTO, is not meant to take tasks. */
const hasMethods = ({ prototype }: Constructor): boolean => Object.getOwnPropertyNames(prototype).length > 1;

function undeclaredFix(classes: readonly Constructor[]): string {
  const name = (classes.find(({ name }) => /activity$/i.test(name)) ?? classes.find(hasMethods))?.name;
  const declare = name
    ? `write @Activity('${name}') above ${name} and @Handle() above its method`
    : 'export the class that has @Activity from this file';
  return `${declare}, or give the file a name that \`activities\` does not match`;
}

function importProblem(where: string, error: unknown): Problem {
  const { message, stack } = readError(error);
  const [first = ''] = message.split('\n');
  const frame = userFrame(stack);
  return {
    code: 'ACTIVITY_FILE_FAILED',
    where,
    what: `importing it failed: ${first}${frame ? ` (${frame})` : ''}`,
    fix: fixOf(message, stack),
  };
}

function readError(error: unknown): { message: string; stack: string } {
  if (types.isNativeError(error) || error instanceof Error) {
    return { message: `${error.name}: ${error.message}`, stack: error.stack ?? '' };
  }
  return { message: `it threw ${show(error)}`, stack: '' };
}

/**
 * Returns `FILE:LINE` of the first frame in the user's own code: one that isn't in a dependency, in Node, or in this
 * file.
 */
export function userFrame(stack: string): string | undefined {
  // Node's own frames are removed first: after `node:` they look like paths.
  const frames = stack
    .replaceAll(/node:[^\s)]+/g, '')
    .matchAll(/((?:file:\/\/)?\/[^\s():]+|[A-Za-z]:\\[^\s():]+):(\d+)(?::\d+)?/g);
  for (const [, path = '', line] of frames) {
    const file = path.startsWith('file://') ? fileURLToPath(path) : path;
    if (file.includes('/node_modules/') || isOwnFile(file)) continue;
    return `${shownPath(file)}:${line}`;
  }
  return undefined;
}

/** This file is on the stack of each import that fails. */
const isOwnFile = (file: string): boolean => OWN_FOLDER !== undefined && file.startsWith(OWN_FOLDER);

const STANDARD_DECORATORS =
  'it was compiled with standard decorators: set "experimentalDecorators": true and "emitDecoratorMetadata": true in tsconfig.json, and make the compiler read that file';

/** Returns true for the message of a file that was compiled to CommonJS, and that Node takes for an ES module. */
export const isCommonJsInEsModule = (message: string): boolean => /\bexports is not defined\b/.test(message);

export const COMMONJS_IN_ES_MODULE =
  'it was compiled to CommonJS, and package.json says "type": "module": set "module": "nodenext" in tsconfig.json and compile again, or set "type": "commonjs"';

function fixOf(message: string, stack: string): string {
  if (message.endsWith('has no parentheses')) return "write them: @Activity('NAME'), @Handle()";
  if (message.includes('was compiled as a standard decorator')) return STANDARD_DECORATORS;
  // class-validator and class-transformer throw this when they are called with a context object. Their source maps put
  // their frames below node_modules/src.
  if (/reading '(constructor|prototype)'/.test(message) && /node_modules\/(?:class-|src\/)/.test(stack))
    return STANDARD_DECORATORS;
  if (/does not provide an export named/.test(message))
    return 'if the name is a type, import it as one, as in: import { type Name } from …; else export it there, or compile again';
  if (/Cannot find (module|package)/.test(message))
    return "check the path; a relative import needs its extension, as in './greeter.js', and a package must be installed";
  if (isCommonJsInEsModule(message)) return COMMONJS_IN_ES_MODULE;
  if (/before initialization/.test(message))
    return 'two files import each other: inject by @inject(delay(() => TheClass)), or move what both need to a third file';
  return 'correct the error in that file: every file that `activities` matches is imported at start';
}
