import { isIPv4 } from 'node:net';
import type { Environment } from '../base/environment.js';
import { hideCredentials, type Problem, show } from '../base/errors.js';

/**
 * Where Step Functions is.
 * - `local`: the embedded service of the `stepwright` command, or one like it on this machine.
 * - `url`: whatever answers there.
 * - `aws`: the region's own endpoint.
 */
export type Endpoint =
  | { readonly kind: 'local'; readonly url: string }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'aws' };

/** Whether the endpoint is on this machine: no real credentials are needed there, and nothing can be spent. */
export function isLoopback(endpoint: Endpoint): boolean {
  if (endpoint.kind === 'aws') return false;
  const { hostname } = new URL(endpoint.url);
  return (
    hostname === 'localhost' || hostname === '[::1]' || (isIPv4(hostname) && hostname.startsWith('127.'))
  );
}

/** Whether calls there go through TLS. */
export const isEncrypted = (endpoint: Endpoint): boolean =>
  endpoint.kind === 'aws' || new URL(endpoint.url).protocol === 'https:';

/** For messages: `http://127.0.0.1:8083`, or `AWS`. A user name and password in the URL are not shown. */
export const showEndpoint = (endpoint: Endpoint): string =>
  endpoint.kind === 'aws' ? 'AWS' : hideCredentials(endpoint.url);

/** Variables that only a real deployment sets. */
const PRODUCTION_MARKS = [
  'ECS_CONTAINER_METADATA_URI_V4',
  'KUBERNETES_SERVICE_HOST',
  'AWS_LAMBDA_FUNCTION_NAME',
];

export interface EndpointSources {
  /** `--endpoint`. */
  readonly flag?: string;
  readonly env: Environment;
  /** The config's `endpoint`. */
  readonly config?: string;
  /** The port of the local service. */
  readonly port: number;
}

/**
 * The first that is set wins: flag, `AWS_ENDPOINT_URL_SFN`, `AWS_ENDPOINT_URL`, config, `local`. Where production is
 * evident, the last is no answer: a deployment that forgot its endpoint must not poll itself in silence.
 */
export function resolveEndpoint(sources: EndpointSources): Endpoint | Problem {
  const said = saidEndpoint(sources);
  if (said) return readEndpoint(said.from, said.value, sources.port);
  return productionProblem(sources.env) ?? localEndpoint(sources.port);
}

/** What the first says that says anything of the endpoint, and who that is. */
export function saidEndpoint({
  flag,
  env,
  config,
}: EndpointSources): { from: string; value: string } | undefined {
  const sources = [
    { from: '--endpoint', value: flag },
    { from: 'AWS_ENDPOINT_URL_SFN', value: env['AWS_ENDPOINT_URL_SFN'] },
    { from: 'AWS_ENDPOINT_URL', value: env['AWS_ENDPOINT_URL'] },
    { from: 'the config', value: config },
  ];
  return sources.flatMap(({ from, value }) => (value ? [{ from, value }] : []))[0];
}

export const localEndpoint = (port: number): Endpoint => ({ kind: 'local', url: `http://127.0.0.1:${port}` });

export const isProblem = (value: Endpoint | Problem): value is Problem => 'code' in value;

function readEndpoint(where: string, value: string, port: number): Endpoint | Problem {
  if (value === 'local') return localEndpoint(port);
  if (value === 'aws') return { kind: 'aws' };
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url && (url.protocol === 'http:' || url.protocol === 'https:')) return { kind: 'url', url: value };
  return {
    code: 'ENDPOINT_INVALID',
    where,
    what: `expected 'local', 'aws' or an http(s) URL, got ${show(value)}`,
    fix: endpointFix(value),
  };
}

/** What to write instead of an endpoint that is none. */
export const endpointFix = (value: unknown): string =>
  `write '${isHost(value) ? `http://${value}` : 'http://127.0.0.1:8083'}', or 'local', or 'aws'`;

const isHost = (value: unknown): value is string => typeof value === 'string' && /^[\w.-]+:\d+$/.test(value);

/** The variable that shows that this is production, for people; undefined where none does. */
export const productionMark = (env: Environment): string | undefined =>
  env['NODE_ENV'] === 'production' ? 'NODE_ENV=production' : PRODUCTION_MARKS.find((name) => env[name]);

function productionProblem(env: Environment): Problem | undefined {
  const mark = productionMark(env);
  if (!mark) return undefined;
  return {
    code: 'ENDPOINT_UNSET_IN_PRODUCTION',
    where: 'the endpoint',
    what: `nobody set it, and this looks like production (${mark} is set), where the local service would be a mistake`,
    fix: "set `endpoint: 'aws'` in the config or pass `--endpoint aws`; if you do mean the local service, pass `--endpoint local`",
  };
}
