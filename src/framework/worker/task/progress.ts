import type { Cancel, Clock } from '../../base/time/clock.js';

/** How far a task is, as its handler last said. */
export interface TaskProgress {
  /** From 0 to 1; undefined where none was said. */
  readonly fraction: number | undefined;
  /** At most 256 characters. */
  readonly message: string | undefined;
  /** When it was said, in epoch milliseconds. */
  readonly at: number;
}

const MESSAGE_LIMIT = 256;
/** A handler may say it in a tight loop; others are told this often. */
const TELL_EACH_MS = 1_000;

export interface ProgressParts {
  readonly clock: Clock;
  /** Told the latest, at once and then at most once a second. */
  readonly tell: (progress: TaskProgress) => void;
  /** Sets timers in the worker's own asynchronous context. */
  readonly outside: <T>(fn: () => T) => T;
}

/** What one handler says of its progress. The latest always stands; telling it is rationed. Never throws. */
export class Progress {
  readonly #parts: ProgressParts;
  #latest: TaskProgress | undefined;
  #toldAt = Number.NEGATIVE_INFINITY;
  #later: Cancel | undefined;
  #ended = false;

  constructor(parts: ProgressParts) {
    this.#parts = parts;
  }

  get latest(): TaskProgress | undefined {
    return this.#latest;
  }

  /** A fraction outside of 0 to 1 is moved to its end; one that is no number is none. */
  say(fraction: number | undefined, message: string | undefined): void {
    if (this.#ended) return;
    const { clock, outside } = this.#parts;
    const now = clock.now();
    this.#latest = { fraction: withinOne(fraction), message: shortened(message), at: now };
    if (now - this.#toldAt >= TELL_EACH_MS) return this.#tell();
    this.#later ??= outside(() => clock.after(this.#toldAt + TELL_EACH_MS - now, () => this.#tell()));
  }

  /** Nothing is said or told any more. */
  end(): void {
    this.#ended = true;
    this.#later?.();
  }

  #tell(): void {
    this.#later?.();
    this.#later = undefined;
    this.#toldAt = this.#parts.clock.now();
    if (this.#latest) this.#parts.tell(this.#latest);
  }
}

const withinOne = (fraction: unknown): number | undefined =>
  typeof fraction === 'number' && !Number.isNaN(fraction) ? Math.min(1, Math.max(0, fraction)) : undefined;

const shortened = (message: unknown): string | undefined =>
  typeof message === 'string' ? message.slice(0, MESSAGE_LIMIT) : undefined;
