import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Logger } from '../../../base/log/log.js';

/** OpenTelemetry's API package, in the app's copy or in Stepwright's. */
export type OpenTelemetry = typeof import('@opentelemetry/api');

/**
 * A copy of the API that sees what the app has registered. `metrics` and `trace` are true if the app has registered a
 * provider for them.
 */
export interface Heard {
  readonly api: OpenTelemetry;
  readonly metrics: boolean;
  readonly trace: boolean;
}

const NAME = '@opentelemetry/api';

/**
 * The global object through which all copies of the API in a process see what is registered (the API's
 * `internal/global-utils`).
 */
interface Registered {
  readonly version: string;
  readonly metrics?: object;
  readonly trace?: object;
}

const registered = (): Registered | undefined =>
  Reflect.get(globalThis, Symbol.for('opentelemetry.js.api.1')) as Registered | undefined;

/**
 * Returns a copy of the API that sees what the app has registered. If the app has registered nothing, returns undefined
 * and loads nothing. A copy that is newer than the registered one silently does nothing, so the app's own copy is tried
 * before Stepwright's. If neither sees what is registered, logs that and returns undefined.
 * @param baseDir the folder of the app's compiled files
 */
export function openTelemetry(baseDir: string, log: Logger): Heard | undefined {
  const app = registered();
  if (!app?.metrics && !app?.trace) return undefined;
  const found = [join(baseDir, 'anything.js'), import.meta.url].flatMap(loadFrom);
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

/** Returns true if this copy of the API returns the providers that the app has registered. */
const reaches = ({ metrics, trace }: OpenTelemetry, app: Registered): boolean =>
  app.metrics ? metrics.getMeterProvider() === app.metrics : trace.getTracerProvider() === app.trace;

const UNREACHED = `${NAME} is registered by the app in a version that no copy of it which Stepwright finds can reach: no metric and no span is recorded; let the app depend on one version of it, and run \`npm dedupe\``;
