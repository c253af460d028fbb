import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import { systemClock } from '../time/clock.js';

/** The longest that the end of a process waits for a reader of its output that does not read. */
export const FLUSH_LIMIT_MS = 1_000;
const SLEEP_MS = 10;

/**
 * Returns a descriptor of standard output (1) or standard error (2) on which a write never waits for its reader, but fails
 * with EAGAIN instead. A thread that waits in a write would keep the process from exiting.
 */
export function nonBlocking(fd: 1 | 2): number {
  // Node makes a pipe or a socket non-blocking when it makes the stream. A file never makes a write wait.
  const stream = fd === 1 ? process.stdout : process.stderr;
  return stream.isTTY || fstatSync(fd).isFIFO() ? reopened(fd) : fd;
}

/** Opens a terminal or a pipe again, since a process that shares the stream may clear the flag for all that do. */
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
 * Closes the standard descriptors of a terminal that has hung up: Node aborts at exit where it can't reset the
 * terminal.
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

/** Writes to standard error before it returns, also while the process exits. Never throws, and waits a second at most. */
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

/** Blocks this thread for 10 ms; the other threads of the process go on. */
export const sleepSync = (): unknown =>
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SLEEP_MS);
