import { systemClock } from '../time/clock.js';
import { loadLibrary } from '../load-library.js';
import { FLUSH_LIMIT_MS, sleepSync, nonBlocking } from './stdio.js';

const { SonicBoom } = loadLibrary('sonic-boom') as typeof import('sonic-boom');

/** The most bytes that wait while the log can't be written: some 20,000 lines. */
const KEPT_BYTES = 4 * 2 ** 20;
/** The most bytes that wait while writing works but is behind, since a program may write much at once. */
const BEHIND_BYTES = 16 * KEPT_BYTES;
/** Lines that follow another within this time are written together, since a write costs more than a line. */
const GATHER_MS = 10;
const GATHERED_LENGTH = 2 ** 14;
/** While more than this is kept, output of children is not read. */
const FULL_BYTES = 2 ** 20;
/** The interval at which a log that is full and can't be written is tried again. */
const RETRY_MS = 1_000;

/** Called with the number of dropped lines and the reason: the system's code, such as ENOSPC, or `behind`. */
export type TellLost = (lost: number, why: string) => void;

/**
 * Standard output for the lines of logs. A line is accepted at once and written in the background. Lines that can't be
 * written (a full disk, a reader that is gone or does not read) are kept, tried again with later ones, and dropped
 * beyond 4 MiB. No call throws, and only the end of the process waits for the lines, for a second at most.
 */
class LogOutput {
  readonly #boom = new SonicBoom({
    fd: nonBlocking(1),
    sync: false,
    // The smallest value with which a flush without a new line tries again.
    minLength: 1,
    retryEAGAIN: () => this.#mayWait(),
  });
  #keptBytes = 0;
  /** Lines that wait to be written with later ones; undefined where the next line is written at once. */
  #gathered: string | undefined;
  /** The number of lines dropped since the last report of dropped lines. */
  #lost = 0;
  /** Why lines are dropped: the code of the last error since all lines were written, or `behind` without an error. */
  #why = 'behind';
  #triedAt = Number.NEGATIVE_INFINITY;
  #giveUpAt = Number.POSITIVE_INFINITY;
  #tellLost: TellLost = () => {};
  #waiting: (() => void)[] = [];

  constructor() {
    this.#boom.on('error', ({ code = 'error' }: NodeJS.ErrnoException) => {
      this.#why = code;
      this.#wake();
    });
    this.#boom.on('write', (bytes: number) => this.#wrote(bytes));
    // This catches no signal and ends nothing: it writes the rest of the log when the process exits.
    process.once('exit', () => this.#flushSync());
  }

  /** @returns false where more can wait until {@link whenDrained} */
  write(line: string): boolean {
    const bytes = Buffer.byteLength(line);
    const most = this.#why === 'behind' ? BEHIND_BYTES : KEPT_BYTES;
    if (this.#keptBytes + bytes > most) this.#drop();
    else {
      this.#keptBytes += bytes;
      this.#gather(line);
    }
    return !this.#isFull;
  }

  /** Calls a function once, when less is kept or nothing more can be written. */
  whenDrained(fn: () => void): void {
    this.#waiting.push(fn);
  }

  #gather(line: string): void {
    if (this.#gathered !== undefined) {
      this.#gathered += line;
      if (this.#gathered.length > GATHERED_LENGTH) this.#writeGathered();
      return;
    }
    this.#boom.write(line);
    this.#gathered = '';
    systemClock.after(GATHER_MS, () => {
      this.#writeGathered();
      this.#gathered = undefined;
    });
  }

  #writeGathered(): void {
    if (!this.#gathered) return;
    this.#boom.write(this.#gathered);
    this.#gathered = '';
  }

  /** Sets the function that logs dropped lines, in place of the previous one. */
  onLost(tell: TellLost): void {
    this.#tellLost = tell;
  }

  /**
   * Resolves when all lines are written or can't be, after a second at most. From then on no write waits for its
   * reader.
   */
  flush(): Promise<void> {
    this.#giveUpAt = systemClock.now() + FLUSH_LIMIT_MS;
    this.#writeGathered();
    return new Promise((resolve) => {
      const cancel = systemClock.after(FLUSH_LIMIT_MS, resolve);
      this.#boom.flush(() => {
        cancel();
        resolve();
      });
    });
  }

  #flushSync(): void {
    this.#giveUpAt = Math.min(this.#giveUpAt, systemClock.now() + FLUSH_LIMIT_MS);
    this.#writeGathered();
    // A write under way may finish before the next ones.
    if (this.#keptBytes > 0) sleepSync();
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

  #drop(): void {
    this.#lost++;
    const now = systemClock.now();
    if (now - this.#triedAt < RETRY_MS) return;
    this.#triedAt = now;
    this.#boom.flush();
  }

  #wrote(bytes: number): void {
    this.#keptBytes = Math.max(0, this.#keptBytes - bytes);
    if (this.#lost > 0) this.#tell();
    if (this.#keptBytes === 0) this.#why = 'behind';
    if (!this.#isFull) this.#wake();
  }

  /** True where a reader is slow, or does not read. One that is gone, or a full disk, is not waited for. */
  get #isFull(): boolean {
    return this.#keptBytes > FULL_BYTES && (this.#why === 'behind' || this.#why === 'EAGAIN');
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const fn of waiting) fn();
  }

  #tell(): void {
    const lost = this.#lost;
    this.#lost = 0;
    this.#tellLost(lost, this.#why);
    // The line that reports it was dropped itself.
    if (this.#lost > 0) this.#lost = lost;
  }
}

let output: LogOutput | undefined;

/** Returns the one output of this process: two would cut each other's lines. */
export const standardOutput = (): LogOutput => (output ??= new LogOutput());

/** Writes the rest of the log; does nothing where nothing was logged. See {@link LogOutput.flush}. */
export const flushLog = async (): Promise<void> => output?.flush();
