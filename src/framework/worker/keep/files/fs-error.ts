import { StoreError, type StoreErrorKind } from '../../../base/store/store-error.js';
import { NewerFormat } from './record-file.js';

const KINDS: Readonly<Record<string, StoreErrorKind>> = {
  ENOSPC: 'full',
  EDQUOT: 'full',
  EFBIG: 'full',
  EACCES: 'denied',
  EPERM: 'denied',
  EROFS: 'denied',
  ENOENT: 'denied',
  ENOTDIR: 'denied',
  EISDIR: 'denied',
  ELOOP: 'denied',
};

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: make room, or set its records a shorter time to live',
  EDQUOT: 'the quota of the disk is used up: make room, or raise the quota',
  EFBIG: 'the file is larger than the file system or `ulimit -f` allows',
  EROFS: 'the file system is read-only: mount it for writing, or name another folder',
  EMFILE: 'the process has too many open files: raise `ulimit -n`',
  ENFILE: 'the machine has too many open files',
  EIO: 'the disk reports an error: look at it with `dmesg`',
};

/** Returns the code of an error of `node:fs`; undefined if it is another error. */
export const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | null)?.code;

/** Returns the error of a store for one of the file system. */
export function storeErrorOf(error: unknown, root: string): StoreError {
  if (error instanceof StoreError) return error;
  if (error instanceof NewerFormat)
    return new StoreError('denied', `directory ${root}: ${error.message}. Update this worker`, {
      cause: error,
    });
  const code = codeOf(error) ?? '';
  const reason = REASONS[code] ?? rightsReason(code) ?? (error as Error).message;
  return new StoreError(KINDS[code] ?? 'unavailable', `directory ${root}: ${reason}`, { cause: error });
}

function rightsReason(code: string): string | undefined {
  if (code === 'EACCES' || code === 'EPERM')
    return `${code}: this process (uid ${process.getuid?.() ?? '?'}) may not write there: give it the folder and all in it, by chown -R`;
  if (code === 'ENOENT') return 'the folder is gone: is its volume still mounted?';
  return undefined;
}
