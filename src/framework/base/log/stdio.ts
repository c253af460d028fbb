import { type BigIntStats, closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import { systemClock } from '../time/clock.js';

/**
 * The most milliseconds that a process delays its exit because its last output isn't written yet, such as when the
 * reader of a pipe doesn't read.
 */
export const FLUSH_LIMIT_MS = 1_000;
const SLEEP_MS = 10;

/**
 * Returns a file descriptor of standard output (1) or standard error (2) on which a write never waits for the reader:
 * if the pipe is full, the write fails with EAGAIN. Otherwise a thread that is blocked in a write would keep the
 * process from exiting.
 */
export function nonBlocking(fd: 1 | 2): number {
  // Node makes a pipe or a socket non-blocking when it makes the stream. A file never makes a write wait.
  void (fd === 1 ? process.stdout : process.stderr);
  // The descriptor itself is asked, not the stream, which still says that it is a terminal's when that is gone.
  const stat = statOf(fd);
  return stat.isCharacterDevice() || stat.isFIFO() ? reopened(fd) : fd;
}

/**
 * Returns the stats of an open file. They are read as bigints, because Node keeps the last ones that were read as
 * numbers: while those are a pipe's, it loads packages from symbolic links without resolving the links.
 */
export const statOf = (fd: number): BigIntStats => fstatSync(fd, { bigint: true });

/**
 * Opens a terminal or a pipe a second time, so that the new descriptor has flags of its own: on the shared descriptor
 * any other process could clear O_NONBLOCK. Returns the given descriptor if the system can't do that.
 */
function reopened(fd: number): number {
  const { O_WRONLY, O_NOCTTY, O_NONBLOCK } = constants;
  try {
    return openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NOCTTY | O_NONBLOCK);
  } catch {
    return fd;
  }
}

/** Keeps a failed `console.log` from becoming an uncaught exception. */
export function ignoreStreamErrors(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
}

/**
 * Lets go of standard input, output and error if they belong to a terminal that has hung up. Node tries to reset its
 * terminal at exit, and aborts if that fails. Each is replaced by the null device: a number that is free would be given
 * to the next file that any thread opens, and what is written to standard error would go into that file.
 */
export function releaseDeadTerminal(): void {
  for (const fd of [0, 1, 2]) {
    try {
      writeSync(fd, '');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EIO') replaceByNull(fd);
    }
  }
}

/** The standard streams that are let go of. Another thread may have taken their number, so nothing is written there. */
const released = new Set<number>();

function replaceByNull(fd: number): void {
  released.add(fd);
  closeSync(fd);
  // The system gives the lowest number that is free.
  openSync('/dev/null', constants.O_RDWR);
}

/**
 * Writes to standard error and returns once the text is written, even while the process exits. Waits for the reader a
 * second at most. Never throws.
 */
export function writeErrorSync(text: string): void {
  if (released.has(2)) return;
  try {
    writeWhole(nonBlocking(2), Buffer.from(`${text}\n`));
  } catch {
    // There is nothing left to say it on.
  }
}

function writeWhole(fd: number, bytes: Uint8Array): void {
  const giveUpAt = systemClock.now() + FLUSH_LIMIT_MS;
  let rest = bytes;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EAGAIN' || systemClock.now() >= giveUpAt) return;
      sleepSync();
    }
  }
}

/** Blocks this thread for 10 ms. Other threads of the process keep running. */
export const sleepSync = (): unknown =>
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SLEEP_MS);
