import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Logger } from '../../../base/log/log.js';

/** OpenTelemetry's API, as a package of the app or of ours. */
export type OpenTelemetry = typeof import('@opentelemetry/api');

/** The API that the app has registered with, and what it listens to. */
export interface Heard {
  readonly api: OpenTelemetry;
  readonly metrics: boolean;
  readonly trace: boolean;
}

const NAME = '@opentelemetry/api';

/** The global that the API shares among its copies in a process (its `internal/global-utils`). */
interface Registered {
  readonly version: string;
  readonly metrics?: object;
  readonly trace?: object;
}

const registered = (): Registered | undefined =>
  Reflect.get(globalThis, Symbol.for('opentelemetry.js.api.1')) as Registered | undefined;

/**
 * Returns the API through which an app listens; undefined where none does, and then nothing is loaded. A copy that is
 * newer than the registered one silently does nothing. So the app's own copy is tried before ours; where neither
 * reaches what is registered, a line of the log says so.
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

/** Returns whether this copy gives what the app has registered. */
const reaches = ({ metrics, trace }: OpenTelemetry, app: Registered): boolean =>
  app.metrics ? metrics.getMeterProvider() === app.metrics : trace.getTracerProvider() === app.trace;

const UNREACHED = `${NAME} is registered by the app in a version that no copy of it which Stepwright finds can reach: no metric and no span is recorded; let the app depend on one version of it, and run \`npm dedupe\``;
