import type { SFNClient } from '@aws-sdk/client-sfn';
import { showError } from '../../base/show.js';
import { silentLog } from '../../base/log/log.js';
import { activityPort, type SendCall } from '../activity-calls.js';
import type { OpenConnection } from '../lean/connections.js';
import type { LeanCalls } from '../lean/lean-calls.js';
import type { Recipes } from '../lean/recipe.js';
import type { ActivityPort } from '../activity-port.js';
import { ClientFactory, type ClientSettings, ownsConnections } from './client-factory.js';
import type { Credentials } from './credentials.js';
import { learnRecipes } from './learn-recipes.js';
import { loadSdk } from './load-sdk.js';
import { isMocked, sdkOnlyReason } from './sdk-only.js';

export interface ServiceSettings extends ClientSettings {
  /**
   * The way in which a worker's calls are made. `lean`: without the SDK, from a template that the SDK built once. If a
   * setting of the user doesn't allow that, calls are made as with `sdk`. `sdk`: always with the SDK's `send`. @default
   * 'lean'
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
  #loggedWhy = false;

  constructor(settings: ServiceSettings) {
    this.#settings = settings;
    this.#clients = new ClientFactory(settings);
  }

  /** Returns the {@link ActivityPort}, the four calls that a worker makes, for one region. */
  async port(region: string): Promise<ActivityPort> {
    const send = (await this.#leanCalls(region)) ?? (await this.#sdkCalls(region));
    return activityPort(send, this.#clients.credentials);
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
   * Makes an SDK client for calls outside the handling of tasks, such as listing activities. The SDK itself repeats
   * these calls if they fail.
   */
  client(region: string): Promise<SFNClient> {
    return this.#clients.client(region, 10, 5);
  }

  /** Resolves to the region for calls that don't name an ARN; undefined if none is configured anywhere. */
  defaultRegion(): Promise<string | undefined> {
    return this.#clients.defaultRegion();
  }

  close(): void {
    for (const { calls } of this.#lean.values()) calls.close();
    this.#clients.close();
  }

  /**
   * Resolves to a function that makes calls without the SDK. Resolves to undefined if calls must go through the SDK;
   * the reason is logged once.
   */
  async #leanCalls(region: string): Promise<SendCall | undefined> {
    const { sdk, calls: asked = 'lean', open } = this.#settings;
    const why = asked === 'sdk' ? 'it is asked for' : sdkOnlyReason(sdk);
    if (why !== undefined) return this.#logWhy(why);
    const { SFNClient } = await loadSdk();
    const client = await this.#clients.client(region, 1, 1);
    if (isMocked(client, SFNClient)) return this.#logWhy('its client is mocked');
    try {
      const recipes = await learnRecipes(client);
      const { LeanCalls } = await import('../lean/lean-calls.js');
      const calls = new LeanCalls({ recipes, identity: () => this.#clients.credentials.current(), open });
      this.#lean.set(region, { calls, recipes });
      return (request, call, done) => calls.begin(request, call, done);
    } catch (error) {
      return this.#logWhy(`no request could be made without it: ${showError(error as Error)}`);
    }
  }

  async #sdkCalls(region: string): Promise<SendCall> {
    const { sdkCalls } = await import('./sdk-calls.js');
    return sdkCalls(this.#clients, region, { watching: ownsConnections(this.#settings.sdk) });
  }

  #logWhy(why: string): undefined {
    const { log = silentLog } = this.#settings;
    if (!this.#loggedWhy) log.info(`calls go through the AWS SDK's own client, which costs more: ${why}`);
    this.#loggedWhy = true;
  }
}
