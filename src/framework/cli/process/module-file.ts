import { randomUUID } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  openSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';

/**
 * A file on disk. It is unchanged if its size and both times are the same: `ctimeMs` can't be set back. A copy has other
 * times, as in a layer of an image. It is unchanged if its content is the same.
 */
export interface FileState {
  readonly file: string;
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly crc: number;
}

/** A CommonJS module of `node_modules`: its text, and the code that V8 has made of it. */
export interface KeptModule extends FileState {
  /** The nearest package.json of the module. */
  readonly scope: string;
  readonly source: Buffer;
  /** V8 holds text in one of these forms, so that nothing has to be decoded. */
  readonly encoding: 'latin1' | 'utf16le';
  readonly code: Buffer;
}

/** The names that an ES module can import from a CommonJS module. Node reads one file with them instead of many. */
export interface KeptNames {
  readonly file: FileState;
  /** The paths in the text of the module, of those whose names it exports again. */
  readonly requests: readonly string[];
  /** All modules that the names come from. */
  readonly from: readonly string[];
}

export interface KeptStart {
  readonly modules: ReadonlyMap<string, KeptModule>;
  /** The package.json files of the modules. */
  readonly scopes: ReadonlyMap<string, FileState>;
  /** By the folder of the module that requires, and the path in the call of `require`: the absolute path. */
  readonly resolved: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly names: Readonly<Record<string, KeptNames>>;
}

/** The file begins with a checksum of the rest, and the length of the JSON that follows. */
const HEAD_BYTES = 8;
/** The bits of a file's mode for its group and for all others. */
const WRITABLE_BY_OTHERS = 0o022;

/** A module in the file: the bytes of its text and of its code, and the encoding of the text. */
interface KeptPlace extends FileState {
  readonly scope: string;
  readonly lengths: readonly [source: number, code: number];
  readonly encoding: 'latin1' | 'utf16le';
}

interface Header {
  readonly modules: readonly KeptPlace[];
  readonly scopes: readonly FileState[];
  readonly resolved: KeptStart['resolved'];
  readonly names: KeptStart['names'];
}

/** Reads a file. Returns undefined if there is none, or if it changes meanwhile. */
export function readState(file: string): { readonly state: FileState; readonly bytes: Buffer } | undefined {
  const before = statSync(file, { throwIfNoEntry: false });
  const bytes = before?.isFile() ? readIfAny(file) : undefined;
  if (!before || bytes?.length !== before.size) return undefined;
  const { size, mtimeMs, ctimeMs } = before;
  return { state: { file, size, mtimeMs, ctimeMs, crc: crc32(bytes) }, bytes };
}

/** Returns the state of a file whose content is as it was; undefined if it isn't. */
export function unchangedState(known: FileState): FileState | undefined {
  const now = statSync(known.file, { throwIfNoEntry: false });
  if (now?.size !== known.size) return undefined;
  if (now.mtimeMs === known.mtimeMs && now.ctimeMs === known.ctimeMs) return known;
  const state = readState(known.file)?.state;
  return state?.crc === known.crc ? state : undefined;
}

/**
 * Reads what an earlier start has kept. Returns undefined if there is no such file, if it is damaged, or if another user
 * may have written it: it contains code.
 */
export function readKept(path: string): KeptStart | undefined {
  const bytes = readOwn(path);
  if (!bytes || bytes.length < HEAD_BYTES || bytes.readUInt32LE(0) !== crc32(bytes.subarray(4)))
    return undefined;
  let at = HEAD_BYTES + bytes.readUInt32LE(4);
  const header = JSON.parse(bytes.toString('utf8', HEAD_BYTES, at)) as Header;
  const next = (length: number): Buffer => bytes.subarray(at, (at += length));
  const modules = header.modules.map(({ lengths: [source, code], ...each }): KeptModule => ({
    ...{ ...each, source: next(source), code: next(code) },
  }));
  return {
    modules: new Map(modules.map((each) => [each.file, each])),
    scopes: new Map(header.scopes.map((each) => [each.file, each])),
    resolved: header.resolved,
    names: header.names,
  };
}

/** Reads a file that nobody but this user, or root, can have written. */
function readOwn(path: string): Buffer | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const { uid, mode } = fstatSync(file);
    const ours = process.getuid?.();
    const isOurs = ours === undefined || ((uid === ours || uid === 0) && (mode & WRITABLE_BY_OTHERS) === 0);
    return isOurs ? readFileSync(file) : undefined;
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function readIfAny(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

/** Writes what the next start may use. @throws Error if the folder is not writable */
export function writeKept(path: string, { modules, scopes, resolved, names }: KeptStart): void {
  const all = [...modules.values()];
  const header: Header = {
    modules: all.map(({ source, code, ...each }) => ({ ...each, lengths: [source.length, code.length] })),
    scopes: [...scopes.values()],
    ...{ resolved, names },
  };
  const json = Buffer.from(JSON.stringify(header));
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32LE(json.length, 4);
  const bytes = Buffer.concat([head, json, ...all.flatMap(({ source, code }) => [source, code])]);
  bytes.writeUInt32LE(crc32(bytes.subarray(4)), 0);
  writeWhole(path, bytes);
}

/** Writes a file so that no other process ever reads a part of it. */
export function writeWhole(path: string, content: Buffer | string): void {
  mkdirSync(dirname(path), { recursive: true });
  // Processes in two containers may have the same id.
  const part = `${path}.${randomUUID()}`;
  try {
    writeFileSync(part, content, { mode: 0o644 });
    renameSync(part, path);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
}
