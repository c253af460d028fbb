import type { Problem } from '../../base/errors.js';
import { NOT_FOR_SDK, type SdkSettings } from './settings.js';

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
