import type { SFNClient } from '@aws-sdk/client-sfn';
import { showError } from '../../base/errors.js';
import { silentLog } from '../../base/log/log.js';
import { activityPort, type SendCall } from '../activity-calls.js';
import type { LeanCalls } from '../lean/lean-calls.js';
import type { Identity, Recipes } from '../lean/recipe.js';
import type { ActivityPort } from '../port.js';
import { ClientFactory, type ClientSettings, ownsConnections } from './aws-client.js';
import { learnRecipes } from './learn-recipes.js';
import type { Sockets } from './sdk-calls.js';
import { isMocked, stepAsideFor } from './step-aside.js';
import { loadSdk } from './load.js';

export type { Sockets } from './sdk-calls.js';

export interface ServiceSettings extends ClientSettings {
  /**
   * How the calls of the loop are made. `lean`: without the SDK, but with what it makes of the settings, wherever the
   * settings allow it. `sdk`: by its `send`, always. @default 'lean'
   */
  readonly calls?: 'lean' | 'sdk';
}

/** Step Functions, as the AWS SDK's settings say where it is and who asks. */
export class AwsService {
  readonly #settings: ServiceSettings;
  readonly #clients: ClientFactory;
  readonly #lean = new Map<string, { readonly calls: LeanCalls; readonly recipes: Recipes }>();
  #toldWhy = false;

  constructor(settings: ServiceSettings) {
    this.#settings = settings;
    this.#clients = new ClientFactory(settings);
  }

  /** The four calls of the worker, in one region. */
  async port(region: string, sockets: Sockets): Promise<ActivityPort> {
    const send = (await this.#leanCalls(region)) ?? (await this.#sdkCalls(region, sockets));
    return activityPort(send, this.#clients.credentials);
  }

  /** What the calls of a region's port are made of, once that is open; undefined where they are the SDK's. */
  recipes(region: string): Recipes | undefined {
    return this.#lean.get(region)?.recipes;
  }

  /** What the next call is signed with. Rejects where there is nothing. */
  identity(): Identity | Promise<Identity> {
    return this.#clients.credentials.current();
  }

  /** A client for the calls outside the loop. The SDK retries them. */
  client(region: string): Promise<SFNClient> {
    return this.#clients.client(region, 10, 5);
  }

  /** The region for calls that name no ARN, or undefined where none is configured anywhere. */
  defaultRegion(): Promise<string | undefined> {
    return this.#clients.defaultRegion();
  }

  close(): void {
    for (const { calls } of this.#lean.values()) calls.close();
    this.#clients.close();
  }

  /** Undefined where they must be the SDK's, which is said once, and why. */
  async #leanCalls(region: string): Promise<SendCall | undefined> {
    const { sdk, calls: asked = 'lean' } = this.#settings;
    const why = asked === 'sdk' ? 'it is asked for' : stepAsideFor(sdk);
    if (why !== undefined) return this.#tellWhy(why);
    const { SFNClient } = loadSdk();
    const client = await this.#clients.client(region, 1, 1);
    if (isMocked(client, SFNClient)) return this.#tellWhy('its client is mocked');
    try {
      const recipes = await learnRecipes(client);
      const { LeanCalls } = await import('../lean/lean-calls.js');
      const calls = new LeanCalls({ recipes, identity: () => this.#clients.credentials.current() });
      this.#lean.set(region, { calls, recipes });
      return (operation, input, call, done) => calls.begin(operation, input, call, done);
    } catch (error) {
      return this.#tellWhy(`no request could be made without it: ${showError(error as Error)}`);
    }
  }

  async #sdkCalls(region: string, sockets: Sockets): Promise<SendCall> {
    const { sdkCalls } = await import('./sdk-calls.js');
    return sdkCalls(this.#clients, region, sockets, { watching: ownsConnections(this.#settings.sdk) });
  }

  #tellWhy(why: string): undefined {
    const { log = silentLog } = this.#settings;
    if (!this.#toldWhy) log.info(`calls go through the AWS SDK's own client, which costs more: ${why}`);
    this.#toldWhy = true;
  }
}
