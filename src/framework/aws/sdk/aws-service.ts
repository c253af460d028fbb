import type { SFNClient } from '@aws-sdk/client-sfn';
import { showError } from '../../base/show.js';
import { StartError, throwProblems } from '../../base/errors.js';
import { activityPort, type Calls } from '../activity-calls.js';
import type { OpenConnection } from '../lean/connections.js';
import type { LeanCalls } from '../lean/lean-calls.js';
import type { Recipes } from '../lean/recipe.js';
import type { ActivityPort } from '../activity-port.js';
import { ClientFactory, type ClientSettings, ownsConnections } from './client-factory.js';
import type { Credentials } from './credentials.js';
import { learnRecipes } from './learn-recipes.js';
import { loadSdk } from './load-sdk.js';
import { isMocked, leanProblems, notLean } from './settings.js';

export interface ServiceSettings extends ClientSettings {
  /**
   * The way in which a worker's calls are made. `lean`: without the SDK, from a template that the SDK built once. `sdk`:
   * with the SDK's `send`. @default 'lean'
   */
  readonly calls?: 'lean' | 'sdk';
  /** Makes the connections for calls that are made without the SDK. @default connections over TCP and TLS */
  readonly open?: OpenConnection;
}

/** Access to Step Functions at one endpoint. All its regions use the same credentials and SDK settings. */
export class AwsService {
  readonly #settings: ServiceSettings;
  readonly #clients: ClientFactory;
  readonly #lean = new Map<string, { readonly calls: LeanCalls; readonly recipes: Recipes }>();

  constructor(settings: ServiceSettings) {
    this.#settings = settings;
    this.#clients = new ClientFactory(settings);
  }

  /**
   * Returns the {@link ActivityPort}, the four calls that a worker makes, for one region.
   * @throws StartError if `calls` is `lean` and the SDK's client can't be done without
   */
  async port(region: string): Promise<ActivityPort> {
    const isLean = this.#settings.calls !== 'sdk';
    const calls = isLean ? await this.#leanCalls(region) : await this.#sdkCalls(region);
    return activityPort(calls, this.#clients.credentials);
  }

  /**
   * Returns the recipes (the fixed parts of requests) with which calls in a region are made without the SDK. Undefined
   * if its calls are made with the SDK, or if `port` has not been called for the region.
   */
  recipes(region: string): Recipes | undefined {
    return this.#lean.get(region)?.recipes;
  }

  /** The credentials that all calls are signed with. */
  get credentials(): Credentials {
    return this.#clients.credentials;
  }

  /**
   * Makes an SDK client for calls outside the handling of tasks, such as listing activities.
   * @param attempts the number of times that the SDK itself makes a call that fails
   */
  client(region: string | undefined, attempts = 5): Promise<SFNClient> {
    return this.#clients.client(region, 10, attempts);
  }

  /** Resolves to the region for calls that don't name an ARN; undefined if none is configured anywhere. */
  defaultRegion(): Promise<string | undefined> {
    return this.#clients.defaultRegion();
  }

  close(): void {
    for (const { calls } of this.#lean.values()) calls.close();
    this.#clients.close();
  }

  async #leanCalls(region: string): Promise<Calls> {
    const { sdk, open } = this.#settings;
    throwProblems(leanProblems(sdk));
    const { SFNClient } = await loadSdk();
    const client = await this.#clients.client(region, 1, 1);
    if (isMocked(client, SFNClient)) throw new StartError([notLean('SFNClient', 'its `send` is replaced')]);
    const recipes = await learnRecipes(client).catch((error: unknown) => {
      const why = `no request could be made without the SDK (${showError(error as Error)})`;
      throw new StartError([notLean('calls', why)]);
    });
    const { LeanCalls } = await import('../lean/lean-calls.js');
    const calls = new LeanCalls({ recipes, credentials: this.#clients.credentials, open });
    this.#lean.set(region, { calls, recipes });
    return calls;
  }

  async #sdkCalls(region: string): Promise<Calls> {
    const { sdkCalls } = await import('./sdk-calls.js');
    return sdkCalls(this.#clients, region, { watching: ownsConnections(this.#settings.sdk) });
  }
}
