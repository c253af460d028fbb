import type { SFNClientConfig } from '@aws-sdk/client-sfn';
import type { Problem } from '../../base/errors.js';
import { show } from '../../base/show.js';

/** The settings of the SDK's client that a user may set: a proxy, FIPS, an assumed role, a logger, … */
export type SdkSettings = Omit<
  SFNClientConfig,
  'endpoint' | 'region' | 'maxAttempts' | 'retryMode' | 'retryStrategy'
>;

/**
 * For each setting of the SDK that a user may not set here, the advice what to do instead. These settings are set
 * elsewhere, or would hide that a task was lost.
 */
const NOT_FOR_SDK: Readonly<Record<string, string>> = {
  endpoint: 'set `endpoint` at the top level',
  region: 'set `region` at the top level, or declare whole ARNs',
  maxAttempts: 'leave it out: a worker retries by itself, in the open',
  retryMode: 'leave it out: a worker retries by itself, in the open',
  retryStrategy: 'leave it out: a worker retries by itself, in the open',
};

/** The settings of a request handler that can harm a worker. */
interface HandlerSettings {
  readonly requestTimeout?: unknown;
  readonly socketTimeout?: unknown;
  readonly httpAgent?: unknown;
  readonly httpsAgent?: unknown;
  readonly httpAgentProvider?: () => Promise<unknown>;
}

/**
 * Returns a problem for each setting that can't be passed on to the SDK. Doesn't load the SDK.
 * @param pollLimitMs the longest time that a poll may take. The SDK's own timeouts must not be shorter.
 */
export async function sdkProblems(sdk: SdkSettings, pollLimitMs: number): Promise<Problem[]> {
  const settings = await handlerSettings(sdk.requestHandler);
  return [
    ...Object.keys(sdk).flatMap(notPassedThrough),
    ...timeoutProblems('sdk', sdk, pollLimitMs),
    ...(settings ? timeoutProblems('sdk.requestHandler', settings, pollLimitMs) : [badHandler(sdk)]),
  ];
}

/**
 * Returns a problem if the user's HTTP agent allows fewer connections than the number of calls that may be in progress
 * at once in a region.
 * @param calls that number for each kind of call, such as `{ polls: 10, reports: 16 }`.
 */
export async function socketProblems(
  sdk: SdkSettings,
  agentKey: 'httpAgent' | 'httpsAgent',
  calls: Readonly<Record<string, number>>,
): Promise<Problem[]> {
  const agent = await agentOf((await handlerSettings(sdk.requestHandler)) ?? {}, agentKey);
  const most = typeof agent === 'object' && agent !== null ? fewestSockets(agent) : Number.POSITIVE_INFINITY;
  const needed = Object.values(calls).reduce((sum, each) => sum + each, 0);
  if (most >= needed) return [];
  const kinds = Object.entries(calls).map(([kind, number]) => `${number} ${kind}`);
  return [
    {
      code: 'CONFIG_BAD_VALUE',
      where: `sdk.requestHandler.${agentKey}`,
      what: `expected connections for ${kinds.join(' and ')} at once, got ${most}: a report would wait until a poll ends`,
      fix: `set its maxSockets to ${needed} or more, or leave it out (Node's own default is no limit, that of the SDK's handler is 50)`,
    },
  ];
}

function notPassedThrough(key: string): Problem[] {
  const fix = Object.hasOwn(NOT_FOR_SDK, key) ? NOT_FOR_SDK[key] : undefined;
  if (fix === undefined) return [];
  return [{ code: 'CONFIG_BAD_VALUE', where: `sdk.${key}`, what: 'it is not passed through', fix }];
}

