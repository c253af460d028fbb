import { AsyncResource } from 'node:async_hooks';
import { inspect } from 'node:util';
import type { SFNClient } from '@aws-sdk/client-sfn';
import type { Abortable } from '../../base/abort.js';
import { type Clock, wallTime } from '../../base/time/clock.js';
import { showError } from '../../base/show.js';
import type { Logger } from '../../base/log/log.js';
import { within } from '../../base/time/wait.js';
import type { AsOf, Renewal, Repeatable } from '../activity-calls.js';
import type { CallEnd, CallFailure } from '../call.js';
import { CredentialRefresh } from './credential-refresh.js';

/** A client's source of credentials: the SDK's own chain or a user's function, memoised by the SDK. */
type Provider = SFNClient['config']['credentials'];
type Identity = Awaited<ReturnType<Provider>>;

export interface CredentialsSettings {
  readonly clock: Clock;
  readonly log: Logger;
  /** True where the provider may return other credentials later; false for a plain value, which never changes. */
  readonly renewable: boolean;
  /**
   * True where the SDK keeps credentials until they are about to expire; false for a user's provider that keeps its
   * own.
   */
  readonly kept: boolean;
}

/**
 * The names of errors that other credentials may mend. A key that was deleted or switched off is unrecognized; no
 * signature matches while only one half of a key was replaced.
 */
export const REFUSED = new Set([
  'ExpiredToken',
  'ExpiredTokenException',
  'UnrecognizedClientException',
  'InvalidClientTokenId',
  'IncompleteSignature',
  'IncompleteSignatureException',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
]);
/**
 * The names of errors for a session that was revoked in IAM, by a policy that spares sessions that began later. More
 * often they mean that a permission for this one call is missing: another call that is accepted then proves nothing.
 */
const DENIED = new Set(['AccessDenied', 'AccessDeniedException']);

/** Credentials are renewed this long before they expire, as by the SDK. */
const RENEWED_BEFORE_MS = 5 * 60_000;
/** The longest that a call waits for the provider of credentials. */
const PROVIDER_LIMIT_MS = 5_000;
/** After this time without a refusal, the next refusal is new trouble. */
const QUIET_MS = 60_000;

/** The refusals since the credentials last worked. */
interface Trouble {
  readonly first: Error;
  /**
   * True where any accepted call proves that the trouble is over; false where a permission may be missing for some
   * calls.
   */
  readonly provable: boolean;
  /** The newest generation of credentials that was refused. */
  readonly generation: number;
  readonly lastAt: number;
  readonly logged: boolean;
}

/**
 * The credentials of all clients, from one provider. Where the service refuses them or the provider fails, they are
 * refreshed: at once, then after 1 s, doubling to 30 s, however many calls are refused. Once there are new credentials,
 * the calls that wait for them are repeated and the listeners are called.
 */
export class Credentials implements Renewal {
  readonly #settings: CredentialsSettings;
  readonly #refresh: CredentialRefresh;
  /**
   * The context that refreshes run in. The call that starts one does so for all calls, so that no context of its own
   * task may be kept.
   */
  readonly #context = new AsyncResource('stepwright:credentials');
  readonly #listeners: (() => void)[] = [];
  #source: Provider | undefined;
  #taking: Promise<void> | undefined;
  #identity: Identity | undefined;
  /** Counts the credentials: raised when new ones replace others. */
  #generation = 0;
  #trouble: Trouble | undefined;
  /** The error that the provider last failed with; undefined once the provider has returned credentials again. */
  #failure: Error | undefined;

  constructor(settings: CredentialsSettings) {
    this.#settings = settings;
    this.#refresh = new CredentialRefresh(settings.clock, () => this.#askAgain());
  }

