import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { systemClock } from '../time/clock.js';

/** What somebody who does not read is waited for when the process ends. */
export const LAST_WORDS_MS = 1_000;
const NAP_MS = 10;

/**
 * A descriptor for standard output (1) or standard error (2) on which a write never waits for its reader: where it
 * would have to, it fails with EAGAIN. A thread that waits in a write would keep the process from ending.
 */
export function nonBlocking(fd: 1 | 2): number {
  // Node makes a pipe or a socket non-blocking when it makes the stream. Files are not waited for.
  const stream = fd === 1 ? process.stdout : process.stderr;
  return stream.isTTY ? ownTerminal(fd) : fd;
}

/** The terminal, opened once more: the flag then is not everybody's who shares the terminal. */
function ownTerminal(fd: number): number {
  const { O_WRONLY, O_NOCTTY, O_NONBLOCK } = constants;
  try {
    return openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NOCTTY | O_NONBLOCK);
  } catch {
    return fd;
  }
}

/** Keeps what goes wrong with `console.log` and its like from becoming an exception that nobody caught. */
export function forgiveStreams(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
}

/** Lets a terminal go that has hung up: Node aborts at exit where it can't reset it. */
export function leaveDeadTerminal(): void {
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
  const giveUpAt = systemClock.now() + LAST_WORDS_MS;
  let rest: Uint8Array = Buffer.from(`${text}\n`);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EAGAIN' || systemClock.now() >= giveUpAt) return;
      nap();
    }
  }
}

/** 10 ms in which this thread does nothing, and the others of the process go on. */
export const nap = (): unknown => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, NAP_MS);
