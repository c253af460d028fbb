import { isNativeError } from 'node:util/types';
import { libraries, loadLibrary } from '../../base/package.js';
import { didYouMean } from '../../base/show.js';
import { StoreError, type StoreErrorKind, type StoreOptions } from '../../base/store.js';
import { wallTime } from '../../base/time/clock.js';
import { unlessAborted } from '../../base/time/wait.js';

interface SdkClient {
  send(command: object, options: { readonly abortSignal?: AbortSignal | undefined }): Promise<unknown>;
}

/** Options that both stores of AWS have. */
export interface AwsStoreOptions {
  /** The region of the bucket or table. @default the SDK's: `AWS_REGION`, or the profile's */
  readonly region?: string | undefined;
  /** The URL of another service with the same API. @default the region's endpoint at AWS */
  readonly endpoint?: string | undefined;
  /**
   * Settings for the SDK's client, such as `credentials` or `requestHandler`, or a client that you made yourself.
   * @default the SDK's own settings, with its chain of credentials
   */
  readonly client?: object | undefined;
  /** The most bytes of one record. @default 64 MiB at S3; 408,576 at DynamoDB, where an item has at most 400 KB */
  readonly maxBytes?: number | undefined;
  /** Returns the time by which records end, in epoch milliseconds. @default the machine's date */
  readonly now?: (() => number) | undefined;
}

/** What a failure means at one service: the kind of error, and the advice. @default what it means at all of them */
export type Meaning = readonly [kind: StoreErrorKind, text: string] | undefined;

interface AwsService {
  /** The package of the SDK, which is an optional peer, and its class. */
  readonly peer: string;
  readonly client: string;
  /** The names of the store's own options. */
  readonly known: readonly string[];
  readonly maxBytes: number;
  /** Is a part of every command. */
  readonly input: object;
  /** Settings of the client that the user's own may replace. */
  readonly settings?: object;
  /** Names the place of calls in messages, such as `the DynamoDB table kept`. */
  readonly place: string;
  readonly meaningOf: (failure: SdkFailure, operation: string) => Meaning;
}

export class SdkFailure {
  readonly error: Error & { readonly Item?: object };
  /** The error's code, such as `AccessDenied`. */
  readonly code: string;
  /** The HTTP status of the response; undefined if there was none. */
  readonly status: number | undefined;
  /** The number of times that the request was sent. */
  readonly attempts: number;

  constructor(thrown: unknown) {
    this.error = isNativeError(thrown) ? thrown : new Error(String(thrown));
    const { $metadata, code } = this.error as {
      $metadata?: { httpStatusCode?: number; attempts?: number };
      code?: unknown;
    };
    this.code = typeof code === 'string' ? code : this.error.name;
    this.status = $metadata?.httpStatusCode;
    this.attempts = $metadata?.attempts ?? 1;
  }
}

const BAD_CREDENTIALS =
  /AccessKeyId|Signature|ExpiredToken|^InvalidToken$|TokenRefresh|ClientTokenId|UnrecognizedClient|AuthenticationToken|TimeTooSkewed/;
const THROTTLES = /Throttl|SlowDown|ThroughputExceeded|RequestLimitExceeded|TooManyRequests|^RequestTimeout$/;

/** What both stores of AWS share. It sends commands by the SDK's client, which is opened with the first one. */
export abstract class AwsStore {
  readonly maxBytes: number;
  protected readonly now: () => number;
  readonly #options: AwsStoreOptions;
  readonly #service: AwsService;
  #opened: { readonly sdk: object; readonly client: SdkClient } | undefined;

  /** @throws TypeError that names all options that are unknown; StoreError if the package isn't installed */
  constructor(
    readonly name: string,
    options: AwsStoreOptions,
    service: AwsService,
  ) {
    const { peer, maxBytes } = service;
    const known = [...service.known, 'region', 'endpoint', 'client', 'maxBytes', 'now'];
    const unknown = Object.keys(options).filter((key) => !known.includes(key));
    if (unknown.length > 0)
      throw new TypeError(
        unknown.map((key) => `${userOf(peer)} has no option '${key}': ${didYouMean(key, known)}`).join('; '),
      );
    this.maxBytes = options.maxBytes ?? maxBytes;
    this.now = options.now ?? wallTime;
    this.#options = options;
    this.#service = service;
    orMissing(peer, () => libraries.resolve(peer));
  }

