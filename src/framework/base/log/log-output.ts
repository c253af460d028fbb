import { systemClock } from '../time/clock.js';
import { loadLibrary } from '../load-library.js';
import { LAST_WORDS_MS, nap, nonBlocking } from './stdio.js';

const { SonicBoom } = loadLibrary('sonic-boom') as typeof import('sonic-boom');

/** What is kept of a log that can't be written: some 20,000 lines. */
const KEPT_BYTES = 4 * 2 ** 20;
/** What is kept of one that can be, and is only behind: a program may write much in one breath. */
const BEHIND_BYTES = 16 * KEPT_BYTES;
/** Lines that come so soon after another are written together: each write costs more than the line it writes. */
const GATHER_MS = 10;
const GATHERED_LENGTH = 2 ** 14;
/** PIPE_BUF of Linux: what is written to a pipe at once and is no longer is not cut by what others write (pipe(7)). */
const WHOLE_BYTES = 4096;
/** How often a log is tried again that is full and can't be written. */
const RETRY_MS = 1_000;

/** Why lines were dropped: the system's code of what keeps them from being written, such as ENOSPC, or `behind`. */
export type TellLost = (lost: number, why: string) => void;

/**
 * Standard output for the lines of logs. A line is taken at once and written behind the program's back; what can't
 * be written (a full disk, a reader that is gone or does not read) is kept, tried again with later lines, and
 * dropped beyond 4 MiB. Nothing is ever thrown, and nothing is waited for but for a second at the end.
 */
class LogOutput {
  readonly #boom = new SonicBoom({
    fd: nonBlocking(1),
    sync: false,
    // The least at which a flush without a new line tries again.
    minLength: 1,
    ...(isShared && { maxWrite: WHOLE_BYTES }),
    retryEAGAIN: () => this.#mayWait(),
  });
  #keptBytes = 0;
  /** Lines that wait for others; undefined where none would be waited for. */
  #gathered: string | undefined;
  /** Since they were last told. */
  #lost = 0;
  /** What went wrong since all was written last. */
  #why = 'behind';
  #triedAt = Number.NEGATIVE_INFINITY;
  #giveUpAt = Number.POSITIVE_INFINITY;
  #tellLost: TellLost = () => {};

  constructor() {
    this.#boom.on('error', ({ code = 'error' }: NodeJS.ErrnoException) => void (this.#why = code));
    this.#boom.on('write', (bytes: number) => this.#wrote(bytes));
    // Neither a signal nor an end of the process: what is left of the log when it ends by itself.
    process.once('exit', () => this.#flushSync());
  }

  write(line: string): void {
    const bytes = Buffer.byteLength(line);
    const most = this.#why === 'behind' ? BEHIND_BYTES : KEPT_BYTES;
    if (this.#keptBytes + bytes > most) return this.#drop();
    this.#keptBytes += bytes;
    // What is handed over as one is written as one, however long: so line by line, which it puts together itself.
    if (isShared) return void this.#boom.write(line);
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

  /** @param tell writes what it is told as a line of the log. The last one given is told. */
  onLost(tell: TellLost): void {
    this.#tellLost = tell;
  }

  /** Resolves when all lines are written, can't be, or had their second. None is waited for any more after it. */
  lastLines(): Promise<void> {
    this.#giveUpAt = systemClock.now() + LAST_WORDS_MS;
    this.#writeGathered();
    return new Promise((resolve) => {
      const cancel = systemClock.after(LAST_WORDS_MS, resolve);
      this.#boom.flush(() => {
        cancel();
        resolve();
      });
    });
  }

  #flushSync(): void {
    this.#giveUpAt = Math.min(this.#giveUpAt, systemClock.now() + LAST_WORDS_MS);
    this.#writeGathered();
    // A write that is on its way gets its turn before those that follow it.
    if (this.#keptBytes > 0) nap();
    try {
      this.#boom.flushSync();
    } catch {
      // These lines are lost, and nobody is left to be told.
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
  }

  #tell(): void {
    const lost = this.#lost;
    this.#lost = 0;
    this.#tellLost(lost, this.#why);
    // The line that told it found no place itself.
    if (this.#lost > 0) this.#lost = lost;
  }
}

let output: LogOutput | undefined;
let isShared = false;

/**
 * To be called before the first line: other processes write to the same standard output, and lines of up to 4 KiB are
 * to stay whole in a pipe as well.
 */
export const shareOutput = (): void => void (isShared = true);

/** The one of this process: two would cut each other's lines in pieces. */
export const standardOutput = (): LogOutput => (output ??= new LogOutput());

/** The end of the log, if anything was logged: see {@link LogOutput.lastLines}. */
export const lastLines = async (): Promise<void> => output?.lastLines();
