import type { Problem } from '../base/errors.js';
import { isLoopback as isLoopbackHost } from '../base/hosts.js';
import { hideCredentials, show } from '../base/show.js';

/**
 * The address of Step Functions.
 * - `local`: the local service of the `stepwright` command, or a similar one on this machine.
 * - `url`: any other address.
 * - `aws`: the endpoint of the region in AWS.
 */
export type Endpoint =
  | { readonly kind: 'local'; readonly url: string }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'aws' };

/**
 * Returns true for an endpoint at `localhost` or at a loopback address. It needs no real credentials, and its calls cost
 * nothing. Names below `localhost` are excluded: a proxy on this machine may pass each of them on to another service.
 */
export function isLoopback(endpoint: Endpoint): boolean {
  if (endpoint.kind === 'aws') return false;
  const { hostname } = new URL(endpoint.url);
  return isLoopbackHost(hostname) && !hostname.endsWith('.localhost');
}

export const isEncrypted = (endpoint: Endpoint): boolean =>
  endpoint.kind === 'aws' || new URL(endpoint.url).protocol === 'https:';

/** Shows an endpoint in messages: `http://127.0.0.1:8083`, or `AWS`. Hides a user name and password in the URL. */
export const showEndpoint = (endpoint: Endpoint): string =>
  endpoint.kind === 'aws' ? 'AWS' : hideCredentials(endpoint.url);

/** Environment variables that are set only in real deployments. */
const PRODUCTION_MARKS = [
  'ECS_CONTAINER_METADATA_URI_V4',
  'KUBERNETES_SERVICE_HOST',
  'AWS_LAMBDA_FUNCTION_NAME',
];

interface EndpointSources {
  /** The value of `--endpoint`; undefined if the flag wasn't given. */
  readonly flag?: string;
  readonly env: NodeJS.ProcessEnv;
  /** The config's option `endpoint`; undefined if the config doesn't set it. */
  readonly config?: string;
  /** The port of the local service. It is used if the endpoint is `local`. */
  readonly port: number;
}

/**
 * Resolves the endpoint. The first one that is set is used: the flag, `AWS_ENDPOINT_URL_SFN`, `AWS_ENDPOINT_URL`, the
 * config, `local`. If none is set and variables show that this is production, returns a problem instead of `local`: a
 * deployment without an endpoint must not silently poll a local service.
 */
export function resolveEndpoint(sources: EndpointSources): Endpoint | Problem {
  const said = saidEndpoint(sources);
  if (said) return readEndpoint(said.from, said.value, sources.port);
  return productionProblem(sources.env) ?? localEndpoint(sources.port);
}

/**
 * Returns the endpoint that is set by the first of its possible sources, and the name of that source; undefined if no
 * source sets one.
 */
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

/** The address of a local service. */
export type LocalEndpoint = Extract<Endpoint, { readonly kind: 'local' }>;

export const localEndpoint = (port: number): LocalEndpoint => ({
  kind: 'local',
  url: `http://127.0.0.1:${port}`,
});

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

/** Returns advice for the user: what to write instead of an invalid endpoint. */
const endpointFix = (value: unknown): string =>
  `write '${isHost(value) ? `http://${value}` : 'http://127.0.0.1:8083'}', or 'local', or 'aws'`;

const isHost = (value: unknown): value is string => typeof value === 'string' && /^[\w.-]+:\d+$/.test(value);

/**
 * Returns a description for messages of the environment variable that shows that this is a production deployment;
 * undefined if there is none.
 */
export const productionMark = (env: NodeJS.ProcessEnv): string | undefined =>
  env['NODE_ENV'] === 'production' ? 'NODE_ENV=production' : PRODUCTION_MARKS.find((name) => env[name]);

function productionProblem(env: NodeJS.ProcessEnv): Problem | undefined {
  const mark = productionMark(env);
  if (!mark) return undefined;
  return {
    code: 'ENDPOINT_UNSET_IN_PRODUCTION',
    where: 'the endpoint',
    what: `it is not set, and this looks like production (${mark} is set), where the local service would be a mistake`,
    fix: "set `endpoint: 'aws'` in the config or pass `--endpoint aws`; to use the local service, pass `--endpoint local`",
  };
}

/** Hosts of AWS, also those of VPC endpoints. */
const AWS_HOST = /\.(amazonaws\.com(\.cn)?|api\.aws)$/;

/**
 * Returns a function that names the scope of an activity's tasks: at AWS its partition, account and region; elsewhere
 * the origin, with one name for all loopback addresses. A task's outcome is reported only in the task's own scope.
 */
export function scopeAt(endpoint: Endpoint): (activityArn: string) => string {
  const url = endpoint.kind === 'aws' ? undefined : new URL(endpoint.url);
  if (url && !AWS_HOST.test(url.hostname)) {
    const port = url.port === '' ? '' : `:${url.port}`;
    const origin = isLoopback(endpoint) ? `${url.protocol}//localhost${port}` : url.origin;
    return () => origin;
  }
  return (activityArn) => {
    const [, partition, , region, account] = activityArn.split(':');
    return `${partition} ${account} ${region}`;
  };
}
