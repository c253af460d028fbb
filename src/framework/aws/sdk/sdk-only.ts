import type { SdkSettings } from './settings.js';

/**
 * The SDK client settings that calls made without the SDK still honour. They only affect the credentials, or the
 * request that we let the SDK build once and then reuse as a template. If any other setting is present, calls go
 * through the SDK.
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

/**
 * Returns why calls must go through the SDK's own `send`, as a text for people; undefined if no setting requires that.
 */
export function sdkOnlyReason(sdk: SdkSettings): string | undefined {
  const asked = Object.entries(sdk).flatMap(([key, value]) =>
    value === undefined || HONOURED.has(key) ? [] : [`sdk.${key}`],
  );
  return asked.length > 0 ? `${asked.join(' and ')} is set` : undefined;
}

/** Returns true if a client's `send` was replaced, as aws-sdk-client-mock and spies do. */
export function isMocked(client: { readonly send: unknown }, own: { readonly prototype: object }): boolean {
  // The SDK's own clients inherit `send`.
  return (
    Object.hasOwn(client, 'send') ||
    Object.hasOwn(own.prototype, 'send') ||
    'isSinonProxy' in Object(client.send)
  );
}
