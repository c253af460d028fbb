import { inspect } from 'node:util';
import type { SFNClient } from '@aws-sdk/client-sfn';
import { Abort } from '../../base/abort.js';
import type { Clock } from '../../base/time/clock.js';
import { within } from '../../base/time/wait.js';

/** A client's provider of credentials: the SDK's own chain of providers, or a user's function. */
export type Provider = SFNClient['config']['credentials'];
export type Identity = Awaited<ReturnType<Provider>>;

export interface SourceOptions {
  readonly clock: Clock;
  /**
   * Makes a new provider, to be used after a request to the old one has hung.
   * @default the same provider is used again
   */
  readonly remake?: () => Provider;
  /**
   * Reads AWS's shared config and credentials files again, before the provider is asked for new credentials. @default
   * the SDK reads them
   */
  readonly readFiles?: () => Promise<void>;
  /** Called with the credentials of each answer, unless a later request was answered first. Must not throw. */
  readonly onAnswer: (identity: Identity) => void;
  /** Called once for each request that failed or wasn't answered in time, unless a later request was answered first. */
  readonly onFailure: (error: Error) => void;
}

/**
 * The longest time that one request to the provider may take. After that it counts as failed, so that the provider is
 * asked again.
 */
const ASK_LIMIT_MS = 30_000;

/**
 * Asks a provider for credentials. A request that hangs counts as failed after 30 s. If it is answered later
 * nevertheless, the answer is used, unless a later request was answered first.
 */
export class CredentialSource {
  readonly #options: SourceOptions;
  readonly #closed = new Abort();
  #provider: Provider | undefined;
  #asks = 0;
  /** The number of the latest request that was answered. */
  #answered = 0;

  constructor(options: SourceOptions) {
    this.#options = options;
  }

  /** Sets the provider, if none is set yet. */
  use(provider: Provider): void {
    this.#provider ??= provider;
  }

  /**
   * Asks the provider. Resolves when the provider has answered or failed, but after 30 s or when `close` is called at
   * the latest. Never rejects.
   * @param options `anew`: true if the provider must not return credentials that it has kept.
   */
  async ask({ anew }: { readonly anew: boolean }): Promise<void> {
    if (this.#closed.aborted) return;
    const { clock, remake, onFailure } = this.#options;
    const number = ++this.#asks;
    let late = false;
    const fail = (error: Error): void => {
      if (!late && number > this.#answered) onFailure(error);
    };
    const ended = this.#read(anew).then(
      (identity) => this.#take(number, identity),
      (thrown: unknown) => fail(providerError(thrown)),
    );
    if ((await within(clock, ASK_LIMIT_MS, ended, this.#closed)) || this.#closed.aborted) return;
    fail(named(new Error(`the provider of credentials did not answer within ${ASK_LIMIT_MS / 1000} s`)));
    late = true;
    // The SDK's chain makes every later request wait for the one that hangs.
    if (remake) this.#provider = remake();
  }

  /** Stops waiting for answers. From now on, the provider isn't asked again. */
  close(): void {
    this.#closed.abort(undefined);
  }

  async #read(anew: boolean): Promise<Identity> {
    const { readFiles = readSharedFiles } = this.#options;
    if (anew) await readFiles();
    const identity = await this.#provider?.(anew ? { forceRefresh: true } : undefined);
    if (!identity) throw named(new Error('the provider of credentials gave none'));
    return asSigned(identity);
  }

  #take(number: number, identity: Identity): void {
    if (number < this.#answered) return;
    this.#answered = number;
    this.#options.onAnswer(identity);
  }
}

/**
 * Makes the SDK read the shared config and credentials files again. Otherwise all its providers keep using the contents
 * that were read first.
 */
async function readSharedFiles(): Promise<void> {
  const { fromIni } = await import('@aws-sdk/credential-provider-ini');
  // No profile has this name. So the files are read, but no credentials are requested, no role is assumed and no
  // program is run.
  await fromIni({ profile: 'stepwright reads the files anew', ignoreCache: true })().catch(() => {});
}

/**
 * Copies credentials, since a provider may change its own object when it gets new ones. An empty session token is
 * removed, as the SDK does it.
 * @throws TypeError if they contain characters that no header can contain, since no call could be made with them
 */
function asSigned(identity: Identity): Identity {
  const { accessKeyId, secretAccessKey, sessionToken } = identity;
  for (const [part, value] of Object.entries({ accessKeyId, sessionToken })) {
    if (UNSENDABLE.test(value ?? '')) throw new TypeError(`${part} ${WITH_A_BREAK}`);
  }
  return { ...identity, accessKeyId, secretAccessKey, sessionToken: sessionToken || undefined };
}

/** Characters that HTTP doesn't allow in any header. */
const UNSENDABLE = /[^\t\x20-\x7e\x80-\xff]/;
const WITH_A_BREAK =
  'has a line break in it, or another character that no header can hold; was it read from a file that ends in one?';

/**
 * Wraps what a credential provider threw. The provider may itself call AWS, such as STS, and throw an AWS error, which
 * must not be mistaken for an answer of Step Functions.
 */
function providerError(thrown: unknown): Error {
  const { name, message } = Object(thrown) as Partial<Error>;
  if (name === PROVIDER_ERROR) return thrown as Error;
  // The thrown object's fields may be secret, so they aren't shown.
  const shown = inspect(thrown, { depth: -1 });
  const said = message === undefined ? `the provider threw ${shown}` : `${name}: ${message}`;
  return named(new Error(said, { cause: thrown }));
}

/** The name that the SDK gives to an error of a credential provider. */
const PROVIDER_ERROR = 'CredentialsProviderError';

const named = (error: Error): Error => Object.assign(error, { name: PROVIDER_ERROR });
