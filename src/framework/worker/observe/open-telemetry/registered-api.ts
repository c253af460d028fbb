import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Logger } from '../../../base/log/log.js';

/** The API of OpenTelemetry, as a package of the app's or of Stepwright's. */
export type OpenTelemetry = typeof import('@opentelemetry/api');

/** The copy of the API that the app has registered with, and what is registered: metrics, traces or both. */
export interface Heard {
  readonly api: OpenTelemetry;
  readonly metrics: boolean;
  readonly trace: boolean;
}

const NAME = '@opentelemetry/api';

/** The global object that the copies of the API share in a process (the API's `internal/global-utils`). */
interface Registered {
  readonly version: string;
  readonly metrics?: object;
  readonly trace?: object;
}

const registered = (): Registered | undefined =>
  Reflect.get(globalThis, Symbol.for('opentelemetry.js.api.1')) as Registered | undefined;

/**
 * Returns a copy of the API that reaches what the app has registered; undefined where the app has registered nothing,
 * and then nothing is loaded. A copy that is newer than the registered one silently does nothing. So the app's own copy
 * is tried before Stepwright's; where neither reaches what is registered, a line of the log says so.
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

/** Returns true where this copy of the API gives the providers that the app has registered. */
const reaches = ({ metrics, trace }: OpenTelemetry, app: Registered): boolean =>
  app.metrics ? metrics.getMeterProvider() === app.metrics : trace.getTracerProvider() === app.trace;

const UNREACHED = `${NAME} is registered by the app in a version that no copy of it which Stepwright finds can reach: no metric and no span is recorded; let the app depend on one version of it, and run \`npm dedupe\``;
