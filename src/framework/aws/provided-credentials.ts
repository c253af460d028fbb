import { inspect } from 'node:util';
import type { SFNClient } from '@aws-sdk/client-sfn';
import { wallTime } from '../base/time/clock.js';

/** A client's provider of credentials: the SDK's own chain of providers, or a user's function. */
export type Provider = SFNClient['config']['credentials'];
export type ProvidedCredentials = Awaited<ReturnType<Provider>>;

/**
 * Copies credentials, since a provider may change its own object when it gets new ones. An empty session token is
 * removed, as the SDK does it.
 * @throws TypeError if they contain characters that no header can contain, since no call could be made with them
 */
export function asSigned(credentials: ProvidedCredentials): ProvidedCredentials {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  for (const [part, value] of Object.entries({ accessKeyId, sessionToken })) {
    if (UNSENDABLE.test(value ?? '')) throw new TypeError(`${part} ${WITH_A_BREAK}`);
  }
  return { ...credentials, accessKeyId, secretAccessKey, sessionToken: sessionToken || undefined };
}

/** Characters that HTTP doesn't allow in any header. */
const UNSENDABLE = /[^\t\x20-\x7e\x80-\xff]/;
const WITH_A_BREAK =
  'has a line break in it, or another character that no header can hold; was it read from a file that ends in one?';

/**
 * Wraps what a credential provider threw. The provider may itself call AWS, such as STS, and throw an AWS error, which
 * must not be mistaken for an error of Step Functions.
 */
export function providerError(thrown: unknown): Error {
  const { name, message } = Object(thrown) as Partial<Error>;
  if (name === PROVIDER_ERROR) return withProfile(thrown as Error);
  // The thrown object's fields may be secret, so they aren't shown.
  const shown = inspect(thrown, { depth: -1 });
  const said = message === undefined ? `the provider threw ${shown}` : `${name}: ${message}`;
  return named(new Error(said, { cause: thrown }));
}

/**
 * Adds the profile that the environment names to the error of the SDK's chain, which says only that no provider of all
 * has credentials.
 */
function withProfile(error: Error): Error {
  const profile = process.env['AWS_PROFILE'];
  if (!profile || !error.message.startsWith('Could not load credentials')) return error;
  const hint = `AWS_PROFILE is '${profile}', a profile that is not in ~/.aws or has none`;
  return named(new Error(`${error.message}; ${hint}`, { cause: error }));
}

/** The name that the SDK gives to an error of a credential provider. */
const PROVIDER_ERROR = 'CredentialsProviderError';

/** Names an error as one of a provider. */
export const named = (error: Error): Error => Object.assign(error, { name: PROVIDER_ERROR });

/** Credentials are renewed this many milliseconds before they expire. The SDK uses the same time. */
const RENEWED_BEFORE_MS = 5 * 60_000;

/** Returns true if both credentials have the same keys and session token. Their expiry may differ. */
export function isSame(
  one: ProvidedCredentials | undefined,
  other: ProvidedCredentials | undefined,
): boolean {
  return (
    one?.accessKeyId === other?.accessKeyId &&
    one?.secretAccessKey === other?.secretAccessKey &&
    one?.sessionToken === other?.sessionToken
  );
}

/**
 * Returns the machine's date, in epoch milliseconds, from which others are requested: five minutes before these expire,
 * but not before the middle of the time that they have left. Otherwise the provider would be called all the time.
 * Infinity if they don't expire.
 */
export function renewalTime({ expiration }: ProvidedCredentials): number {
  const expiresAt = new Date(expiration ?? Number.NaN).getTime();
  if (Number.isNaN(expiresAt)) return Number.POSITIVE_INFINITY;
  return expiresAt - Math.min(RENEWED_BEFORE_MS, (expiresAt - wallTime()) / 2);
}
