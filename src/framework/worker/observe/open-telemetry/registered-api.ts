import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Logger } from '../../../base/log/log.js';

/** OpenTelemetry's API, as a package of the app or of ours. */
export type OpenTelemetry = typeof import('@opentelemetry/api');

/** Who listens, and through which copy. */
export interface Heard {
  readonly api: OpenTelemetry;
  readonly metrics: boolean;
  readonly trace: boolean;
}

const NAME = '@opentelemetry/api';

/** What the API leaves for all its copies in a process, by its own rule (its `internal/global-utils`). */
interface Registered {
  readonly version: string;
  readonly metrics?: object;
  readonly trace?: object;
}

const registered = (): Registered | undefined =>
  Reflect.get(globalThis, Symbol.for('opentelemetry.js.api.1')) as Registered | undefined;

/**
 * The API through which an app listens; undefined where none does, and then nothing is loaded. A copy that is newer than
 * the one that the app has registered with answers every call with nothing, in silence. So the app's own copy is tried
 * before ours, and where neither reaches what is registered, the log says so.
 * @param baseDir where the app's compiled files are
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

/** Whether this copy hands out what the app has registered. */
const reaches = ({ metrics, trace }: OpenTelemetry, app: Registered): boolean =>
  app.metrics ? metrics.getMeterProvider() === app.metrics : trace.getTracerProvider() === app.trace;

const UNREACHED = `${NAME} is registered by the app in a version that no copy of it which Stepwright finds can reach: no metric and no span is recorded; let the app depend on one version of it, and run \`npm dedupe\``;
