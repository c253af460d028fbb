import type { SFNClient, SFNClientConfig } from '@aws-sdk/client-sfn';
import { StartError, throwProblems } from '../../base/errors.js';
import { type Logger, silentLog } from '../../base/log/log.js';
import { showError } from '../../base/show.js';
import { type Clock, systemClock } from '../../base/time/clock.js';
import { activityPort, type ActivityPort, type Calls } from '../activity-port.js';
import { CONNECTION_TIMEOUT_MS } from '../call.js';
import { type Endpoint, isLoopback } from '../endpoint.js';
import type { OpenConnection } from '../lean/connections.js';
import type { LeanCalls } from '../lean/lean-calls.js';
import type { Recipes } from '../lean/recipe.js';
import type { CallWatch } from './sdk-calls.js';
import { Credentials } from '../credentials.js';
import { learnRecipes } from './learn-recipes.js';
import { loadedSdk, loadSdk } from './load-sdk.js';
import { isMocked, leanProblems, notLean, type SdkSettings } from './settings.js';

const { Agent: HttpAgent } = process.getBuiltinModule('node:http');
const { Agent: HttpsAgent } = process.getBuiltinModule('node:https');

export interface ServiceSettings {
  readonly endpoint: Endpoint;
  readonly sdk: SdkSettings;
  /**
   * The region for calls that don't name an ARN. @default the SDK's own; if the endpoint is on this machine and the SDK
   * has no region, us-east-1
   */
  readonly region?: string;
  /** The clock that times the refresh of credentials that the service has refused. @default the system's clock */
  readonly clock?: Clock;
  /**
   * Reads AWS's shared config and credentials files again. Called before the provider is asked for new credentials,
   * since the SDK's providers keep what they read first. @default the SDK's own function for that
   */
  readonly readFiles?: () => Promise<void>;
  /** The log for the message that credentials were renewed. @default no log */
  readonly log?: Logger;
  /**
   * The way in which a worker's calls are made. `lean`: without the SDK, from a template that the SDK built once. `sdk`:
   * with the SDK's `send`. @default 'lean'
   */
  readonly calls?: 'lean' | 'sdk';
  /** Makes the connections for calls that are made without the SDK. @default connections over TCP and TLS */
  readonly open?: OpenConnection;
}

const LOCAL_CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' } as const;
const LOOPBACK_REGION = 'us-east-1';

/** Access to Step Functions at one endpoint. All its regions use the same credentials and SDK settings. */
export class AwsService {
  /** The credentials that all calls are signed with. */
  readonly credentials: Credentials;
  readonly #clients: SFNClient[] = [];
  readonly #provider: SFNClientConfig['credentials'];
  /** The region of the first client, whose provider of credentials is used for all clients. */
  #region: string | undefined;
  readonly #lean = new Map<string, { readonly calls: LeanCalls; readonly recipes: Recipes }>();

