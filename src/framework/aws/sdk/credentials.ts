import type { Abortable } from '../../base/abort.js';
import { AsyncResource } from 'node:async_hooks';
import { inspect } from 'node:util';
import type { SFNClient } from '@aws-sdk/client-sfn';
import { type Clock, wallTime } from '../../base/time/clock.js';
import { showError } from '../../base/errors.js';
import type { Logger } from '../../base/log/log.js';
import { within } from '../../base/time/wait.js';
import type { AsOf, Renewal, Repeatable } from '../activity-calls.js';
import type { CallEnd, WireFailure } from '../wire.js';
import { RepeatedAsk } from './repeated-ask.js';

/** What a client asks for credentials: the SDK's own chain or a user's function, memoised by the SDK. */
type Provider = SFNClient['config']['credentials'];
type Identity = Awaited<ReturnType<Provider>>;

export interface CredentialsSettings {
  readonly clock: Clock;
  readonly log: Logger;
  /** Whether the provider can ever have others; a mere value has none. */
  readonly renewable: boolean;
  /** Whether the SDK keeps what the provider gave until it is about to expire; a user's own may say it does that itself. */
  readonly kept: boolean;
}

/**
 * What the service refuses a call for where other credentials help, by whichever name it is known. A key that was
 * deleted or switched off is unrecognized; no signature matches while only one half of a key was replaced.
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
 * A session that was revoked in IAM is denied, by a policy that spares those that began later. More often a permission
 * is missing, of this one call: that another call is accepted proves nothing then.
 */
const DENIED = new Set(['AccessDenied', 'AccessDeniedException']);

/** The SDK asks a provider anew from so long before its answer expires. */
const RENEWED_BEFORE_MS = 5 * 60_000;
/** A call waits no longer for a provider that hangs. */
const PATIENCE_MS = 5_000;
/** Where none was refused for so long, the next refusal is trouble of its own. */
const QUIET_MS = 60_000;

/** Refusals, since the credentials last worked. */
interface Trouble {
  readonly first: Error;
  /** Whether any call that is accepted proves its end. */
  readonly provable: boolean;
  /** The latest identity that was refused. */
  readonly generation: number;
  readonly lastAt: number;
  readonly told: boolean;
}

/**
 * The credentials of all clients, from one provider. Where the service refuses them, or the provider fails, it is asked
 * anew: at once, then after 1 s, doubling to 30 s, however many calls are refused. With its first new answer a call that
 * waits for it is made again, and whoever listens is told.
 */
export class Credentials implements Renewal {
  readonly #settings: CredentialsSettings;
  readonly #asks: RepeatedAsk;
  /** Whoever asks first, asks for all: nothing of a task's own context may be left in it. */
  readonly #context = new AsyncResource('stepwright:credentials');
  readonly #listeners: (() => void)[] = [];
  #source: Provider | undefined;
  #taking: Promise<void> | undefined;
  #identity: Identity | undefined;
  /** Which identity it is: counted up with each that takes another's place. */
  #generation = 0;
  #trouble: Trouble | undefined;
  /** Why the provider gave nothing when it was last asked. */
  #failure: Error | undefined;

  constructor(settings: CredentialsSettings) {
    this.#settings = settings;
    this.#asks = new RepeatedAsk(settings.clock, () => this.#ask());
  }

