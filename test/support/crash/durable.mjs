import { join } from 'node:path';

/**
 * What of a folder is on the disk: the names that a folder had, and the bytes that a file had, when they were last flushed
 * (fsync). This is the least that POSIX promises, and less than most file systems keep.
 */
export class Durable {
  #fs;
  #folder;
  /** The names in a folder, or the bytes of a file, by inode. */
  #kept = new Map();

  /** @param fs the calls as they were before they were counted */
  constructor(fs, folder) {
    this.#fs = fs;
    this.#folder = folder;
    fs.mkdirSync(folder, { recursive: true });
    this.#keepAll(folder);
  }

  /** To be called when a descriptor has been flushed. */
  flushed(fd) {
    const path = `/proc/self/fd/${fd}`;
    const stats = this.#fs.fstatSync(fd);
    const names = stats.isDirectory() ? this.#fs.readdirSync(path) : undefined;
    const kept = names?.map((name) => [name, this.#fs.lstatSync(join(path, name))]);
    this.#kept.set(stats.ino, kept ?? this.#fs.readFileSync(path));
    // While it is open, no other file gets its inode.
    this.#fs.openSync(path, 'r');
  }

  flushedPath(path) {
    const fd = this.#fs.openSync(path, 'r');
    this.flushed(fd);
    this.#fs.closeSync(fd);
  }

  /** Writes to another folder what is there when the power comes back. */
  restore(to) {
    this.#restore(this.#fs.statSync(this.#folder).ino, to);
  }

  #restore(ino, to, mode = 0o700) {
    this.#fs.mkdirSync(to, { mode });
    for (const [name, stats] of this.#kept.get(ino) ?? [])
      if (stats.isDirectory()) this.#restore(stats.ino, join(to, name), stats.mode);
      else this.#fs.writeFileSync(join(to, name), this.#kept.get(stats.ino) ?? '', { mode: stats.mode });
  }

  #keepAll(folder) {
    for (const entry of this.#fs.readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) this.#keepAll(path);
      else if (entry.isFile()) this.flushedPath(path);
    }
    this.flushedPath(folder);
  }
}
