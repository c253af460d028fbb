import { isNativeError } from 'node:util/types';
import { libraries, loadLibrary } from '../../base/load-library.js';
import { didYouMean } from '../../base/show.js';
import { StoreError } from '../../base/store/store-error.js';
import { unlessAborted } from '../../base/time/wait.js';

/** A client of the AWS SDK. */
export interface SdkClient {
  send(command: object, options: { readonly abortSignal?: AbortSignal | undefined }): Promise<unknown>;
}

/** Options that both stores of AWS have. */
export interface ClientOptions {
  /** The region of the bucket or table. @default the SDK's: `AWS_REGION`, or the profile's */
  readonly region?: string | undefined;
  /** The URL of another service with the same API. @default the region's endpoint at AWS */
  readonly endpoint?: string | undefined;
  /**
   * Settings for the SDK's client, such as `credentials` or `requestHandler`, or a client that you made yourself.
   * @default the SDK's own settings, with its chain of credentials
   */
  readonly client?: object | undefined;
}

/** An error of the SDK, as far as it is used. */
export interface SdkFailure {
  /** The error itself. */
  readonly error: Error;
  /** The error's code, such as `AccessDenied`. */
  readonly code: string;
  /** The HTTP status of the response; undefined if there was none. */
  readonly status: number | undefined;
  /** The number of times that the request was sent. */
  readonly attempts: number;
}

/** A response is taken for lost if nothing is sent or received for this long. The SDK then tries again. */
const IDLE_MS = 4_000;
const CONNECT_MS = 2_000;
const MOST_SOCKETS = 128;

/**
 * Loads an optional package of the SDK.
 * @param user the function that needs it, such as `s3()`
 * @throws StoreError of kind `denied` if the package isn't installed
 */
export function loadPeer(name: string, user: string): unknown {
  // The SDK would print seven lines about Node 20, which this package supports on purpose.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  return orMissing(name, user, () => loadLibrary(name));
}

/** Checks that an optional package of the SDK is installed, without loading it. @throws as {@link loadPeer} does */
export function checkPeer(name: string, user: string): void {
  orMissing(name, user, () => libraries.resolve(name));
}

function orMissing<T>(name: string, user: string, find: () => T): T {
  try {
    return find();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    const message = `${user} uses ${name}, which is not installed: npm install '${name}@~3.1164'`;
    throw new StoreError('denied', message, { cause: error });
  }
}

/**
 * Checks the options of a store by their names.
 * @param user the function that they were passed to, such as `s3()`
 * @throws TypeError that names all options that are unknown
 */
export function checkOptions(user: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).filter((key) => !known.includes(key));
  if (unknown.length === 0) return;
  throw new TypeError(
    unknown.map((key) => `${user} has no option '${key}': ${didYouMean(key, known)}`).join('; '),
  );
}

/**
 * Returns the user's own client, or makes one.
 * @param make makes a client of the SDK
 * @param more settings that the user's own settings may replace
 */
export function clientOf(
  { region, endpoint, client = {} }: ClientOptions,
  make: (settings: object) => SdkClient,
  more: object = {},
): SdkClient {
  if ('send' in client) return client as SdkClient;
  const agent = { keepAlive: true, maxSockets: MOST_SOCKETS };
  return make({
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    ...{ maxAttempts: 3, retryMode: 'standard' },
    requestHandler: {
      ...{ connectionTimeout: CONNECT_MS, socketTimeout: IDLE_MS },
      ...{ httpAgent: agent, httpsAgent: agent },
    },
    ...more,
    ...client,
  });
}

/**
 * Sends a command. Ends at once if the signal aborts, also while the SDK waits before its next attempt.
 * @throws the error of the SDK, or the signal's reason
 */
export async function send(
  client: SdkClient,
  command: object,
  abortSignal: AbortSignal | undefined,
): Promise<unknown> {
  abortSignal?.throwIfAborted();
  try {
    return await unlessAborted(abortSignal, client.send(command, { abortSignal }));
  } catch (error) {
    abortSignal?.throwIfAborted();
    throw error;
  }
}

export function sdkFailure(thrown: unknown): SdkFailure {
  const error = isNativeError(thrown) ? thrown : new Error(String(thrown));
  const { $metadata, code } = error as {
    $metadata?: { httpStatusCode?: number; attempts?: number };
    code?: unknown;
  };
  return {
    error,
    code: typeof code === 'string' ? code : error.name,
    status: $metadata?.httpStatusCode,
    attempts: $metadata?.attempts ?? 1,
  };
}

/** The codes by which a service says that the request's signature or credentials aren't valid. */
const BAD_CREDENTIALS = new Set([
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidToken',
  'TokenRefreshRequired',
  'InvalidClientTokenId',
  'UnrecognizedClientException',
  'InvalidSignatureException',
  'IncompleteSignatureException',
  'MissingAuthenticationTokenException',
  'RequestTimeTooSkewed',
]);
const THROTTLES = /Throttl|SlowDown|ThroughputExceeded|RequestLimitExceeded|TooManyRequests|^RequestTimeout$/;

/**
 * Returns the `StoreError` of a failure that means the same at every service of AWS; undefined for any other.
 * @param call the call and its place, such as `PutObject in bucket b, prefix payloads/`
 */
export function commonFailure({ error, code, status }: SdkFailure, call: string): StoreError | undefined {
  const because = (kind: 'denied' | 'unavailable' | 'full', text: string): StoreError =>
    new StoreError(kind, text, { cause: error });
  if (error.message === 'Region is missing')
    return because('denied', `${call} has no region: set AWS_REGION, or \`region\` of the store`);
  if (code === 'EndpointError') return because('denied', `${call} has no endpoint: ${said(error, code)}`);
  if (BAD_CREDENTIALS.has(code))
    return because('denied', `${call} was refused, as the credentials are not valid: ${said(error, code)}`);
  if (status === 507) return because('full', `${call} found no room: ${said(error, code)}`);
  // Credentials that can't be had now may be had later: the service of a container that gives them may be away.
  if (status === undefined || status < 400 || status >= 500 || status === 429 || THROTTLES.test(code))
    return because('unavailable', `${call} failed: ${said(error, code)}`);
  return undefined;
}

const MOST_CHARACTERS = 300;

/** Returns an error's code and message, as one line. */
export function said({ message, name }: Error, code: string): string {
  const text = message.replaceAll(/\s+/g, ' ').trim();
  const named = text === '' || text === name ? code : `${code}: ${text}`;
  return named.length > MOST_CHARACTERS ? `${named.slice(0, MOST_CHARACTERS)}…` : named;
}
