import { inject, injectable } from '../../../declare/container.js';
import { fullJitter } from '../../../base/time/wait.js';
import type { Clock } from '../../../base/time/clock.js';
import { ActivityFailure } from '../../../declare/activity-failure.js';
import type { Constructor } from '../../../declare/class.js';
import type { InterceptedTask, Interceptor } from '../../../declare/interceptor.js';
import { readErrorName } from '../../../declare/metadata.js';
import { DURATION_EXPECTED, parseDuration } from '../../../base/time/duration.js';
import { show } from '../../../base/show.js';
import { CLOCK, RANDOM } from '../../container/registrations.js';

/** Options of {@link Retry}. */
export interface RetryOptions {
  /** The most calls of the handler for one task, including the first one. @default 3 */
  readonly attempts?: number;
  /**
   * The upper limit for the wait before the second attempt. It doubles for each further attempt. Each wait is a random
   * time from zero to the limit.
   * @default '200ms'
   */
  readonly delay?: string;
  /** The upper limit for all waits, however often `delay` has doubled. @default '20s' */
  readonly maxDelay?: string;
  /**
   * Returns true if the handler should be called again after this error.
   * @default true for all errors except those with a name that was given on purpose: an ActivityFailure, or an error
   * class with `@ErrorName`
   */
  readonly when?: (error: unknown) => boolean;
}

/**
 * Makes an interceptor that calls the handler again if it throws. The attempts run on this worker, as one task. Once
 * the task's signal has aborted, there are no more attempts. If you need waits of minutes, or attempts on other
 * workers, use `Retry` in the state machine instead.
 * @throws TypeError for a bad option
 */
export function Retry(options: RetryOptions = {}): Constructor<Interceptor> {
  const { attempts, delayMs, maxDelayMs, when } = checked(options);

  @injectable()
  class Retrying implements Interceptor {
    constructor(
      @inject(CLOCK) private readonly clock: Clock,
      @inject(RANDOM) private readonly random: () => number,
    ) {}

    async intercept({ context }: InterceptedTask, next: () => Promise<unknown>): Promise<unknown> {
      const { signal, log } = context;
      for (let attempt = 1; ; attempt++) {
        try {
          return await next();
        } catch (error) {
          if (attempt >= attempts || signal.aborted || !when(error)) throw error;
          const waitMs = fullJitter(attempt, delayMs, maxDelayMs, this.random);
          log.warn({ err: error, attempt, waitMs }, 'the handler failed and is called again');
          await this.clock.sleep(waitMs, signal);
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

/**
 * Returns true for an error whose name wasn't given on purpose. If the name was, the state machine's Retry and Catch
 * are meant to handle the error.
 */
function isUnnamed(error: unknown): boolean {
  if (error instanceof ActivityFailure) return false;
  return !(error instanceof Error) || readErrorName(error.constructor) === undefined;
}
