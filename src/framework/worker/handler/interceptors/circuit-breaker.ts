import { inject, injectable } from '../../../declare/container.js';
import { show } from '../../../base/show.js';
import type { Clock } from '../../../base/time/clock.js';
import { DURATION_EXPECTED, parseDuration } from '../../../base/time/duration.js';
import type { Constructor } from '../../../declare/class.js';
import type { InterceptedTask, Interceptor } from '../../../declare/interceptor.js';
import { isText } from '../../../declare/option-rules.js';
import type { TaskContext } from '../../../declare/task-context.js';
import { CLOCK } from '../../container/registrations.js';
import { failureOf } from '../outcome/failure.js';

/** Options of {@link CircuitBreaker}. */
export interface CircuitBreakerOptions {
  /** The fraction of failed tasks above which the handler is paused: at least 0, and less than 1. */
  readonly failed: number;
  /** The number of last tasks that count, 1 to 1000. */
  readonly of: number;
  /** The error names that count as failures here, in the form in which they are reported to the service. */
  readonly on: readonly string[];
  /** The duration of a pause, such as `'1m'`. */
  readonly pause: string;
}

/**
 * Makes an interceptor that pauses the handler by `task.pauseHandler` if more than the fraction `failed` of its last `of`
 * tasks failed with an error name in `on`, such as when a service that the handler calls is down. After the pause the
 * count starts again, without tasks that were received before the pause. Each thread and process of a pool counts its own tasks.
 * @throws TypeError for a bad option
 */
export function CircuitBreaker(options: CircuitBreakerOptions): Constructor<Interceptor> {
  const { failed, of, on, pause } = checked(options);

  @injectable()
  class Breaking implements Interceptor {
    /** For each of the last tasks of a handler, true if it failed with a name that counts. */
    readonly #last = new Map<string, boolean[]>();
    /** The times at which handlers were last paused. */
    readonly #pausedAt = new Map<string, number>();

    constructor(@inject(CLOCK) private readonly clock: Clock) {}

    async intercept({ context }: InterceptedTask, next: () => Promise<unknown>): Promise<unknown> {
      try {
        const result = await next();
        this.#ended(context, false);
        return result;
      } catch (error) {
        this.#ended(
          context,
          on.includes(failureOf(error, { handler: context.handler, warn: () => {} }).error),
        );
        throw error;
      }
    }

    #ended(task: TaskContext, hasFailed: boolean): void {
      if (task.receivedAt.getTime() < (this.#pausedAt.get(task.handler) ?? 0)) return;
      const last = [...(this.#last.get(task.handler) ?? []), hasFailed].slice(-of);
      const many = last.filter(Boolean).length;
      const isOpen = many > failed * of;
      this.#last.set(task.handler, isOpen ? [] : last);
      if (!isOpen) return;
      this.#pausedAt.set(task.handler, this.clock.now());
      task.pauseHandler(pause, `${many} of the last ${last.length} tasks failed by ${on.join(', ')}`);
    }
  }
  return Breaking;
}

function checked(options: CircuitBreakerOptions): CircuitBreakerOptions {
  const { failed, of, on, pause } = options;
  const refuse = (option: string, expected: string, got: unknown): never => {
    throw new TypeError(`CircuitBreaker: expected \`${option}\` to be ${expected}, got ${show(got)}`);
  };
  if (!(failed >= 0 && failed < 1)) refuse('failed', 'a number from 0 up to but not 1', failed);
  if (!Number.isInteger(of) || of < 1 || of > 1_000) refuse('of', 'a whole number from 1 to 1000', of);
  if (!Array.isArray(on) || on.length === 0 || !on.every(isText)) refuse('on', 'a list of error names', on);
  if (!parseDuration(pause)) refuse('pause', `${DURATION_EXPECTED}, above 0`, pause);
  return options;
}
