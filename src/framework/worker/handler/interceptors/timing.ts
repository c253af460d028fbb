import { inject, injectable } from '../../../declare/container.js';
import type { Clock } from '../../../base/time/clock.js';
import type { InterceptedTask, Interceptor } from '../../../declare/interceptor.js';
import { CLOCK } from '../../container/registrations.js';

/**
 * Logs how long the handler took, including the interceptors that are listed after this one, as `durationMs`. The level
 * is `info` if the handler returns, and `warn` if it throws.
 */
@injectable()
export class Timing implements Interceptor {
  readonly #clock: Clock;

  constructor(@inject(CLOCK) clock: Clock) {
    this.#clock = clock;
  }

  async intercept({ context }: InterceptedTask, next: () => Promise<unknown>): Promise<unknown> {
    const began = this.#clock.now();
    const durationMs = (): number => Math.round(this.#clock.now() - began);
    try {
      const result = await next();
      context.log.info({ durationMs: durationMs() }, 'handled');
      return result;
    } catch (error) {
      context.log.warn({ durationMs: durationMs() }, 'failed');
      throw error;
    }
  }
}
