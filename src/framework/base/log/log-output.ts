import { systemClock } from '../time/clock.js';
import sonicBoom, { type SonicBoom as SonicBoomClass } from 'sonic-boom';
import { within } from '../time/wait.js';
import { FLUSH_LIMIT_MS, sleepSync, nonBlocking } from './stdio.js';

// The package's one export is the class, which its types say only under some settings.
const SonicBoom = sonicBoom as unknown as typeof SonicBoomClass;

/** The most bytes of log lines that are kept in memory until they are written: about 40,000 lines. */
const KEPT_BYTES = 8 * 2 ** 20;
/**
 * Lines are written together: when they have this many bytes, and every {@link GATHER_MS}. One write costs as much as
 * making twenty lines.
 */
const GATHERED_BYTES = 4096;
const GATHER_MS = 100;

/**
 * Receives the number of log lines that were dropped, and the reason: the system's error code, such as ENOSPC, or
 * `behind` if writing works but is too slow.
 */
export type TellLost = (lost: number, why: string) => void;

/** Holds what waits until more may be written to an output. */
export class Drain {
  #waiting: (() => void)[] = [];

  /** Calls `fn` once: when fewer bytes wait to be written, or when a write fails. */
  whenDrained(fn: () => void): void {
    this.#waiting.push(fn);
  }

  protected wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const fn of waiting) fn();
  }
}

/**
 * Writes log lines to standard output. A line is accepted at once and written in the background, within 100 ms. If
 * lines can't be written, because the disk is full or the reader of a pipe is gone or doesn't read, they are kept and
 * tried again. While 8 MiB are kept, new lines are dropped. No call throws. Only the exit of the process waits for the
 * lines, for a second at most.
 */
class LogOutput extends Drain {
  readonly #boom = new SonicBoom({
    fd: nonBlocking(1),
    sync: false,
    minLength: GATHERED_BYTES,
    maxLength: KEPT_BYTES,
    periodicFlush: GATHER_MS,
    retryEAGAIN: () => this.#mayWait(),
  });
  #hasRoom = true;
  /** The number of lines that were dropped since the loss was last reported. */
  #lost = 0;
  /** The code of the last write error, or `behind` if all lines were written since. */
  #why = 'behind';
  #giveUpAt = Number.POSITIVE_INFINITY;
  #tellLost: TellLost = () => {};

  constructor() {
    super();
    this.#boom.on('drop', () => this.#lost++);
    this.#boom.on('write', (bytes: number) => {
      if (bytes > 0 && this.#lost > 0) this.#tell();
    });
    this.#boom.on('drain', () => {
      this.#hasRoom = true;
      this.#why = 'behind';
      this.wake();
    });
    this.#boom.on('error', ({ code = 'error' }: NodeJS.ErrnoException) => {
      this.#why = code;
      this.wake();
    });
    // This catches no signal and ends nothing: it writes the rest of the log when the process exits.
    process.once('exit', () => this.#flushSync());
  }

  /** @returns false if nothing more should be written until {@link whenDrained} calls its function */
  write(line: string): boolean {
    this.#hasRoom = this.#boom.write(line);
    return !this.isFull;
  }

  /** Sets the function that reports dropped lines. It replaces the previous one. */
  onLost(tell: TellLost): void {
    this.#tellLost = tell;
  }

  /**
   * Resolves when all lines are written, or after a second. After that second no write waits for a slow reader any
   * more, neither a later write nor the last one when the process exits.
   */
  async flush(): Promise<void> {
    this.#giveUpAt = systemClock.now() + FLUSH_LIMIT_MS;
    const flushed = new Promise<void>((resolve) => this.#boom.flush(() => resolve()));
    await within(systemClock, FLUSH_LIMIT_MS, flushed);
  }

  #flushSync(): void {
    this.#giveUpAt = Math.min(this.#giveUpAt, systemClock.now() + FLUSH_LIMIT_MS);
    // Gives a write that is under way time to finish before the next ones.
    sleepSync();
    try {
      this.#boom.flushSync();
    } catch {
      // These lines are lost, and no log is left to report it.
    }
  }

  #mayWait(): boolean {
    this.#why = 'EAGAIN';
    return systemClock.now() < this.#giveUpAt;
  }

  /**
   * True if lines wait because the reader of the log is slow or doesn't read. False if the reader is gone or the disk
   * is full: waiting wouldn't help then.
   */
  get isFull(): boolean {
    return !this.#hasRoom && (this.#why === 'behind' || this.#why === 'EAGAIN');
  }

  #tell(): void {
    const lost = this.#lost;
    this.#lost = 0;
    this.#tellLost(lost, this.#why);
    // The line that reports the loss was dropped too.
    if (this.#lost > 0) this.#lost = lost;
  }
}

let output: LogOutput | undefined;

/** Returns the only LogOutput of this process. Two of them would write into each other's lines. */
export const standardOutput = (): LogOutput => (output ??= new LogOutput());

/** True while log lines wait for a slow reader. See {@link LogOutput.whenDrained}. */
export const outputIsFull = (): boolean => output?.isFull === true;

/** Writes the log lines that still wait. Does nothing if nothing was logged. See {@link LogOutput.flush}. */
export const flushLog = async (): Promise<void> => output?.flush();
