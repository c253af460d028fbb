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
  const stream = fd === 1 ? process.stdout : process.stderr;
  return stream.isTTY || statOf(fd).isFIFO() ? reopened(fd) : fd;
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
 * Closes standard input, output and error if they belong to a terminal that has hung up. Node tries to reset its
 * terminal at exit, and aborts if that fails.
 */
export function closeDeadTerminal(): void {
  for (const fd of [0, 1, 2]) {
    try {
      writeSync(fd, '');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EIO') closeSync(fd);
    }
  }
}

/**
 * Writes to standard error and returns once the text is written, even while the process exits. Waits for the reader a
 * second at most. Never throws.
 */
export function writeErrorSync(text: string): void {
  const fd = nonBlocking(2);
  const giveUpAt = systemClock.now() + FLUSH_LIMIT_MS;
  let rest: Uint8Array = Buffer.from(`${text}\n`);
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
