import { systemClock } from '../time/clock.js';
import sonicBoom, { type SonicBoom as SonicBoomClass } from 'sonic-boom';
import { within } from '../time/wait.js';
import { FLUSH_LIMIT_MS, sleepSync, nonBlocking } from './stdio.js';

// The package's one export is the class, which its types say only under some settings.
const SonicBoom = sonicBoom as unknown as typeof SonicBoomClass;

/** The most bytes of log lines that are kept in memory while they can't be written: about 20,000 lines. */
const KEPT_BYTES = 4 * 2 ** 20;
/**
 * The most bytes of log lines that are kept in memory while they are being written, but more slowly than they are
 * logged. This limit is higher than {@link KEPT_BYTES}, since a program may log a lot at once.
 */
const BEHIND_BYTES = 16 * KEPT_BYTES;
/**
 * After a write, the lines of the next 10 ms are gathered and written together, since one write costs as much as twenty
 * lines.
 */
const GATHER_MS = 10;
const GATHERED_LENGTH = 2 ** 16;
/**
 * While more bytes of log lines than this wait to be written, the output of child processes isn't read: a child that
 * writes a lot then has to wait.
 */
const FULL_BYTES = 2 ** 20;
/**
 * While so many lines are kept that new ones are dropped, attempts to write are at least this many milliseconds apart.
 */
const RETRY_MS = 1_000;

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
 * Writes log lines to standard output. A line is accepted at once and written in the background. If lines can't be
 * written, because the disk is full or the reader of a pipe is gone or doesn't read, they are kept and tried again
 * together with later ones. While 4 MiB are kept, new lines are dropped. No call throws. Only the exit of the process
 * waits for the lines, for a second at most.
 */
class LogOutput extends Drain {
  readonly #boom = new SonicBoom({
    fd: nonBlocking(1),
    sync: false,
    // With this value, the smallest possible, a flush tries again even if there is no new line.
    minLength: 1,
    retryEAGAIN: () => this.#mayWait(),
  });
  #keptBytes = 0;
  /** Lines that wait to be written together. Undefined if the next line is to be written at once. */
  #gathered: string | undefined;
  /** The number of lines that were dropped since the loss was last reported. */
  #lost = 0;
  /**
   * The reason for which lines are dropped: the code of the last write error, or `behind` if no write has failed since
   * the last time that no line was waiting.
   */
  #why = 'behind';
  #triedAt = Number.NEGATIVE_INFINITY;
  #giveUpAt = Number.POSITIVE_INFINITY;
  #tellLost: TellLost = () => {};

  constructor() {
    super();
    this.#boom.on('error', ({ code = 'error' }: NodeJS.ErrnoException) => {
      this.#why = code;
      this.wake();
    });
    this.#boom.on('write', (bytes: number) => this.#wrote(bytes));
    // This catches no signal and ends nothing: it writes the rest of the log when the process exits.
    process.once('exit', () => this.#flushSync());
  }

  /** @returns false if nothing more should be written until {@link whenDrained} calls its function */
  write(line: string): boolean {
    const bytes = Buffer.byteLength(line);
    const most = this.#why === 'behind' ? BEHIND_BYTES : KEPT_BYTES;
    if (this.#keptBytes + bytes > most) this.#drop();
    else {
      this.#keptBytes += bytes;
      this.#gather(line);
    }
    return !this.isFull;
  }

  #gather(line: string): void {
    if (this.#gathered === undefined) {
      this.#boom.write(line);
      return this.#gatherMore();
    }
    this.#gathered += line;
    if (this.#gathered.length > GATHERED_LENGTH) this.#writeGathered();
  }

  #gatherMore(): void {
    this.#gathered = '';
    systemClock.after(GATHER_MS, () => {
      if (this.#gathered) {
        this.#writeGathered();
        this.#gatherMore();
      } else this.#gathered = undefined;
    });
  }

  #writeGathered(): void {
    if (!this.#gathered) return;
    this.#boom.write(this.#gathered);
    this.#gathered = '';
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
    this.#writeGathered();
    const flushed = new Promise<void>((resolve) => this.#boom.flush(() => resolve()));
    await within(systemClock, FLUSH_LIMIT_MS, flushed);
  }

  #flushSync(): void {
    this.#giveUpAt = Math.min(this.#giveUpAt, systemClock.now() + FLUSH_LIMIT_MS);
    this.#writeGathered();
    // Gives a write that is under way time to finish before the next ones.
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
    if (!this.isFull) this.wake();
  }

  /**
   * True if many lines wait because the reader of the log is slow or doesn't read. False if the reader is gone or the
   * disk is full: waiting wouldn't help then.
   */
  get isFull(): boolean {
    return this.#keptBytes > FULL_BYTES && (this.#why === 'behind' || this.#why === 'EAGAIN');
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