  /** Returns true if a record that ends then is over. */
  protected isOver(until: string | undefined): boolean {
    return until !== undefined && Number(until) <= this.now();
  }

  /**
   * Sends a command. Ends at once if the signal aborts, also while the SDK waits before its next attempt.
   * @param isExpected returns true for a failure that is returned
   * @throws StoreError, or the signal's reason
   */
  protected async send(
    operation: string,
    input: object,
    { signal }: StoreOptions,
    isExpected: (failure: SdkFailure) => boolean = () => false,
  ): Promise<unknown> {
    signal?.throwIfAborted();
    try {
      const { sdk, client } = (this.#opened ??= this.#open());
      const command = new (classOf(sdk, `${operation}Command`))({ ...this.#service.input, ...input });
      return await unlessAborted(signal, client.send(command, { abortSignal: signal }));
    } catch (thrown) {
      signal?.throwIfAborted();
      const failure = new SdkFailure(thrown);
      if (isExpected(failure)) return failure;
      throw this.errorOf(operation, failure);
    }
  }

  protected errorOf(operation: string, failure: SdkFailure): StoreError {
    const { error, code } = failure;
    if (error instanceof StoreError) return error;
    const { place, meaningOf } = this.#service;
    const [kind, text] = meaningOf(failure, operation) ?? commonMeaning(failure);
    const message = error.message.replaceAll(/\s+/g, ' ').trim().slice(0, 300);
    const said = message === '' || message === code ? code : `${code}: ${message}`;
    return new StoreError(kind, `${operation} in ${place} ${text}: ${said}`, { cause: error });
  }

  /** Returns the error of a removal that found nothing: an earlier attempt of the SDK may have made it. */
  protected unsure({ error }: SdkFailure): StoreError {
    const text = `an answer of ${this.#service.place} was lost, so it is not known if a record was removed`;
    return new StoreError('unavailable', text, { cause: error });
  }

  #open(): { readonly sdk: object; readonly client: SdkClient } {
    const { region, endpoint, client = {} } = this.#options;
    const { settings, client: name, peer } = this.#service;
    // The SDK would print seven lines about Node 20, which this package supports on purpose.
    process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
    const sdk = orMissing(peer, () => loadLibrary(peer) as object);
    if ('send' in client) return { sdk, client: client as SdkClient };
    const agent = { keepAlive: true, maxSockets: 128 };
    // A response is taken for lost if nothing is sent or received for 4 s. The SDK then tries again.
    const times = { connectionTimeout: 2_000, socketTimeout: 4_000 };
    const made = new (classOf(sdk, name))({
      ...(region !== undefined && { region }),
      ...(endpoint !== undefined && { endpoint }),
      maxAttempts: 3,
      retryMode: 'standard',
      requestHandler: { ...times, httpAgent: agent, httpsAgent: agent },
      ...settings,
      ...client,
    });
    return { sdk, client: made };
  }
}

/** Returns a class of the SDK. Its own types may be missing, as the package is optional. */
const classOf = (sdk: object, name: string): new (input: object) => SdkClient => Reflect.get(sdk, name);

/** Returns the function that a user of a package calls, such as `s3()`. */
const userOf = (peer: string): string => `${peer.replace(/.*-/, '')}()`;

function orMissing<T>(peer: string, find: () => T): T {
  try {
    return find();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    const message = `${userOf(peer)} uses ${peer}, which is not installed: npm install '${peer}@~3.1164'`;
    throw new StoreError('denied', message, { cause: error });
  }
}

/** Returns what a failure means at every service of AWS. */
function commonMeaning({ error, code, status }: SdkFailure): NonNullable<Meaning> {
  if (error.message === 'Region is missing') return ['denied', 'needs AWS_REGION, or `region` of the store'];
  if (code === 'EndpointError') return ['denied', 'has no endpoint'];
  if (BAD_CREDENTIALS.test(code)) return ['denied', 'was refused, as the credentials are not valid'];
  if (status === 507) return ['full', 'found no room'];
  // Credentials that can't be had now may be had later: the service of a container that gives them may be away.
  const mayPass = status === undefined || status < 400 || status >= 500 || status === 429 || status === 409;
  return mayPass || THROTTLES.test(code) ? ['unavailable', 'failed'] : ['denied', 'was refused'];
}
