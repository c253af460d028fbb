import { StoreError, type StoreErrorKind } from '../../../base/store.js';

let free = 3;
const waiting: (() => void)[] = [];

/**
 * Makes a call to the file system, for all stores of this process at most three at once, first come, first served. Each
 * call that isn't answered keeps one of Node's four threads. If the disk doesn't answer at all, one is left for
 * everything else, such as resolving names.
 */
export async function inTurn<T>(call: () => Promise<T>): Promise<T> {
  if (free > 0) free -= 1;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  try {
    return await call();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else free += 1;
  }
}

const RIGHTS = 'this process may not write there: give it the folder and all in it, by chown -R';

/** What an error of the file system means for a store, and what to do about it. */
const MEANINGS: Readonly<Record<string, readonly [kind: StoreErrorKind, text: string]>> = {
  ENOSPC: ['full', 'the disk is full: make room'],
  EDQUOT: ['full', 'the quota of the disk is used up: make room, or raise the quota'],
  EFBIG: ['full', 'the file is larger than the file system or `ulimit -f` allows'],
  EACCES: ['denied', RIGHTS],
  EPERM: ['denied', RIGHTS],
  EROFS: ['denied', 'the file system is read-only: mount it for writing, or name another folder'],
  ENOENT: ['denied', 'the folder, or the one that it is to be made in, is not there: is its volume mounted?'],
  ENOTDIR: ['denied', 'it is not a folder: name a folder that the worker may write to'],
  EMFILE: ['unavailable', 'the process has too many open files: raise `ulimit -n`'],
  EIO: ['unavailable', 'the disk reports an error: look at it with `dmesg`'],
};

/** Returns the code of an error of `node:fs`; undefined if it is another error. */
export const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | null)?.code;

/** Returns true if an error says that there is no such file. */
export const isAbsent = (error: unknown): boolean => codeOf(error) === 'ENOENT';

/** Does nothing about an error by which a folder can't be made because it is there. */
export function unlessThere(error: unknown): void {
  if (codeOf(error) !== 'EEXIST') throw error;
}

/** Returns the error of a store for one of the file system. */
export function storeErrorOf(error: unknown, name: string): StoreError {
  if (error instanceof StoreError) return error;
  const { code = '', message } = error as NodeJS.ErrnoException;
  const [kind, text] = MEANINGS[code] ?? ['unavailable', message];
  const uid = kind === 'denied' ? `, uid ${process.getuid?.() ?? '?'}` : '';
  return new StoreError(kind, `${name}: ${text} (${code}${uid})`, { cause: error });
}
