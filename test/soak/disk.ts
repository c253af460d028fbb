import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where workers write their logs, and which can be full for a while. */
export interface Disk {
  /** What it is, for a person. */
  readonly what: string;
  /** The file that a worker which starts now is to write to. */
  logOf(worker: string): string;
  /** All that this worker could write. */
  read(worker: string): string;
  fill(): void;
  free(): void;
  close(): void;
}

/** More than all logs of a run take. */
const SIZE = '16m';
/** Mounts where nobody else sees it, and keeps that until nothing is at the other end of its input. */
const MOUNT = `mount -t tmpfs -o size=${SIZE} none "$0" && echo mounted && exec cat`;
const PAGE = Buffer.alloc(4_096);

/** @returns a small disk of its own, or, where this machine lets nobody mount one, what comes nearest. */
export async function openDisk(): Promise<Disk> {
  const dir = mkdtempSync(join(tmpdir(), 'stepwright-disk-'));
  const keeper = spawn('unshare', ['-Urm', 'sh', '-c', MOUNT, dir], { stdio: ['pipe', 'pipe', 'ignore'] });
  const mounted = await new Promise<boolean>((resolve) => {
    keeper.stdout.once('data', () => resolve(true));
    keeper.once('exit', () => resolve(false)).once('error', () => resolve(false));
  });
  if (mounted) return tmpfs(keeper, dir);
  rmSync(dir, { recursive: true });
  console.error(
    'NOT TRIED: no tmpfs can be mounted here (unshare -Urm is refused). Workers that start while the disk is to be full write to /dev/full instead, and those that run already notice nothing.',
  );
  return devFull();
}

function tmpfs(keeper: ChildProcess, dir: string): Disk {
  const root = `/proc/${keeper.pid}/root${dir}`;
  const filler = join(root, 'filler');
  return {
    what: 'a tmpfs',
    logOf: (worker) => join(root, `${worker}.log`),
    read: (worker) => readFileSync(join(root, `${worker}.log`), 'utf8'),
    fill: () => fill(filler),
    free: () => rmSync(filler, { force: true }),
    close: () => {
      keeper.stdin?.end();
      keeper.once('exit', () => rmSync(dir, { recursive: true }));
    },
  };
}

function devFull(): Disk {
  const dir = mkdtempSync(join(tmpdir(), 'stepwright-disk-'));
  let full = false;
  return {
    what: '/dev/full',
    logOf: (worker) => {
      const file = join(dir, `${worker}.log`);
      // So that there is something to compare with.
      appendFileSync(file, '');
      return full ? '/dev/full' : file;
    },
    read: (worker) => readFileSync(join(dir, `${worker}.log`), 'utf8'),
    fill: () => void (full = true),
    free: () => void (full = false),
    close: () => rmSync(dir, { recursive: true }),
  };
}

/** Writes until nothing more is taken. */
function fill(path: string): void {
  const fd = openSync(path, 'a');
  try {
    for (;;) writeSync(fd, PAGE);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    closeSync(fd);
  }
}
