import type { SFNClient, SFNClientConfig } from '@aws-sdk/client-sfn';
import { type Clock, systemClock } from '../../base/time/clock.js';
import { type Logger, silentLog } from '../../base/log/log.js';
import { type Endpoint, isLoopback } from '../endpoint.js';
import type { Calls } from './calls.js';
import { Credentials } from './credentials.js';
import type { SdkSettings } from './settings.js';
import { loadSdk } from './load.js';

const { Agent: HttpAgent } = process.getBuiltinModule('node:http');
const { Agent: HttpsAgent } = process.getBuiltinModule('node:https');

export interface ClientSettings {
  readonly endpoint: Endpoint;
  readonly sdk: SdkSettings;
  /** Unset: the SDK's own chain; at loopback us-east-1 where that has none. */
  readonly region?: string;
  /** When credentials that were refused are asked for again. @default the system's */
  readonly clock?: Clock;
  /** Where it is told that they were renewed. @default nowhere */
  readonly log?: Logger;
}

/** How long a connection may take to be made. Nothing was sent before that, so it is safe to try again. */
const CONNECTION_TIMEOUT_MS = 5_000;
const LOCAL_CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' } as const;
const LOOPBACK_REGION = 'us-east-1';

/** Makes SDK clients that share their credentials. The SDK is loaded at the first one. */
export class ClientFactory {
  readonly credentials: Credentials;
  readonly #settings: ClientSettings;
  readonly #clients: SFNClient[] = [];
  readonly #provider: SFNClientConfig['credentials'];

  constructor(settings: ClientSettings) {
    const { endpoint, sdk, clock = systemClock, log = silentLog } = settings;
    this.#settings = settings;
    this.#provider = localCredentials(endpoint, sdk.credentials);
    this.credentials = new Credentials({
      ...{ clock, log, renewable: typeof this.#provider !== 'object' },
      kept: !(Reflect.get(Object(this.#provider), 'memoized') || sdk.credentialDefaultProvider),
    });
  }

  /**
   * @param sockets how many calls may be open at once; the SDK's default of 50 would make the next one wait.
   * @param maxAttempts how often the SDK itself may try a call.
   * @param calls binds the client's calls, where they are to be watched and ended one by one.
   */
  async client(
    region: string | undefined,
    sockets: number,
    maxAttempts: number,
    calls?: Calls,
  ): Promise<SFNClient> {
    // Seven lines about Node 20 on each start help nobody who chose the range on purpose.
    process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
    const { SFNClient } = loadSdk();
    const client = new SFNClient(this.#config(region, sockets, maxAttempts, calls));
    calls?.attach(client);
    this.credentials.attach(client);
    this.#clients.push(client);
    return client;
  }

  /** The region for calls that name no ARN, or undefined where none is configured anywhere. */
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

  #config(region: string | undefined, sockets: number, maxAttempts: number, calls?: Calls): SFNClientConfig {
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
  // The SDK refuses either beside a URL, and neither means anything on this machine.
  const plain = isLoopback(endpoint) && { useFipsEndpoint: false, useDualstackEndpoint: false };
  return { endpoint: endpoint.url, ...plain };
}

/** Whether the connections will be those of our own agents: not where a user brings a handler or an agent. */
export function ownsConnections({ requestHandler: own }: SdkSettings): boolean {
  if (!own) return true;
  const { httpAgent, httpsAgent }: Record<string, unknown> = { ...own };
  return !('handle' in own || isAgent(httpAgent) || isAgent(httpsAgent));
}

/** A user's ready-made handler is used as it is; plain settings win over ours, key by key. */
function requestHandler(
  own: SdkSettings['requestHandler'],
  sockets: number,
  calls?: Calls,
): SFNClientConfig['requestHandler'] {
  if (own && 'handle' in own) return own;
  const settings = { keepAlive: true, maxSockets: sockets };
  const { httpAgent, httpsAgent, ...rest }: Record<string, unknown> = { ...own };
  // Mere settings of an agent would be filled up by the SDK, with 50 sockets.
  const [plain, secure] = [
    new HttpAgent(Object.assign({ ...settings }, httpAgent)),
    new HttpsAgent(Object.assign({ ...settings }, httpsAgent)),
  ];
  return {
    httpAgent: isAgent(httpAgent) ? httpAgent : (calls?.watch(plain, 'connect') ?? plain),
    httpsAgent: isAgent(httpsAgent) ? httpsAgent : (calls?.watch(secure, 'secureConnect') ?? secure),
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    // Limits of whole calls are ours too, on the worker's clock.
    requestTimeout: 0,
    socketTimeout: 0,
    // No warning while calls wait for a socket on purpose.
    socketAcquisitionWarningTimeout: 2 ** 31 - 1,
    ...rest,
  };
}

const isAgent = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'destroy' in value && typeof value.destroy === 'function';

/**
 * At `local` nobody checks credentials. At another loopback address those of the environment or a profile are
 * used; the metadata service, which hangs where there is none, is never asked.
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

async function profileCredentials(): Promise<{ accessKeyId: string; secretAccessKey: string }> {
  const { fromIni } = await import('@aws-sdk/credential-provider-ini');
  return fromIni()().catch(() => LOCAL_CREDENTIALS);
}
