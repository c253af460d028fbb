import { inspect } from 'node:util';
import type { SFNClient } from '@aws-sdk/client-sfn';
import { Abort } from '../../base/abort.js';
import type { Clock } from '../../base/time/clock.js';
import { within } from '../../base/time/wait.js';

/** A client's source of credentials: the SDK's own chain, or a user's function. */
export type Provider = SFNClient['config']['credentials'];
export type Identity = Awaited<ReturnType<Provider>>;

export interface SourceOptions {
  readonly clock: Clock;
  /**
   * Makes the provider anew, to be asked after an ask that hangs.
   * @default the same provider is asked
   */
  readonly remake?: () => Provider;
  /** Reads the shared files of AWS anew, before the provider is asked for other credentials. @default the SDK reads them */
  readonly readFiles?: () => Promise<void>;
  /** Called with each answer, unless a later ask was answered before. Must not throw. */
  readonly onAnswer: (identity: Identity) => void;
  /** Called once for each ask that failed or was not answered in time, unless a later one was answered before. */
  readonly onFailure: (error: Error) => void;
}

/** The longest that an ask may take. Then it counts as failed, so that the provider is asked again. */
const ASK_LIMIT_MS = 30_000;

/**
 * Asks a provider of credentials. An ask that hangs counts as failed after 30 s, and its answer is taken all the same
 * when it comes before that of a later ask.
 */
export class CredentialSource {
  readonly #options: SourceOptions;
  readonly #closed = new Abort();
  #provider: Provider | undefined;
  #asks = 0;
  /** The number of the latest ask that was answered. */
  #answered = 0;

  constructor(options: SourceOptions) {
    this.#options = options;
  }

  /** Uses this provider, where there is none yet. */
  use(provider: Provider): void {
    this.#provider ??= provider;
  }

  /**
   * Asks the provider. Resolves when the ask has ended, after 30 s or at the `close` at the latest. Never rejects.
   * @param options `anew`: it drops what it has kept.
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
    // The SDK's chain has every later ask wait for the one that is open.
    if (remake) this.#provider = remake();
  }

  /** Waits for no answer any more, and asks no more. */
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
function asSigned(identity: Identity): Identity {
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
  return named(new Error(said, { cause: thrown }));
}

/** The SDK's own name for the error of a credential provider. */
const PROVIDER_ERROR = 'CredentialsProviderError';

const named = (error: Error): Error => Object.assign(error, { name: PROVIDER_ERROR });
