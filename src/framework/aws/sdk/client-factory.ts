import type { SFNClient, SFNClientConfig } from '@aws-sdk/client-sfn';
import { type Logger, silentLog } from '../../base/log/log.js';
import { type Clock, systemClock } from '../../base/time/clock.js';
import { CONNECTION_TIMEOUT_MS } from '../call.js';
import { type Endpoint, isLoopback } from '../endpoint.js';
import type { CallWatch } from './call-watch.js';
import { Credentials } from './credentials.js';
import { loadSdk } from './load-sdk.js';
import type { SdkSettings } from './settings.js';

const { Agent: HttpAgent } = process.getBuiltinModule('node:http');
const { Agent: HttpsAgent } = process.getBuiltinModule('node:https');

export interface ClientSettings {
  readonly endpoint: Endpoint;
  readonly sdk: SdkSettings;
  /** The region for calls that name no ARN. @default the SDK's own; at loopback us-east-1 where the SDK has none */
  readonly region?: string;
  /** Times the refresh of refused credentials. @default the system's clock */
  readonly clock?: Clock;
  /** Reads the shared files of AWS anew, before the provider is asked for other credentials. @default the SDK reads them */
  readonly readFiles?: () => Promise<void>;
  /** Logs that credentials were renewed. @default nowhere */
  readonly log?: Logger;
}

const LOCAL_CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' } as const;
const LOOPBACK_REGION = 'us-east-1';

/** Makes SDK clients that share their credentials. The first client loads the SDK. */
export class ClientFactory {
  readonly credentials: Credentials;
  readonly #settings: ClientSettings;
  readonly #clients: SFNClient[] = [];
  readonly #provider: SFNClientConfig['credentials'];
  /** The region of the first client, whose provider serves all. */
  #region: string | undefined;

