import { constants } from 'node:fs';
import {
  access,
  link,
  mkdir,
  open,
  readdir,
  rename,
  rm,
  stat,
  statfs,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { StoreError } from '../../../base/store/store-error.js';
import { wallTime } from '../../../base/time/clock.js';
import { codeOf, storeErrorOf } from './fs-error.js';
import { FolderLock } from './folder-lock.js';
import { hasEnded, newHolder, uniqueId } from './process-name.js';
import { short } from './turns.js';

/** A file that lies aside for longer is removed, whoever has left it. */
const LEFT_MS = 24 * 3_600_000;
/** File systems that are no place for a store, by the number that `statfs` returns. */
const UNFIT: Readonly<Record<number, string>> = {
  0x6969:
    'is on NFS: only the processes of one machine can share it. For several machines use the store of stepwright/s3 or stepwright/dynamodb',
  0xff534d42: 'is on a network share (CIFS): only the processes of one machine can share it',
  0xfe534d42: 'is on a network share (SMB): only the processes of one machine can share it',
  0x01021994: 'is in memory (tmpfs): its records are gone when the machine or the container ends',
};

/** The folders of a store. */
export class Folder {
  readonly root: string;
  readonly records: string;
  readonly damaged: string;
  readonly lock: FolderLock;
  /** False if the file system gives a file one name only. */
  hasLinks = true;
  readonly #aside: string;
  readonly #made = new Set<string>();

  private constructor(root: string) {
    this.root = root;
    this.records = join(root, 'records');
    this.damaged = join(root, 'damaged');
    this.#aside = join(root, 'aside');
    this.lock = new FolderLock(join(root, 'lock'));
  }

  /** Makes what is missing of a store's folders. @throws StoreError of kind `denied` if the folder can't be used */
  static async open(root: string, warn: (message: string) => void): Promise<Folder> {
    const folder = new Folder(root);
    try {
      await makeRoot(root);
      for (const each of [folder.records, folder.damaged, folder.#aside]) await makeFolder(each);
      await folder.lock.make(folder.#aside);
      await syncFolder(root);
      await folder.#clearAside();
      await folder.#tryLink();
      const reason = UNFIT[(await statfs(root)).type];
      if (reason !== undefined) warn(`directory ${root} ${reason}`);
      return folder;
    } catch (error) {
      throw storeErrorOf(error, root);
    }
  }

  /** Returns the path of a new file aside. */
  newFile(): string {
    return join(this.#aside, newHolder());
  }

  /** Makes a folder of records. */
  async make(name: string): Promise<void> {
    if (this.#made.has(name)) return;
    await makeFolder(join(this.records, name));
    await syncFolder(this.records);
    this.#made.add(name);
  }

  /** Makes folders of records again if they are no longer there. */
  forget(): void {
    this.#made.clear();
  }

  /** @throws if the store's folder is no longer there */
  async checkPresence(): Promise<void> {
    await access(this.records);
  }

  /** Moves a file that isn't a record out of the way. Returns its new path. */
  async setAside(path: string): Promise<string> {
    const to = join(
      this.damaged,
      `${path.slice(this.records.length + 1).replaceAll('/', ',')}-${uniqueId()}`,
    );
    await short.run(() => rename(path, to));
    return to;
  }

  async #tryLink(): Promise<void> {
    const [file, other] = [this.newFile(), this.newFile()];
    await writeFlushed(file, Buffer.alloc(0));
    await link(file, other).catch(() => (this.hasLinks = false));
    for (const each of [file, other]) await rm(each, { force: true });
  }

  /** Removes what processes that have ended left aside. */
  async #clearAside(): Promise<void> {
    for (const name of await readdir(this.#aside)) {
      const path = join(this.#aside, name);
      if (hasEnded(name) || (await isOlder(path, LEFT_MS))) await rm(path, { recursive: true, force: true });
    }
  }
}

async function isOlder(path: string, ms: number): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && wallTime() - found.mtimeMs > ms;
}

async function makeRoot(root: string): Promise<void> {
  const denied = (what: string): StoreError => new StoreError('denied', `directory ${root}: ${what}`);
  const user = process.getuid?.() ?? '';
  try {
    await makeFolder(root);
    await access(root, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT')
      throw denied(
        `${dirname(root)} is not there. Make it (mkdir -p ${root}; chown ${user} ${root}), or mount its volume`,
      );
    if (code === 'EEXIST' || code === 'ENOTDIR')
      throw denied('it is not a folder. Name a folder that the worker may write to');
    if (code === 'EACCES' || code === 'EPERM')
      throw denied(
        `this process (uid ${user}) may not write there. Give it the folder: chown -R ${user} ${root}`,
      );
    throw error;
  }
}

/** Makes a folder unless it is there. Its parent has to be there. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST' || !(await stat(path)).isDirectory()) throw error;
  }
}

/** Flushes the names in a folder to the disk. */
export const syncFolder = (path: string): Promise<void> =>
  short.run(async () => {
    const folder = await open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  });

/**
 * Writes a new file and flushes it to the disk. Leaves nothing behind if it fails.
 * @param turns the row of calls that it waits in
 */
export const writeFlushed = (path: string, bytes: Uint8Array, turns = short): Promise<void> =>
  turns.run(() => write(path, bytes));

async function write(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFile(path, bytes, { mode: 0o600, flag: 'wx', flush: true });
  } catch (error) {
    await unlink(path).catch(() => undefined);
    throw error;
  }
}
