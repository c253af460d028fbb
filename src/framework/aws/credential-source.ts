import { inspect } from 'node:util';
import type { SFNClient } from '@aws-sdk/client-sfn';
import { Abort } from '../base/abort.js';
import { type Clock, wallTime } from '../base/time/clock.js';
import { within } from '../base/time/wait.js';

/** A client's provider of credentials: the SDK's own chain of providers, or a user's function. */
type Provider = SFNClient['config']['credentials'];
export type ProvidedCredentials = Awaited<ReturnType<Provider>>;

export interface SourceOptions {
  readonly clock: Clock;
  /**
   * Makes a new provider of credentials. It replaces a provider that has not returned in time, since the SDK's
   * providers make all later requests wait for one that hangs.
   * @default the same provider is used again
   */
  readonly remake?: () => Provider;
  /**
   * Reads AWS's shared config and credentials files again. Called before the provider is asked for new credentials,
   * since the SDK's providers keep what they read first. @default they aren't read again
   */
  readonly readFiles?: () => Promise<void>;
  /**
   * Called with the credentials that each request to the provider returns. Not called if a later request has returned
   * first. Must not throw.
   */
  readonly onAnswer: (credentials: ProvidedCredentials) => void;
  /**
   * Called once for each request to the provider that failed or didn't return in time. Not called if a later request
   * has returned first.
   */
  readonly onFailure: (error: Error) => void;
}

/**
 * The milliseconds after which a request to the provider of credentials counts as failed, so that the provider is asked
 * again.
 */
const ASK_LIMIT_MS = 30_000;

/**
 * Requests credentials from a provider. A request that hasn't returned after 30 s counts as failed. If it still returns
 * credentials later, they are used, unless a later request has returned first.
 */
export class CredentialSource {
  readonly #closed = new Abort();
  #provider: Provider | undefined;
  #asks = 0;
  /** The number of the latest request that has returned credentials. */
  #answered = 0;

  constructor(private readonly options: SourceOptions) {}

  /** Sets the provider, if none is set yet. */
  use(provider: Provider): void {
    this.#provider ??= provider;
  }

  /**
   * Requests credentials from the provider. Resolves when the request has ended, after 30 s, or when `close` is called,
   * whichever is first. Never rejects.
   * @param options `forceRefresh`: true if the provider must get new credentials, not return those that it has kept.
   */
  async ask({ forceRefresh }: { readonly forceRefresh: boolean }): Promise<void> {
    if (this.#closed.aborted) return;
    const { clock, remake, onFailure } = this.options;
    const number = ++this.#asks;
    let late = false;
    const fail = (error: Error): void => {
      if (!late && number > this.#answered) onFailure(error);
    };
    const ended = this.#read(forceRefresh).then(
      (credentials) => this.#take(number, credentials),
      (thrown: unknown) => fail(providerError(thrown)),
    );
    if ((await within(clock, ASK_LIMIT_MS, ended, this.#closed)) || this.#closed.aborted) return;
    fail(named(new Error(`the provider of credentials did not answer within ${ASK_LIMIT_MS / 1000} s`)));
    late = true;
    // The SDK's chain makes every later request wait for the one that hangs.
    if (remake) this.#provider = remake();
  }

  /** Stops waiting for the provider. From now on, it isn't asked again. */
  close(): void {
    this.#closed.abort(undefined);
  }

  async #read(forceRefresh: boolean): Promise<ProvidedCredentials> {
    if (forceRefresh) await this.options.readFiles?.();
    const credentials = await this.#provider?.(forceRefresh ? { forceRefresh } : undefined);
    if (!credentials) throw named(new Error('the provider of credentials gave none'));
    return asSigned(credentials);
  }

  #take(number: number, credentials: ProvidedCredentials): void {
    if (number < this.#answered) return;
    this.#answered = number;
    this.options.onAnswer(credentials);
  }
}

/**
 * Copies credentials, since a provider may change its own object when it gets new ones. An empty session token is
 * removed, as the SDK does it.
 * @throws TypeError if they contain characters that no header can contain, since no call could be made with them
 */
function asSigned(credentials: ProvidedCredentials): ProvidedCredentials {
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
function providerError(thrown: unknown): Error {
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

const named = (error: Error): Error => Object.assign(error, { name: PROVIDER_ERROR });

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

/** Returns the time at which credentials expire, in epoch milliseconds; Infinity if they don't. */
export function expiry({ expiration }: ProvidedCredentials): number {
  const expiresAt = new Date(expiration ?? Number.NaN).getTime();
  return Number.isNaN(expiresAt) ? Number.POSITIVE_INFINITY : expiresAt;
}

/**
 * Returns the machine's date, in epoch milliseconds, from which new credentials are requested: five minutes before these
 * expire, but not before the middle of the time that renewed ones have left. Otherwise the provider would be called all
 * the time.
 * @param first true if these are the first credentials, not renewed ones
 */
export function renewalTime(expiresAt: number, first: boolean): number {
  const halfMs = first ? Number.POSITIVE_INFINITY : (expiresAt - wallTime()) / 2;
  return expiresAt - Math.min(RENEWED_BEFORE_MS, halfMs);
}
