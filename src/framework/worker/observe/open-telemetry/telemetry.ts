import type { Clock } from '../../../base/time/clock.js';
import type { TraceContext } from '../../../config/config.js';
import type { Logger } from '../../../base/log/log.js';
import type { TaskTracing } from '../../task/tracing.js';
import { measureWithOpenTelemetry } from '../metrics/open-telemetry.js';
import type { ObservedWorker } from '../observer.js';
import { openTelemetry } from './registered-api.js';
import { Traces } from './traces.js';

export interface TelemetryOptions {
  /** The folder of the app's compiled files. */
  readonly baseDir: string;
  readonly traceContext: TraceContext | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Sends a worker's metrics and spans to the OpenTelemetry SDK, if the app has registered one before the worker runs.
 */
export class Telemetry implements TaskTracing {
  readonly #options: TelemetryOptions;
  /** Undefined if the app has registered no SDK that takes spans. */
  traces: Traces | undefined;

  constructor(options: TelemetryOptions) {
    this.#options = options;
  }

  /**
   * Looks for an OpenTelemetry SDK that the app has registered, when the worker starts to run. Once the worker is told
   * to stop, ends each span at once, since the app may soon shut down the SDK.
   */
  follow(worker: ObservedWorker): void {
    worker.on('state', ({ from, to }) => {
      if (from === 'created') this.#listen(worker);
      if (to !== 'running') this.traces?.tellAtOnce();
    });
  }

  #listen(worker: ObservedWorker): void {
    const { baseDir, clock, log, traceContext } = this.#options;
    const heard = openTelemetry(baseDir, log);
    if (heard?.metrics) measureWithOpenTelemetry(worker, heard.api.metrics.getMeter('stepwright'), clock);
    if (heard?.trace) this.traces = new Traces({ api: heard.api, traceContext, log });
  }
}
