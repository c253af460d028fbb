import { AsyncResource } from 'node:async_hooks';
import { isAbsolute, normalize, resolve } from 'node:path';
import type { Store } from '../../base/store/store.js';
import { systemClock } from '../../base/time/clock.js';
import { LazyStore } from './lazy-store.js';

/** Options of {@link directory}. */
export interface DirectoryOptions {
  /** The most bytes of one record. @default 64 MB */
  readonly maxBytes?: number | undefined;
  /** Is told of files that were set aside, and of a file system that is no place for a store. @default a warning of the process */
  readonly warn?: ((message: string) => void) | undefined;
  /** The time by which records end, in epoch milliseconds. @default the machine's time */
  readonly now?: (() => number) | undefined;
}

const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;
const warnOfProcess = (message: string): void => process.emitWarning(message, 'StepwrightStore');

/**
 * Returns a store in a folder of this machine. Several processes of the machine may use it at once. The folder is made
 * with the first call if its parent exists. Records are files of mode 0600 in folders of mode 0700.
 *
 * A write is flushed to the disk before it resolves. Writes that run at once share their flushes.
 *
 * A file that isn't a whole record is moved into the folder `damaged` and named in a warning; the first `get` of its
 * key rejects with `damaged`, and from then on there is no such record.
 * @param path an absolute path, such as `/var/lib/stepwright`
 * @throws TypeError if the path is relative, or an option is wrong
 */
export function directory(path: string, options: DirectoryOptions = {}): Store {
  const { maxBytes = DEFAULT_MAX_BYTES, warn = warnOfProcess, now = () => systemClock.now() } = options;
  checkPath(path);
  if (!Number.isSafeInteger(maxBytes) || maxBytes < 1)
    throw new TypeError(
      `directory('${path}'): expected maxBytes to be a whole number of bytes from 1, got ${maxBytes}`,
    );
  // A store is made where the config is read, and used by tasks.
  const context = new AsyncResource('stepwright:directory');
  const root = normalize(path).replace(/(.)\/+$/, '$1');
  return new LazyStore(`directory ${root}`, `directory:${encodeURI(root)}`, maxBytes, async () => {
    const { DirectoryStore } = await import('./files/directory-store.js');
    return new DirectoryStore(root, { maxBytes, warn, now, context });
  });
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
