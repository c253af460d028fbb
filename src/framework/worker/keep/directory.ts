import { isAbsolute, normalize, resolve } from 'node:path';
import type { Store } from '../../base/store.js';
import { wallTime } from '../../base/time/clock.js';
import { DirectoryStore } from './files/directory-store.js';

/** Options of {@link directory}. */
export interface DirectoryOptions {
  /** The most bytes of one record. @default 64 MB */
  readonly maxBytes?: number | undefined;
  /** Is told of files that are no records, and of a file system that is no place for a store. @default a warning of the process */
  readonly warn?: ((message: string) => void) | undefined;
  /** The time by which records end, in epoch milliseconds. @default the machine's date */
  readonly now?: (() => number) | undefined;
}

const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;
const warnOfProcess = (message: string): void => process.emitWarning(message, 'StepwrightStore');

/**
 * Returns a store in a folder of this machine's own disk. Several processes of the machine may use it at once. The
 * folder is made with the first call, or by the start of a worker, if its parent exists. Records are files of mode 0600 in folders of mode 0700.
 *
 * A change is flushed to the disk before it resolves. A file that isn't a record is named in a warning and left alone.
 * @param path an absolute path, such as `/var/lib/stepwright`
 * @throws TypeError if the path is relative, or an option is wrong
 */
export function directory(path: string, options: DirectoryOptions = {}): Store {
  const { maxBytes = DEFAULT_MAX_BYTES, warn = warnOfProcess, now = wallTime } = options;
  checkPath(path);
  if (!Number.isSafeInteger(maxBytes) || maxBytes < 1)
    throw new TypeError(
      `directory('${path}'): expected maxBytes to be a whole number of bytes from 1, got ${maxBytes}`,
    );
  return new DirectoryStore(normalize(path).replace(/(.)\/+$/, '$1'), maxBytes, warn, now);
}

function checkPath(path: unknown): void {
  if (typeof path === 'string' && isAbsolute(path) && !path.includes('\0')) return;
  if (typeof path !== 'string' || path === '')
    throw new TypeError(
      `directory(): expected the absolute path of a folder, such as /var/lib/stepwright, got ${JSON.stringify(path)}`,
    );
  throw new TypeError(
    `directory(${JSON.stringify(path)}): expected an absolute path, because a relative one depends on the folder that the worker is started in. Write directory(${JSON.stringify(resolve(path.replaceAll('\0', '')))}), or resolve it from import.meta.url`,
  );
}
