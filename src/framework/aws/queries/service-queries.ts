import { ClientFactory } from '../sdk/client-factory.js';
import { sdkFailure } from '../sdk/sdk-failure.js';
import { type QueryResult, type QuerySettings, RegionQueries } from './region-queries.js';

/** Facts about credentials that may be shown to a person. They include no key and no token. */
export interface CredentialsFound {
  /** True if the credentials belong to a session, and so expire. */
  readonly temporary: boolean;
  /** The epoch milliseconds at which the credentials expire; absent if that isn't known. */
  readonly endsAt?: number;
}

/** Queries in any region. They use the credentials that a worker with the same settings would use. */
export class ServiceQueries {
  readonly #clients: ClientFactory;
  readonly #settings: QuerySettings;

  constructor(settings: QuerySettings) {
    this.#settings = settings;
    this.#clients = new ClientFactory(settings);
  }

  /** Resolves with the region for calls that don't name an ARN; undefined if none is configured. */
  defaultRegion(): Promise<string | undefined> {
    return this.#clients.defaultRegion();
  }

  /** Makes a client for queries in one region. */
  forRegion(region: string): Promise<RegionQueries> {
    return RegionQueries.open(this.#clients, region, this.#settings.clock);
  }

  /** Gets credentials from the provider, and returns facts about them. Never rejects. */
  async credentials(region: string | undefined): Promise<QueryResult<CredentialsFound>> {
    const client = await this.#clients.client(region, 1, 1);
    try {
      const { sessionToken, expiration } = await client.config.credentials();
      const endsAt = expiration && { endsAt: expiration.getTime() };
      return { output: { temporary: sessionToken !== undefined, ...endsAt } };
    } catch (error) {
      return { failure: sdkFailure(error, false) };
    }
  }

  close(): void {
    this.#clients.close();
  }
}
