import { isIPv4 } from 'node:net';
import type { Environment } from '../base/environment.js';
import type { Problem } from '../base/errors.js';
import { hideCredentials, show } from '../base/show.js';

/**
 * The address of Step Functions.
 * - `local`: the embedded service of the `stepwright` command, or one like it on this machine.
 * - `url`: any other address.
 * - `aws`: the region's own endpoint.
 */
export type Endpoint =
  | { readonly kind: 'local'; readonly url: string }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'aws' };

/** Returns true for an endpoint on this machine, where no real credentials are needed and nothing costs money. */
export function isLoopback(endpoint: Endpoint): boolean {
  if (endpoint.kind === 'aws') return false;
  const { hostname } = new URL(endpoint.url);
  return (
    hostname === 'localhost' || hostname === '[::1]' || (isIPv4(hostname) && hostname.startsWith('127.'))
  );
}

/** Returns true where calls go through TLS. */
export const isEncrypted = (endpoint: Endpoint): boolean =>
  endpoint.kind === 'aws' || new URL(endpoint.url).protocol === 'https:';

/** Shows an endpoint in messages: `http://127.0.0.1:8083`, or `AWS`. Hides a user name and password in the URL. */
export const showEndpoint = (endpoint: Endpoint): string =>
  endpoint.kind === 'aws' ? 'AWS' : hideCredentials(endpoint.url);

/** Variables that only real deployments set. */
const PRODUCTION_MARKS = [
  'ECS_CONTAINER_METADATA_URI_V4',
  'KUBERNETES_SERVICE_HOST',
  'AWS_LAMBDA_FUNCTION_NAME',
];

export interface EndpointSources {
  /** The value of `--endpoint`; undefined where the flag is not given. */
  readonly flag?: string;
  readonly env: Environment;
  /** The config's `endpoint`; undefined where the config has none. */
  readonly config?: string;
  /** The port of the local service, for the endpoint `local`. */
  readonly port: number;
}

/**
 * Resolves the endpoint. The first that is set wins: flag, `AWS_ENDPOINT_URL_SFN`, `AWS_ENDPOINT_URL`, config, `local`.
 * Where none is set and this is evidently production, returns a problem instead of `local`: a deployment that forgot
 * its endpoint must not poll a local service in silence.
 */
export function resolveEndpoint(sources: EndpointSources): Endpoint | Problem {
  const said = saidEndpoint(sources);
  if (said) return readEndpoint(said.from, said.value, sources.port);
  return productionProblem(sources.env) ?? localEndpoint(sources.port);
}

/** Returns the first endpoint that is set, and the source that sets it; undefined where none does. */
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

/** Proposes what to write instead of an invalid endpoint. */
export const endpointFix = (value: unknown): string =>
  `write '${isHost(value) ? `http://${value}` : 'http://127.0.0.1:8083'}', or 'local', or 'aws'`;

const isHost = (value: unknown): value is string => typeof value === 'string' && /^[\w.-]+:\d+$/.test(value);

/** Returns the variable that shows that this is production, as messages show it; undefined where none does. */
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