  constructor(private readonly settings: ServiceSettings) {
    const { endpoint, sdk, clock = systemClock, log = silentLog } = settings;
    const own = localCredentials(endpoint, sdk.credentials);
    this.#provider = unmemoized(own);
    this.credentials = new Credentials({
      clock,
      log,
      renewable: typeof own !== 'object',
      readFiles: settings.readFiles ?? readSharedFiles,
      remake: () => new (loadedSdk().SFNClient)(this.#config(this.#region, 1)).config.credentials,
    });
  }

  /**
   * Returns the {@link ActivityPort}, the four calls that a worker makes, for one region.
   * @throws StartError if `calls` is `lean` and the SDK's client can't be done without
   */
  async port(region: string): Promise<ActivityPort> {
    const isLean = this.settings.calls !== 'sdk';
    const calls = isLean ? await this.#leanCalls(region) : await this.#sdkCalls(region);
    return activityPort(calls, this.credentials);
  }

  /**
   * Returns the recipes (the fixed parts of requests) with which calls in a region are made without the SDK. Undefined
   * if its calls are made with the SDK, or if `port` has not been called for the region.
   */
  recipes(region: string): Recipes | undefined {
    return this.#lean.get(region)?.recipes;
  }

  /**
   * Makes an SDK client, such as for listing activities. The first one loads the SDK.
   * @param maxAttempts the number of times that the SDK itself makes a call that fails
   * @param calls watches the client's calls. @default they aren't watched
   */
  async client(region: string | undefined, maxAttempts = 5, calls?: CallWatch): Promise<SFNClient> {
    const { SFNClient } = await loadSdk();
    if (this.#clients.length === 0) this.#region = region;
    const client = new SFNClient(this.#config(region, maxAttempts, calls));
    calls?.attach(client);
    this.credentials.attach(client);
    this.#clients.push(client);
    return client;
  }

  /** Resolves to the region for calls that don't name an ARN; undefined if none is configured anywhere. */
  async defaultRegion(): Promise<string | undefined> {
    if (this.settings.region) return this.settings.region;
    const client = await this.client(undefined, 1);
    try {
      return await client.config.region();
    } catch {
      return isLoopback(this.settings.endpoint) ? LOOPBACK_REGION : undefined;
    }
  }

  close(): void {
    for (const { calls } of this.#lean.values()) calls.close();
    this.credentials.close();
    for (const client of this.#clients) client.destroy();
  }

  async #leanCalls(region: string): Promise<Calls> {
    const { sdk, open } = this.settings;
    throwProblems(leanProblems(sdk));
    const { SFNClient } = await loadSdk();
    const client = await this.client(region, 1);
    if (isMocked(client, SFNClient)) throw new StartError([notLean('SFNClient', 'its `send` is replaced')]);
    const recipes = await learnRecipes(client).catch((error: unknown) => {
      const why = `no request could be made without the SDK (${showError(error as Error)})`;
      throw new StartError([notLean('calls', why)]);
    });
    const { LeanCalls } = await import('../lean/lean-calls.js');
    const calls = new LeanCalls({ recipes, credentials: this.credentials, open });
    this.#lean.set(region, { calls, recipes });
    return calls;
  }

  async #sdkCalls(region: string): Promise<Calls> {
    const { sdkCalls } = await import('./sdk-calls.js');
    const watching = ownsConnections(this.settings.sdk);
    return sdkCalls((maxAttempts, calls) => this.client(region, maxAttempts, calls), watching);
  }

  #config(region: string | undefined, maxAttempts: number, calls?: CallWatch): SFNClientConfig {
    const { endpoint, sdk } = this.settings;
    return {
      ...sdk,
      ...(region !== undefined && { region }),
      ...(this.#provider && { credentials: this.#provider }),
      ...where(endpoint),
      maxAttempts,
      cacheMiddleware: true,
      requestHandler: requestHandler(sdk.requestHandler, calls),
    };
  }
}

function where(endpoint: Endpoint): SFNClientConfig {
  if (endpoint.kind === 'aws') return { ignoreConfiguredEndpointUrls: true };
  // The SDK rejects FIPS and dual-stack if a URL is set, and neither makes sense on this machine.
  const plain = isLoopback(endpoint) && { useFipsEndpoint: false, useDualstackEndpoint: false };
  return { endpoint: endpoint.url, ...plain };
}

/**
 * Returns true if the clients use HTTP agents that Stepwright makes. Returns false if the user has set a request
 * handler or an agent.
 */
function ownsConnections({ requestHandler: own }: SdkSettings): boolean {
  if (!own) return true;
  const { httpAgent, httpsAgent }: Record<string, unknown> = { ...own };
  return !('handle' in own || isAgent(httpAgent) || isAgent(httpsAgent));
}

/**
 * If the user has made a request handler, returns it unchanged. Otherwise returns settings for the SDK's request
 * handler, in which each setting of the user replaces Stepwright's own.
 */
function requestHandler(
  own: SdkSettings['requestHandler'],
  calls?: CallWatch,
): SFNClientConfig['requestHandler'] {
  if (own && 'handle' in own) return own;
  const { httpAgent, httpsAgent, ...rest }: Record<string, unknown> = { ...own };
  // If agents were passed as settings, the SDK would limit them to 50 sockets, and further calls would wait.
  const [plain, secure] = [
    new HttpAgent({ keepAlive: true, ...Object(httpAgent) }),
    new HttpsAgent({ keepAlive: true, ...Object(httpsAgent) }),
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
 * Returns the credentials for an endpoint, or a provider of them; undefined for the SDK's own chain of providers. Those
 * for `local`, which checks none, are made up. For another endpoint on this machine they come from the environment or a
 * profile, not from the EC2 metadata service: a request to that hangs on a machine that has none.
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
 * Returns the user's provider of credentials, marked so that the SDK calls it for each request, as Stepwright keeps
 * credentials itself. The SDK would make calls wait while an earlier call of the provider hangs.
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

/**
 * Makes the SDK read the shared config and credentials files again. Otherwise all its providers keep using the contents
 * that were read first.
 */
async function readSharedFiles(): Promise<void> {
  const { fromIni } = await import('@aws-sdk/credential-provider-ini');
  // No profile has this name. So the files are read, but no credentials are requested, no role is assumed and no
  // program is run.
  await fromIni({ profile: 'stepwright reads the files again', ignoreCache: true })().catch(() => {});
}
