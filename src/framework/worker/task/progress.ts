import type { Cancel, Clock } from '../../base/time/clock.js';
import type { TaskProgress } from '../../declare/worker-events.js';

const MESSAGE_LIMIT = 256;
/**
 * The least time between two `task:progress` events of one task, since a handler may report progress in a tight loop.
 */
const EMIT_EACH_MS = 1_000;

interface ProgressParts {
  readonly clock: Clock;
  /** Called with the latest progress: the first time at once, then at most once per second. */
  readonly emit: (progress: TaskProgress) => void;
  /**
   * Runs a function in the async context of the worker instead of the task's, so that what the function starts doesn't
   * belong to the task.
   */
  readonly outside: <T>(fn: () => T) => T;
}

/**
 * The progress of one task. It stores the progress that the handler reported last, and limits the rate of
 * `task:progress` events. Its methods never throw.
 */
export class Progress {
  #latest: TaskProgress | undefined;
  #emittedAt = Number.NEGATIVE_INFINITY;
  #later: Cancel | undefined;
  #ended = false;

  constructor(private readonly parts: ProgressParts) {}

  get latest(): TaskProgress | undefined {
    return this.#latest;
  }

  /**
   * Records new progress. A fraction below 0 becomes 0, and one above 1 becomes 1. A fraction that isn't a number is
   * ignored.
   */
  update(fraction: number | undefined, message: string | undefined): void {
    if (this.#ended) return;
    const { clock, outside } = this.parts;
    const now = clock.now();
    this.#latest = { fraction: withinOne(fraction), message: shortened(message), at: now };
    if (now - this.#emittedAt >= EMIT_EACH_MS) return this.#emit();
    this.#later ??= outside(() => clock.after(this.#emittedAt + EMIT_EACH_MS - now, () => this.#emit()));
  }

  /** Ends the task's progress: later calls of `update` are ignored, and no further event is emitted. */
  end(): void {
    this.#ended = true;
    this.#later?.();
  }

  #emit(): void {
    this.#later?.();
    this.#later = undefined;
    this.#emittedAt = this.parts.clock.now();
    if (this.#latest) this.parts.emit(this.#latest);
  }
}

const withinOne = (fraction: unknown): number | undefined =>
  typeof fraction === 'number' && !Number.isNaN(fraction) ? Math.min(1, Math.max(0, fraction)) : undefined;

const shortened = (message: unknown): string | undefined =>
  typeof message === 'string' ? message.slice(0, MESSAGE_LIMIT) : undefined;
