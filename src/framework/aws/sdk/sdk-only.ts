import type { SdkSettings } from './settings.js';

/**
 * The settings that the lean path honours: they shape the request that the SDK builds, or choose its credentials. With
 * any other setting, known or not, calls go through the SDK.
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

/** Returns why calls must go through the SDK's own `send`, for people; undefined where no setting needs it. */
export function sdkOnlyReason(sdk: SdkSettings): string | undefined {
  const asked = Object.entries(sdk).flatMap(([key, value]) =>
    value === undefined || HONOURED.has(key) ? [] : [`sdk.${key}`],
  );
  return asked.length > 0 ? `${asked.join(' and ')} is set` : undefined;
}

/** Returns true for a client whose `send` was replaced, as aws-sdk-client-mock and spies do. */
export function isMocked(client: { readonly send: unknown }, own: { readonly prototype: object }): boolean {
  // The SDK's own clients inherit `send`.
  return (
    Object.hasOwn(client, 'send') ||
    Object.hasOwn(own.prototype, 'send') ||
    'isSinonProxy' in Object(client.send)
  );
}
