import { randomUUID } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { crc32 } from 'node:zlib';
import { libraries } from '../../base/load-library.js';
import { systemClock } from '../../base/time/clock.js';
import { isLate } from './late-module.js';
import {
  AFTER_MODULE,
  BEFORE_MODULE,
  type CompiledModule,
  HEAD_BYTES,
  hashOf,
  type KeptModule,
  type KeptPackages,
  lookupPaths,
  type PackagesHeader,
  type PathState,
  realPath,
} from './packages-file.js';

/** A file of a package in `node_modules`. The first group is the folder of the package. */
const IN_PACKAGE = /^(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)[\\/].+\.c?js$/;
/** Lines that are nothing but a comment. In a minified package all the code follows the licence in its line. */
const COMMENTS = /^\s*(?:\/\/.*|\/?\*(?:(?!\*\/).)*(?:\*\/\s*)?)$/gm;
/** Matches text that is no plain CommonJS module, or that uses more of `require` and `module` than their results. */
const NOT_PLAIN =
  /^(?:#!|\uFEFF)|^\s*(?:import|export)\b|\bimport\s*[(.]|\bmodule\.(?!exports\b)|\brequire\b(?!\((["'])[^"'\\\n]+\1\))/m;
const REQUIRED = /\brequire\((["'])([^"'\\\n]+)\1\)/g;
/** Matches the name of the package in a path that isn't one of a file. */
const PACKAGE_NAME = /^(?![./]|\w:)(?:@[^/]+\/)?[^/]+/;
const BEYOND_LATIN1 = /[\u0100-\uffff]/;
/** So many modules are read at a time. In between, the worker does its work. */
const AT_ONCE = 8;

/**
 * Writes the packages of a start for later ones.
 * @param loaded the paths of the modules that the start has loaded
 * @param scripts those of them that were compiled from what an earlier start has written
 * @param entries those of them whose exported names are kept
 * @throws Error if the folder isn't writable
 */
export const savePackages = (
  file: string,
  loaded: readonly string[],
  scripts: ReadonlyMap<string, CompiledModule>,
  entries: readonly string[],
): Promise<void> => writePackages(file, () => readLoaded(loaded, scripts, entries));

/** A module with the text that is compiled. */
type Text = PathState & { readonly source: string };

async function readLoaded(
  loaded: readonly string[],
  scripts: ReadonlyMap<string, CompiledModule>,
  entries: readonly string[],
): Promise<KeptPackages> {
  const texts: Text[] = [];
  for (const [index, path] of loaded.entries()) {
    const text = plainText(path);
    if (text) texts.push(text);
    if (index % AT_ONCE === 0) await systemClock.sleep(0);
  }
  const indexes = new Map(texts.map(({ path }, index) => [path, index]));
  const places: Record<string, string | null> = {};
  const modules: KeptModule[] = [];
  for (const text of texts) {
    // V8 takes the code of another text of the same length.
    const compiled = scripts.get(text.path);
    const code = compiled?.text === text.source ? compiled.script.createCachedData() : Buffer.alloc(0);
    modules.push({ ...keptText(text), code, requires: requiresOf(text, indexes, places) });
    if (modules.length % AT_ONCE === 0) await systemClock.sleep(0);
  }
  const others = loaded.filter((path) => !indexes.has(path));
  const exported: Record<string, readonly string[]> = {};
  for (const path of entries) {
    const names = indexes.has(path) ? await exportedBy(path) : undefined;
    if (names) exported[pathToFileURL(path).href] = names;
  }
  return { modules, around: around(texts), places, others, exported };
}

/**
 * Returns the names that Node has found in a CommonJS module; undefined if they aren't those of its exports. A hook of
 * the user may have put another module in its place, and later starts may have no such hook.
 */
async function exportedBy(path: string): Promise<string[] | undefined> {
  const module = libraries.cache[path];
  if (module?.loaded !== true) return undefined;
  const found = (await import(pathToFileURL(path).href)) as object;
  const own = new Set(Object.getOwnPropertyNames(module.exports));
  own.delete('default');
  const names = Object.keys(found).filter((name) => name !== 'default' && name !== 'module.exports');
  return names.length === own.size && names.every((name) => own.has(name)) ? names : undefined;
}

/** Reads a module. Returns undefined if Node has to load it by itself. */
function plainText(path: string): Text | undefined {
  const root = IN_PACKAGE.exec(path)?.[1];
  if (root === undefined) return undefined;
  const state = stateOf(path);
  const content = readFileSync(path, 'utf8');
  if (NOT_PLAIN.test(content.replaceAll(COMMENTS, '')) || !isCommonJs(path, root)) return undefined;
  return { ...state, source: BEFORE_MODULE + content + AFTER_MODULE };
}

function isCommonJs(path: string, root: string): boolean {
  const scope = foldersOf(path, root)
    .map((each) => join(each, 'package.json'))
    .find((each) => existsSync(each));
  if (scope === undefined) return false;
  return (
    path.endsWith('.cjs') || (JSON.parse(readFileSync(scope, 'utf8')) as { type?: string }).type !== 'module'
  );
}

/** Returns the folders of a file, from its own to that of its package. */
function foldersOf(path: string, root: string): string[] {
  const folders: string[] = [];
  for (let at = dirname(path); at.length >= root.length; at = dirname(at)) folders.push(at);
  return folders;
}

function stateOf(path: string): PathState {
  const { size, mtimeMs, ctimeMs } = statSync(path);
  return { path, size, mtimeMs, ctimeMs };
}

function keptText({ source, ...state }: Text): Omit<KeptModule, 'code' | 'requires'> {
  const encoding = BEYOND_LATIN1.test(source) ? 'utf16le' : 'latin1';
  return { ...state, text: Buffer.from(source, encoding), encoding };
}

/** Finds the modules that a module requires. The places of other packages are added to the places. */
function requiresOf(
  { path, source }: Text,
  indexes: ReadonlyMap<string, number>,
  places: Record<string, string | null>,
): Record<string, number> {
  const requires: Record<string, number> = {};
  const { resolve } = createRequire(path);
  for (const [, , request = ''] of source.matchAll(REQUIRED)) {
    const index = indexes.get(foundBy(resolve, request) ?? '');
    if (index === undefined && !isLate(path, request)) continue;
    if (index !== undefined) requires[request] = index;
    const name = PACKAGE_NAME.exec(request)?.[0];
    if (name !== undefined) Object.assign(places, placesOf(name, dirname(path)));
  }
  return requires;
}

function foundBy(resolve: NodeJS.RequireResolve, request: string): string | undefined {
  try {
    return resolve(request);
  } catch {
    return undefined;
  }
}

/** Returns where Node looks for a package, up to the place where it is. */
function placesOf(name: string, folder: string): Record<string, string | null> {
  const places: Record<string, string | null> = {};
  for (const each of lookupPaths(folder)) {
    const place = join(each, name);
    places[place] = realPath(place);
    if (places[place] !== null) break;
  }
  return places;
}

function around(texts: readonly Text[]): KeptPackages['around'] {
  const folders = new Set(texts.flatMap(({ path }) => foldersOf(path, IN_PACKAGE.exec(path)?.[1] ?? path)));
  const manifests = [...folders]
    .map((folder) => join(folder, 'package.json'))
    .filter((file) => existsSync(file));
  return [...folders, ...manifests].map((path) => ({ ...stateOf(path), hash: hashOf(path) }));
}

/**
 * Writes the packages for later starts. Other processes read the file before or after, but never in part.
 * @throws Error if the folder isn't writable. That is found before `make` is called
 */
async function writePackages(file: string, make: () => Promise<KeptPackages>): Promise<void> {
  const folder = dirname(file);
  mkdirSync(folder, { recursive: true });
  accessSync(folder, constants.W_OK);
  const bytes = encoded(await make());
  // Processes in two containers may have the same id.
  const part = `${file}.${randomUUID()}`;
  try {
    writeFileSync(part, bytes, { mode: 0o644, flag: 'wx' });
    renameSync(part, file);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
}

function encoded({ modules, ...rest }: KeptPackages): Buffer {
  const header: PackagesHeader = {
    ...rest,
    modules: modules.map(({ text, code, ...module }) => ({ ...module, lengths: [text.length, code.length] })),
  };
  const json = Buffer.from(JSON.stringify(header));
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32LE(json.length, 4);
  const bytes = Buffer.concat([head, json, ...modules.flatMap(({ text, code }) => [text, code])]);
  bytes.writeUInt32LE(crc32(bytes.subarray(4)), 0);
  return bytes;
}
