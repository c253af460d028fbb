import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Clock } from '../../../base/time/clock.js';
import type { TraceContext } from '../../../config/config.js';
import type { Logger } from '../../../base/log/log.js';
import type { TaskTracing } from '../../task/received-task.js';
import { measureWithOpenTelemetry } from '../metrics/open-telemetry.js';
import type { ObservedWorker } from '../../../declare/worker-events.js';
import { type OpenTelemetry, Traces } from './traces.js';
import { OWN_FILE } from '../../../base/package.js';

interface TelemetryOptions {
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
  /** Undefined if the app has registered no SDK that takes spans. */
  traces: Traces | undefined;

  constructor(private readonly options: TelemetryOptions) {}

  /** Looks for an OpenTelemetry SDK that the app has registered, when the worker starts to run. */
  follow(worker: ObservedWorker): void {
    worker.on('state', ({ from }) => {
      if (from === 'created') this.#listen(worker);
    });
  }

  #listen(worker: ObservedWorker): void {
    const { baseDir, clock, log, traceContext } = this.options;
    const heard = openTelemetry(baseDir, log);
    if (heard?.metrics) measureWithOpenTelemetry(worker, heard.api.metrics.getMeter('stepwright'), clock);
    if (heard?.trace) this.traces = new Traces(heard.api, log, traceContext);
  }
}

/**
 * A copy of the OpenTelemetry API through which the SDK that the app has registered can be reached. `metrics` and
 * `trace` are true if the app has registered a provider for them.
 */
interface Heard {
  readonly api: OpenTelemetry;
  readonly metrics: boolean;
  readonly trace: boolean;
}

const NAME = '@opentelemetry/api';

/**
 * The global object in which OpenTelemetry's API stores the registered providers, so that all copies of the API in a
 * process can find them (the API's `internal/global-utils`).
 */
interface Registered {
  readonly version: string;
  readonly metrics?: object;
  readonly trace?: object;
}

const registered = (): Registered | undefined =>
  Reflect.get(globalThis, Symbol.for('opentelemetry.js.api.1')) as Registered | undefined;

/**
 * Returns a copy of the OpenTelemetry API through which the SDK that the app has registered can be reached. Tries the
 * app's own copy before Stepwright's, since a copy that is newer than the one that registered the SDK silently does
 * nothing.
 *
 * If no copy reaches the SDK, logs that and returns undefined. If the app has registered no SDK, returns undefined
 * without loading anything.
 * @param baseDir the folder of the app's compiled files
 */
export function openTelemetry(baseDir: string, log: Logger): Heard | undefined {
  const app = registered();
  if (!app?.metrics && !app?.trace) return undefined;
  const found = [join(baseDir, 'anything.js'), OWN_FILE].flatMap(loadFrom);
  const api = found.find((each) => reaches(each, app));
  if (!api) log.warn({ registered: app.version }, UNREACHED);
  return api && { api, metrics: app.metrics !== undefined, trace: app.trace !== undefined };
}

function loadFrom(file: string): OpenTelemetry[] {
  const require = createRequire(file);
  try {
    return [require(NAME) as OpenTelemetry];
  } catch {
    return [];
  }
}

/** Returns true if this copy of the API returns the very providers that the app has registered. */
const reaches = ({ metrics, trace }: OpenTelemetry, app: Registered): boolean =>
  app.metrics ? metrics.getMeterProvider() === app.metrics : trace.getTracerProvider() === app.trace;

const UNREACHED = `${NAME} is registered by the app in a version that no copy of it which Stepwright finds can reach: no metric and no span is recorded; let the app depend on one version of it, and run \`npm dedupe\``;
