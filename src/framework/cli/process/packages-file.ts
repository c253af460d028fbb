import { closeSync, fstatSync, openSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Script } from 'node:vm';
import { crc32 } from 'node:zlib';

/** A file or folder when it was read. `ctimeMs` changes with every change, and nobody can set it. */
export interface PathState {
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
}

/** A CommonJS module of a package: its text, and the code that V8 has made of it (empty if there is none yet). */
export interface KeptModule extends PathState {
  /** The text of the module between {@link BEFORE_MODULE} and {@link AFTER_MODULE}. */
  readonly text: Buffer;
  /** V8 holds text in one of these forms, so that nothing has to be decoded. */
  readonly encoding: 'latin1' | 'utf16le';
  readonly code: Buffer;
  /** The modules that it requires and that are kept as well: their indexes, by the argument of `require`. */
  readonly requires: Readonly<Record<string, number>>;
}

/** A module that was compiled from its text. */
export interface CompiledModule {
  readonly script: Script;
  readonly text: string;
}

/** The packages that a start has loaded. */
export interface KeptPackages {
  readonly modules: readonly KeptModule[];
  /** The folders of the modules and their package.json files, with a hash of the names or the text in them. */
  readonly around: readonly (PathState & { readonly hash: string })[];
  /** The folders in which Node looks for the packages that the modules require; what each is, if it is there. */
  readonly places: Readonly<Record<string, string | null>>;
  /** The paths of the modules that were loaded as well and are not kept. */
  readonly others: readonly string[];
  /** The names that ES modules can import from modules, by the URL of each. */
  readonly exported: Readonly<Record<string, readonly string[]>>;
}

/** The text that Node puts around a CommonJS module. */
export const BEFORE_MODULE = '(function (exports, require, module, __filename, __dirname) { ';
export const AFTER_MODULE = '\n})';

/** The file begins with a checksum of the rest, and the length of the JSON that follows. */
export const HEAD_BYTES = 8;
/** Many times what a start writes. */
const MAX_BYTES = 64 * 1_024 * 1_024;
/** The bits of a file's mode for its group and for all others. */
const WRITABLE_BY_OTHERS = 0o022;

export interface PackagesHeader extends Omit<KeptPackages, 'modules'> {
  readonly modules: readonly (Omit<KeptModule, 'text' | 'code'> & { readonly lengths: [number, number] })[];
}

/**
 * Reads the packages that an earlier start has kept. Returns undefined if there is no such file, if it is damaged, or if
 * another user may have written it: it contains code.
 */
export function readPackages(file: string): KeptPackages | undefined {
  const bytes = readOwn(file);
  if (!bytes || bytes.length < HEAD_BYTES || bytes.readUInt32LE(0) !== crc32(bytes.subarray(4)))
    return undefined;
  let at = HEAD_BYTES + bytes.readUInt32LE(4);
  const next = (length: number): Buffer => bytes.subarray(at, (at += length));
  const header = JSON.parse(bytes.toString('utf8', HEAD_BYTES, at)) as PackagesHeader;
  const modules = header.modules.map(({ lengths: [text, code], ...module }) => ({
    ...module,
    text: next(text),
    code: next(code),
  }));
  return { ...header, modules };
}

function readOwn(path: string): Buffer | undefined {
  let file: number | undefined;
  try {
    // To open a pipe would wait for a writer.
    if (!statSync(path).isFile()) return undefined;
    file = openSync(path, 'r');
    const { uid, mode, size } = fstatSync(file);
    if (size > MAX_BYTES) return undefined;
    const ours = process.getuid?.();
    const isOurs = ours === undefined || ((uid === ours || uid === 0) && (mode & WRITABLE_BY_OTHERS) === 0);
    return isOurs ? readFileSync(file) : undefined;
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/**
 * Returns true if Node would load the same modules now: no file and no folder of the packages has changed, and the
 * packages that they require are where they were.
 */
export const isCurrent = ({ modules, around, places }: KeptPackages): boolean =>
  modules.every((each) => isUnchanged(each, () => textOf(each) === moduleText(each.path))) &&
  around.every((each) => isUnchanged(each, () => each.hash === hashOf(each.path))) &&
  Object.entries(places).every(([place, path]) => realPath(place) === path);

/** Returns true if a path is as it was. A copy has other times, as in a layer of an image: its content is compared. */
function isUnchanged({ path, size, mtimeMs, ctimeMs }: PathState, isSameContent: () => boolean): boolean {
  const now = statSync(path, { throwIfNoEntry: false });
  if (now?.size === size && now.mtimeMs === mtimeMs && now.ctimeMs === ctimeMs) return true;
  return now !== undefined && isSameContent();
}

export const textOf = ({ text, encoding }: KeptModule): string => text.toString(encoding);

const moduleText = (path: string): string => BEFORE_MODULE + readFileSync(path, 'utf8') + AFTER_MODULE;

/** Returns a hash of the text of a file, or of the names in a folder. */
export function hashOf(path: string): string {
  const isFolder = statSync(path).isDirectory();
  const content = isFolder ? readdirSync(path).toSorted().join('\n') : readFileSync(path, 'utf8');
  return crc32(content).toString(36);
}

/** Returns the path without links; null if nothing is there. */
export const realPath = (path: string): string | null =>
  statSync(path, { throwIfNoEntry: false }) ? realpathSync.native(path) : null;

/** Returns the folders in which Node looks for packages that a module in this folder requires. */
export function lookupPaths(folder: string): string[] {
  const paths: string[] = [];
  for (let at = folder; ; at = dirname(at)) {
    if (basename(at) !== 'node_modules') paths.push(join(at, 'node_modules'));
    if (at === dirname(at)) return paths;
  }
}