  /** Makes a client use these credentials. The first client's provider serves all. */
  attach(client: SFNClient): void {
    this.#source ??= client.config.credentials;
    // Without the mark the SDK would keep the first credentials for ever.
    client.config.credentials = Object.assign(() => this.#provide(), { memoized: true });
  }

  asOf(): AsOf {
    return { generation: this.#generation, sentAt: this.#settings.clock.now() };
  }

  accepted(asOf: AsOf): void {
    if (this.#isDisproved(asOf)) this.#settle();
  }

  /**
   * Where a call's credentials were refused, waits for new ones and repeats the call, since nothing was done. The
   * call's signal ends the wait.
   */
  async failed<T>(
    end: CallEnd<T>,
    asOf: AsOf,
    { signal, attempt, again }: Repeatable<T>,
  ): Promise<CallEnd<T>> {
    if (!this.#learn(end, asOf)) return end;
    again();
    if (this.#generation === asOf.generation) await this.#waitFor(this.#request(), signal);
    if (this.#generation === asOf.generation) return this.#explained(end);
    const renewed = this.asOf();
    const second = await attempt();
    if (this.#learn(second, renewed)) void this.#request();
    return second;
  }

  /**
   * Returns the credentials that the next call is signed with; a promise where the provider must be asked. The promise
   * rejects with the provider's error where there never were any credentials.
   */
  current(): Identity | Promise<Identity> {
    return this.#isGood() ? (this.#identity as Identity) : this.#provide();
  }

  /** Calls the listener whenever new credentials replace refused ones. */
  onRenewed(listener: () => void): void {
    this.#listeners.push(listener);
  }

  close(): void {
    this.#refresh.close();
  }

  /**
   * Resolves to the credentials that a call is signed with. Where the provider fails, the last credentials stay in use:
   * the service decides whether they have expired, not this machine's clock.
   * @throws the provider's error where there never were any credentials
   */
  async #provide(): Promise<Identity> {
    if (this.#isGood()) return this.#identity as Identity;
    if (!this.#failure) await this.#waitFor(this.#takeOnce());
    if (this.#failure) await this.#waitFor(this.#request());
    if (this.#identity) return this.#identity;
    throw this.#failure ?? new Error('the provider of credentials gave none');
  }

  /**
   * Returns true where the provider need not be asked: for ever with credentials that do not expire, otherwise until
   * five minutes before they expire.
   */
  #isGood(): boolean {
    const { expiration } = this.#identity ?? {};
    if (!this.#identity || this.#failure || !this.#settings.kept) return false;
    return expiration === undefined || expiration.getTime() - wallTime() > RENEWED_BEFORE_MS;
  }

  /** Asks the provider, once at a time for all callers: a provider that hangs is asked once. */
  #takeOnce(): Promise<void> {
    this.#taking ??= this.#take().finally(() => (this.#taking = undefined));
    return this.#taking;
  }

  async #take(options?: { readonly forceRefresh: boolean }): Promise<void> {
    try {
      const identity = asSigned(await this.#source?.(options));
      if (!isSame(identity, this.#identity)) this.#replace(identity);
      this.#failure = undefined;
    } catch (error) {
      this.#failure = providerError(error);
    }
  }

  #replace(identity: Identity | undefined): void {
    const first = !this.#identity && !this.#failure;
    this.#identity = identity;
    if (first) return;
    this.#generation++;
    const error = this.#trouble?.first ?? this.#failure;
    // A renewal in time needs no announcement.
    if (!error) return;
    if (!this.#trouble?.logged) this.#settings.log.info({ error: showError(error) }, RENEWED);
    if (this.#trouble) this.#trouble = { ...this.#trouble, logged: true };
    for (const listener of this.#listeners) this.#context.runInAsyncScope(listener);
  }

  /**
   * Notes whether a call's credentials were accepted or refused.
   * @returns true where the call failed and other credentials may help
   */
  #learn(end: CallEnd<unknown>, asOf: AsOf): end is { readonly failure: CallFailure } {
    if (!('failure' in end)) {
      this.accepted(asOf);
      return false;
    }
    const { type = '', error } = end.failure;
    const denied = DENIED.has(type);
    if (!this.#settings.renewable || !(denied || REFUSED.has(type))) return false;
    if (!this.#isTroubled()) this.#settle();
    this.#trouble = {
      ...{ first: error, provable: !denied, logged: false, ...this.#trouble },
      generation: Math.max(asOf.generation, this.#trouble?.generation ?? 0),
      lastAt: this.#settings.clock.now(),
    };
    return true;
  }

  /**
   * Returns true where an accepted call proves that the trouble is over: it used newer credentials, or was sent after
   * the last refusal.
   */
  #isDisproved({ generation, sentAt }: AsOf): boolean {
    const trouble = this.#trouble;
    if (!trouble?.provable) return false;
    return generation > trouble.generation || sentAt > trouble.lastAt;
  }

  #isTroubled(): boolean {
    return this.#trouble !== undefined && this.#settings.clock.now() - this.#trouble.lastAt < QUIET_MS;
  }

  #settle(): void {
    this.#trouble = undefined;
    this.#refresh.reset();
  }

  #request(): Promise<void> | undefined {
    return this.#context.runInAsyncScope(() => this.#refresh.request());
  }

  /** Asks the provider for new credentials. @returns true where the provider must be asked again */
  async #askAgain(): Promise<boolean> {
    const generation = this.#generation;
    await readSharedFiles();
    await this.#take({ forceRefresh: true });
    return this.#failure !== undefined || (this.#generation === generation && this.#isTroubled());
  }

  async #waitFor(asked: Promise<void> | undefined, signal?: Abortable): Promise<void> {
    if (asked) await within(this.#settings.clock, PROVIDER_LIMIT_MS, asked, signal);
  }

  /** Adds to the error of a refused call why there are no other credentials. */
  #explained<E extends { readonly failure: CallFailure }>(end: E): E {
    if (!this.#failure) return end;
    const { error } = end.failure;
    const message = `${error.message}; and there are no others: ${showError(this.#failure)}`;
    const explained = Object.assign(new Error(message, { cause: error }), { name: error.name });
    return { ...end, failure: { ...end.failure, error: explained } };
  }
}

const RENEWED =
  'credentials were refused, or could not be had; the provider has new ones, which are used from now on';

/**
 * Makes the SDK read the shared config and credentials files again: it keeps them as first read, for all its providers
 * and for ever.
 */
async function readSharedFiles(): Promise<void> {
  const { fromIni } = await import('@aws-sdk/credential-provider-ini');
  // This only reads: there is no profile of this name, so nothing is asked, assumed or run for it.
  await fromIni({ profile: 'stepwright reads the files anew', ignoreCache: true })().catch(() => {});
}

/**
 * Copies credentials to sign with, since a provider may change its own object when it has new ones. An empty session
 * token becomes none, as in the SDK.
 * @throws TypeError for characters that no header can hold, with which no call could be made
 */
function asSigned(identity: Identity | undefined): Identity | undefined {
  if (!identity) return undefined;
  const { accessKeyId, secretAccessKey, sessionToken } = identity;
  for (const [part, value] of Object.entries({ accessKeyId, sessionToken })) {
    if (UNSENDABLE.test(value ?? '')) throw new TypeError(`${part} ${WITH_A_BREAK}`);
  }
  return { ...identity, accessKeyId, secretAccessKey, sessionToken: sessionToken || undefined };
}

/** Characters that HTTP allows in no header. */
const UNSENDABLE = /[^\t\x20-\x7e\x80-\xff]/;
const WITH_A_BREAK =
  'has a line break in it, or another character that no header can hold; was it read from a file that ends in one?';

function isSame(one: Identity | undefined, other: Identity | undefined): boolean {
  return (
    one?.accessKeyId === other?.accessKeyId &&
    one?.secretAccessKey === other?.secretAccessKey &&
    one?.sessionToken === other?.sessionToken
  );
}

/**
 * Wraps what a credential provider threw, so that it is not taken for an answer of Step Functions: a provider may
 * itself call AWS, such as STS, and throw an AWS error.
 */
function providerError(thrown: unknown): Error {
  const { name, message } = Object(thrown) as Partial<Error>;
  if (name === PROVIDER_ERROR) return thrown as Error;
  // Its fields may be secret.
  const shown = inspect(thrown, { depth: -1 });
  const said = message === undefined ? `the provider threw ${shown}` : `${name}: ${message}`;
  return Object.assign(new Error(said, { cause: thrown }), { name: PROVIDER_ERROR });
}

/** The SDK's own name for the error of a credential provider. */
const PROVIDER_ERROR = 'CredentialsProviderError';
