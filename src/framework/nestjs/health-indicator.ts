import { Inject, Injectable } from '@nestjs/common';
import { StepwrightWorker } from './stepwright-worker.js';

/** A health indicator's result, in the form that `@nestjs/terminus` takes from version 11 on. */
type HealthResult<Key extends string> = Record<
  Key,
  { readonly status: 'up' | 'down'; readonly state: string; readonly reasons: readonly string[] }
>;

/**
 * A health indicator for `@nestjs/terminus`: up while the worker takes tasks, down while it can't. If the worker isn't
 * meant to take any (`poll: false`), it is up.
 */
@Injectable()
export class StepwrightHealthIndicator {
  constructor(@Inject(StepwrightWorker) private readonly stepwright: StepwrightWorker) {}

  /**
   * Returns the worker's health.
   * @param key the name of the result. @default 'stepwright'
   */
  check<Key extends string = 'stepwright'>(key = 'stepwright' as Key): HealthResult<Key> {
    const { state, ready, reasons } = this.#status();
    return { [key]: { status: ready ? 'up' : 'down', state, reasons } } as HealthResult<Key>;
  }

  #status(): { state: string; ready: boolean; reasons: readonly string[] } {
    const { worker } = this.stepwright;
    return worker?.status() ?? { state: 'off', ready: true, reasons: [] };
  }
}
