import type { SdkSettings } from './settings.js';

/**
 * What the lean path honours, because it is in the request that the SDK builds, or in whom it asks for credentials. All
 * else, known or not, is the SDK's own to honour.
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
  // How the SDK waits and connects by default, of which a worker takes none.
  'defaultsMode',
]);

/** Why calls must go through the SDK's own `send`, for people; undefined where nothing asks for it. */
export function stepAsideFor(sdk: SdkSettings): string | undefined {
  const asked = Object.entries(sdk).flatMap(([key, value]) =>
    value === undefined || HONOURED.has(key) ? [] : [`sdk.${key}`],
  );
  return asked.length > 0 ? `${asked.join(' and ')} is set` : undefined;
}

/** A client whose class somebody has changed, as aws-sdk-client-mock and spies do. */
export function isMocked(client: { readonly send: unknown }, own: { readonly prototype: object }): boolean {
  // The SDK's own clients inherit it.
  return (
    Object.hasOwn(client, 'send') ||
    Object.hasOwn(own.prototype, 'send') ||
    'isSinonProxy' in Object(client.send)
  );
}
