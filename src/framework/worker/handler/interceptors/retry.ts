import { inject, injectable } from 'tsyringe';
import { fullJitter } from '../../../base/time/backoff.js';
import type { Clock } from '../../../base/time/clock.js';
import { ActivityFailure } from '../../../declare/activity-failure.js';
import type { Constructor } from '../../../declare/class.js';
import type { InterceptedTask, Interceptor } from '../../../declare/interceptor.js';
import { readErrorName } from '../../../declare/metadata.js';
import { DURATION_EXPECTED, parseDuration } from '../../../base/time/duration.js';
import { show } from '../../../base/show.js';
import { CLOCK, RANDOM } from '../../container/tokens.js';

/** Options of {@link Retry}. */
export interface RetryOptions {
  /** The most calls of the handler for one task, with the first. @default 3 */
  readonly attempts?: number;
  /**
   * The longest wait before the second attempt, doubled for each further attempt. Each wait is random, from zero up to
   * that.
   * @default '200ms'
   */
  readonly delay?: string;
  /** The longest that a wait becomes by doubling. @default '20s' */
  readonly maxDelay?: string;
  /**
   * Returns true for errors that are worth another attempt.
   * @default true for all errors but those with a name given on purpose: ActivityFailure, `@ErrorName`
   */
  readonly when?: (error: unknown) => boolean;
}

/**
 * Makes an interceptor that calls the handler again when it throws, on this worker, while the task stays leased. No
 * call is made once the task's signal has aborted. For waits of minutes, and for attempts on another worker, use
 * `Retry` in the state machine instead.
 * @throws TypeError for a bad option
 */
export function Retry(options: RetryOptions = {}): Constructor<Interceptor> {
  const { attempts, delayMs, maxDelayMs, when } = checked(options);

  @injectable()
  class Retrying implements Interceptor {
    readonly #clock: Clock;
    readonly #random: () => number;

    constructor(@inject(CLOCK) clock: Clock, @inject(RANDOM) random: () => number) {
      this.#clock = clock;
      this.#random = random;
    }

    async intercept({ context }: InterceptedTask, next: () => Promise<unknown>): Promise<unknown> {
      const { signal, log } = context;
      for (let attempt = 1; ; attempt++) {
        try {
          return await next();
        } catch (error) {
          if (attempt >= attempts || signal.aborted || !when(error)) throw error;
          const waitMs = fullJitter(attempt, delayMs, maxDelayMs, this.#random);
          log.warn({ err: error, attempt, waitMs }, 'the handler failed and is called again');
          await this.#clock.sleep(waitMs, signal);
          if (signal.aborted) throw error;
        }
      }
    }
  }
  return Retrying;
}

function checked({ attempts = 3, delay = '200ms', maxDelay = '20s', when = isUnnamed }: RetryOptions) {
  if (!Number.isInteger(attempts) || attempts < 1) {
    throw new TypeError(
      `Retry: expected \`attempts\` to be a whole number from 1 and up, got ${show(attempts)}`,
    );
  }
  return {
    attempts,
    delayMs: milliseconds('delay', delay),
    maxDelayMs: milliseconds('maxDelay', maxDelay),
    when,
  };
}

function milliseconds(option: string, value: string): number {
  const parsed = parseDuration(value);
  if (parsed !== undefined) return parsed;
  throw new TypeError(`Retry: expected \`${option}\` to be ${DURATION_EXPECTED}, got ${show(value)}`);
}

/** Returns true for an error without a name given on purpose: about a named one the state machine decides. */
function isUnnamed(error: unknown): boolean {
  if (error instanceof ActivityFailure) return false;
  return !(error instanceof Error) || readErrorName(error.constructor) === undefined;
}