function timeoutProblems(where: string, settings: object, pollLimitMs: number): Problem[] {
  return ['requestTimeout', 'socketTimeout'].flatMap((key): Problem[] => {
    const value: unknown = Reflect.get(settings, key);
    const long = typeof value === 'number' && value >= pollLimitMs && value <= LONGEST_TIMER_MS;
    if (value === undefined || value === 0 || long) return [];
    return [
      {
        code: 'CONFIG_BAD_VALUE',
        where: `${where}.${key}`,
        what: `expected 0 for none, or milliseconds from ${pollLimitMs} up, got ${show(value)}: the service holds a poll for a minute, and a poll that is cut can lose a task`,
        fix: `leave it out: a worker gives a call that hangs up by itself, a poll after ${pollLimitMs / 1000} s`,
      },
    ];
  });
}

/** The longest delay of a Node timer. If a delay is longer, the timer fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Resolves to the settings of a request handler. They are `{}` if the handler is of an unknown kind, and undefined if
 * the value isn't a handler. The SDK's handler objects keep their settings in a promise until their first call.
 */
async function handlerSettings(handler: SdkSettings['requestHandler']): Promise<HandlerSettings | undefined> {
  if (handler === undefined) return {};
  if (typeof handler !== 'object' || handler === null) return undefined;
  if (!('handle' in handler)) return handler;
  const made: unknown = await Reflect.get(handler, 'configProvider');
  return typeof made === 'object' && made !== null ? made : {};
}

const badHandler = ({ requestHandler }: SdkSettings): Problem => ({
  code: 'CONFIG_BAD_VALUE',
  where: 'sdk.requestHandler',
  what: `expected a request handler or its settings, got ${show(requestHandler)}`,
  fix: 'give it as in `requestHandler: { httpsAgent }`, or leave it out',
});

/**
 * Resolves to the HTTP agent of a request handler. The SDK's handler makes its agent for plain HTTP only at its first
 * call.
 */
async function agentOf(settings: HandlerSettings, agentKey: 'httpAgent' | 'httpsAgent'): Promise<unknown> {
  const { httpAgentProvider } = settings;
  return agentKey === 'httpAgent' && httpAgentProvider ? httpAgentProvider() : settings[agentKey];
}

function fewestSockets(agent: object): number {
  const limits = ['maxSockets', 'maxTotalSockets'].map((key): unknown => Reflect.get(agent, key));
  return Math.min(...limits.map((each) => (typeof each === 'number' ? each : Number.POSITIVE_INFINITY)));
}

/**
 * The SDK client settings that calls made without the SDK still honour. They only affect the credentials, or the
 * request that we let the SDK build once and then reuse as a template.
 */
const HONOURED = new Set([
  'credentials',
  'credentialDefaultProvider',
  'profile',
  'useFipsEndpoint',
  'useDualstackEndpoint',
  'customUserAgent',
  'defaultUserAgentProvider',
  'userAgentAppId',
  'signingRegion',
  'signingName',
  'systemClockOffset',
  'disableClockSkewCorrection',
  'tls',
  'apiVersion',
  'serviceId',
  'runtime',
  'disableHostPrefix',
  'cacheMiddleware',
  // It chooses the SDK's retries and timeouts, of which a worker uses none.
  'defaultsMode',
]);

/** Returns a problem for each setting of the SDK that may be set, and that only calls by the SDK's own `send` honour. */
export const leanProblems = (sdk: SdkSettings): Problem[] =>
  Object.entries(sdk).flatMap(([key, value]) =>
    value === undefined || HONOURED.has(key) || Object.hasOwn(NOT_FOR_SDK, key)
      ? []
      : [notLean(`sdk.${key}`, 'it is set')],
  );

/** Returns the problem that calls can't be made without the SDK's own `send`. */
export const notLean = (where: string, why: string): Problem => ({
  code: 'CONFIG_BAD_VALUE',
  where,
  what: `${why}, which only calls by the SDK's own client honour`,
  fix: "set `calls: 'sdk'` (or --calls sdk)",
});

/** Returns true if a client's `send` was replaced, as aws-sdk-client-mock and spies do. */
export function isMocked(client: { readonly send: unknown }, own: { readonly prototype: object }): boolean {
  // The SDK's own clients inherit `send`.
  return (
    Object.hasOwn(client, 'send') ||
    Object.hasOwn(own.prototype, 'send') ||
    'isSinonProxy' in Object(client.send)
  );
}