  constructor(settings: ClientSettings) {
    const { endpoint, sdk, clock = systemClock, log = silentLog } = settings;
    this.#settings = settings;
    const own = localCredentials(endpoint, sdk.credentials);
    this.#provider = unmemoized(own);
    this.credentials = new Credentials({
      ...{ clock, log, renewable: typeof own !== 'object' },
      ...(settings.readFiles && { readFiles: settings.readFiles }),
      kept: !(Reflect.get(Object(own), 'memoized') || sdk.credentialDefaultProvider),
      remake: () => new (loadSdk().SFNClient)(this.#config(this.#region, 1, 1)).config.credentials,
    });
  }

  /**
   * Makes a client.
   * @param sockets the most calls that may be open at once; with the SDK's default of 50 a further call would wait.
   * @param maxAttempts the most attempts that the SDK itself makes at a call.
   * @param calls watches the client's calls; without it they are not watched.
   */
  async client(
    region: string | undefined,
    sockets: number,
    maxAttempts: number,
    calls?: CallWatch,
  ): Promise<SFNClient> {
    // The SDK would print seven lines about Node 20 at each start, which this package supports on purpose.
    process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
    const { SFNClient } = loadSdk();
    if (this.#clients.length === 0) this.#region = region;
    const client = new SFNClient(this.#config(region, sockets, maxAttempts, calls));
    calls?.attach(client);
    this.credentials.attach(client);
    this.#clients.push(client);
    return client;
  }

  /** Resolves to the region for calls that name no ARN; undefined where none is configured anywhere. */
  async defaultRegion(): Promise<string | undefined> {
    if (this.#settings.region) return this.#settings.region;
    const client = await this.client(undefined, 1, 1);
    try {
      return await client.config.region();
    } catch {
      return isLoopback(this.#settings.endpoint) ? LOOPBACK_REGION : undefined;
    }
  }

  close(): void {
    this.credentials.close();
    for (const client of this.#clients) client.destroy();
  }

  #config(
    region: string | undefined,
    sockets: number,
    maxAttempts: number,
    calls?: CallWatch,
  ): SFNClientConfig {
    const { endpoint, sdk } = this.#settings;
    return {
      ...sdk,
      ...(region !== undefined && { region }),
      ...(this.#provider && { credentials: this.#provider }),
      ...where(endpoint),
      maxAttempts,
      cacheMiddleware: true,
      requestHandler: requestHandler(sdk.requestHandler, sockets, calls),
    };
  }
}

function where(endpoint: Endpoint): SFNClientConfig {
  if (endpoint.kind === 'aws') return { ignoreConfiguredEndpointUrls: true };
  // The SDK refuses FIPS and dual-stack beside a URL, and neither means anything on this machine.
  const plain = isLoopback(endpoint) && { useFipsEndpoint: false, useDualstackEndpoint: false };
  return { endpoint: endpoint.url, ...plain };
}

/** Returns true where clients use agents that Stepwright makes; false with a user's own handler or agent. */
export function ownsConnections({ requestHandler: own }: SdkSettings): boolean {
  if (!own) return true;
  const { httpAgent, httpsAgent }: Record<string, unknown> = { ...own };
  return !('handle' in own || isAgent(httpAgent) || isAgent(httpsAgent));
}

/**
 * Returns a user's ready-made handler as it is; otherwise settings for the SDK's handler, of which the user's win key
 * by key.
 */
function requestHandler(
  own: SdkSettings['requestHandler'],
  sockets: number,
  calls?: CallWatch,
): SFNClientConfig['requestHandler'] {
  if (own && 'handle' in own) return own;
  const settings = { keepAlive: true, maxSockets: sockets };
  const { httpAgent, httpsAgent, ...rest }: Record<string, unknown> = { ...own };
  // The SDK would fill up settings of an agent with 50 sockets, so agents are made here.
  const [plain, secure] = [
    new HttpAgent(Object.assign({ ...settings }, httpAgent)),
    new HttpsAgent(Object.assign({ ...settings }, httpsAgent)),
  ];
  return {
    httpAgent: isAgent(httpAgent) ? httpAgent : (calls?.watch(plain, 'connect') ?? plain),
    httpsAgent: isAgent(httpsAgent) ? httpsAgent : (calls?.watch(secure, 'secureConnect') ?? secure),
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    // The worker limits whole calls, on its own clock.
    requestTimeout: 0,
    socketTimeout: 0,
    // Calls may wait for a socket on purpose, which needs no warning.
    socketAcquisitionWarningTimeout: 2 ** 31 - 1,
    ...rest,
  };
}

const isAgent = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'destroy' in value && typeof value.destroy === 'function';

/**
 * Returns the credentials for an endpoint, or their provider; undefined for the SDK's own chain. At `local`, where
 * credentials are not checked, they are made up. Another loopback address gets the credentials of the environment or a
 * profile: the metadata service, which hangs where there is none, is never asked.
 */
function localCredentials(
  endpoint: Endpoint,
  own: SdkSettings['credentials'],
): SFNClientConfig['credentials'] {
  if (endpoint.kind === 'local') return LOCAL_CREDENTIALS;
  if (own || !isLoopback(endpoint)) return own;
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN,
  } = process.env;
  if (accessKeyId && secretAccessKey) {
    return { accessKeyId, secretAccessKey, ...(AWS_SESSION_TOKEN && { sessionToken: AWS_SESSION_TOKEN }) };
  }
  return profileCredentials;
}

/**
 * Lets each ask reach a user's function: the SDK would keep what it returned, have an ask wait for one that hangs, and ask
 * twice for credentials that expire within five minutes. Stepwright keeps them itself.
 */
function unmemoized(provider: SFNClientConfig['credentials']): SFNClientConfig['credentials'] {
  if (typeof provider !== 'function') return provider;
  const ask: typeof provider = (options) => provider(options);
  return Object.assign(ask, provider, { memoized: true });
}

async function profileCredentials(): Promise<{ accessKeyId: string; secretAccessKey: string }> {
  const { fromIni } = await import('@aws-sdk/credential-provider-ini');
  return fromIni()().catch(() => LOCAL_CREDENTIALS);
}