  /** Makes a client take its credentials from here. The provider of the first client serves all. */
  attach(client: SFNClient): void {
    this.#source ??= client.config.credentials;
    // Without the mark the SDK would keep the first answer for ever.
    client.config.credentials = Object.assign(() => this.#provide(), { memoized: true });
  }

  asOf(): AsOf {
    return { generation: this.#generation, sentAt: this.#settings.clock.now() };
  }

  accepted(asOf: AsOf): void {
    if (this.#isDisproved(asOf)) this.#settle();
  }

  /** Where the provider has new ones the call is made again: nothing was done. The signal ends the wait for it. */
  async failed<T>(
    end: CallEnd<T>,
    asOf: AsOf,
    { signal, attempt, again }: Repeatable<T>,
  ): Promise<CallEnd<T>> {
    if (!this.#learn(end, asOf)) return end;
    again();
    if (this.#generation === asOf.generation) await this.#patiently(this.#want(), signal);
    if (this.#generation === asOf.generation) return this.#explained(end);
    const renewed = this.asOf();
    const second = await attempt();
    if (this.#learn(second, renewed)) void this.#want();
    return second;
  }

  /**
   * What the next call is signed with; a promise where the provider must be asked, which it is for nobody in particular.
   * It rejects with the provider's error where there never were any.
   */
  current(): Identity | Promise<Identity> {
    return this.#isGood() ? (this.#identity as Identity) : this.#provide();
  }

  /** Calls back whenever the provider has others in place of what was refused. */
  onRenewed(listener: () => void): void {
    this.#listeners.push(listener);
  }

  close(): void {
    this.#asks.close();
  }

  /**
   * What a call is signed with. Where the provider gives nothing, the last ones are used on: that they have expired is
   * for the service to say, not for the clock of this machine.
   * @throws the provider's error where there never were any
   */
  async #provide(): Promise<Identity> {
    if (this.#isGood()) return this.#identity as Identity;
    if (!this.#failure) await this.#patiently(this.#takeOnce());
    if (this.#failure) await this.#patiently(this.#want());
    if (this.#identity) return this.#identity;
    throw this.#failure ?? new Error('the provider of credentials gave none');
  }

  /**
   * Whether there is no need to ask the provider: it keeps what it gave for ever where that does not expire, and else
   * until five minutes before.
   */
  #isGood(): boolean {
    const { expiration } = this.#identity ?? {};
    if (!this.#identity || this.#failure || !this.#settings.kept) return false;
    return expiration === undefined || expiration.getTime() - wallTime() > RENEWED_BEFORE_MS;
  }

  /** One at a time, shared: a provider that hangs is asked once. */
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
    // Nobody waits for what the SDK renewed in time.
    if (!error) return;
    if (!this.#trouble?.told) this.#settings.log.info({ error: showError(error) }, RENEWED);
    if (this.#trouble) this.#trouble = { ...this.#trouble, told: true };
    for (const listener of this.#listeners) this.#context.runInAsyncScope(listener);
  }

  /** @returns whether it was refused for its credentials, and there may be others */
  #learn(end: CallEnd<unknown>, asOf: AsOf): end is { readonly failure: WireFailure } {
    if (!('failure' in end)) {
      this.accepted(asOf);
      return false;
    }
    const { type = '', error } = end.failure;
    const denied = DENIED.has(type);
    if (!this.#settings.renewable || !(denied || REFUSED.has(type))) return false;
    if (!this.#isTroubled()) this.#settle();
    this.#trouble = {
      ...{ first: error, provable: !denied, told: false, ...this.#trouble },
      generation: Math.max(asOf.generation, this.#trouble?.generation ?? 0),
      lastAt: this.#settings.clock.now(),
    };
    return true;
  }

  /** Whether a call that was accepted says that the credentials are good: others than were refused, or refused for nothing. */
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
    this.#asks.reset();
  }

  #want(): Promise<void> | undefined {
    return this.#context.runInAsyncScope(() => this.#asks.want());
  }

  /** @returns whether to ask again */
  async #ask(): Promise<boolean> {
    const generation = this.#generation;
    await readSharedFiles();
    await this.#take({ forceRefresh: true });
    return this.#failure !== undefined || (this.#generation === generation && this.#isTroubled());
  }

  async #patiently(ask: Promise<void> | undefined, signal?: Abortable): Promise<void> {
    if (ask) await within(this.#settings.clock, PATIENCE_MS, ask, signal);
  }

  /** One line says it all: what was refused, and why there is nothing else. */
  #explained<E extends { readonly failure: WireFailure }>(end: E): E {
    if (!this.#failure) return end;
    const { error } = end.failure;
    const message = `${error.message}; and there are no others: ${showError(this.#failure)}`;
    const explained = Object.assign(new Error(message, { cause: error }), { name: error.name });
    return { ...end, failure: { ...end.failure, error: explained } };
  }
}

const RENEWED =
  'credentials were refused, or could not be had; the provider has new ones, which are used from now on';

/** The SDK keeps the shared files as it first read them, for all its providers and for ever. This reads them anew. */
async function readSharedFiles(): Promise<void> {
  const { fromIni } = await import('@aws-sdk/credential-provider-ini');
  // Only to be read: there is no profile of this name, so nothing is asked, assumed or run for it.
  await fromIni({ profile: 'stepwright reads the files anew', ignoreCache: true })().catch(() => {});
}

/**
 * As requests are signed with them: an empty session token is none, as to the SDK. A copy, since a provider may change
 * its own object when it has others.
 * @throws where they can be in no header, so that no call could be made with them
 */
function asSigned(identity: Identity | undefined): Identity | undefined {
  if (!identity) return undefined;
  const { accessKeyId, secretAccessKey, sessionToken } = identity;
  for (const [part, value] of Object.entries({ accessKeyId, sessionToken })) {
    if (UNSENDABLE.test(value ?? '')) throw new TypeError(`${part} ${WITH_A_BREAK}`);
  }
  return { ...identity, accessKeyId, secretAccessKey, sessionToken: sessionToken || undefined };
}

/** What HTTP allows in no header. */
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

/** Whatever the provider came to is none of Step Functions' answers, even where it was AWS that it asked. */
function providerError(thrown: unknown): Error {
  const { name, message } = Object(thrown) as Partial<Error>;
  if (name === PROVIDER_ERROR) return thrown as Error;
  // What it holds may be secret.
  const shown = inspect(thrown, { depth: -1 });
  const said = message === undefined ? `the provider threw ${shown}` : `${name}: ${message}`;
  return Object.assign(new Error(said, { cause: thrown }), { name: PROVIDER_ERROR });
}

/** The SDK's own name for it. */
const PROVIDER_ERROR = 'CredentialsProviderError';
