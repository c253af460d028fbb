import { ClientFactory } from '../sdk/client-factory.js';
import { sdkFailure } from '../sdk/sdk-failure.js';
import { type QueryResult, type QuerySettings, RegionQueries } from './region-queries.js';

/** The facts about credentials that may be shown to a person: no key and no token. */
export interface CredentialsFound {
  /** True for the credentials of a session. */
  readonly temporary: boolean;
  /** Epoch milliseconds at which the credentials expire; absent where that is not known. */
  readonly endsAt?: number;
}

/** Queries in any region, with the credentials that a worker with the same settings would use. */
export class ServiceQueries {
  readonly #clients: ClientFactory;
  readonly #settings: QuerySettings;

  constructor(settings: QuerySettings) {
    this.#settings = settings;
    this.#clients = new ClientFactory(settings);
  }

  /** Resolves with the region for calls that name no ARN; undefined where none is configured. */
  defaultRegion(): Promise<string | undefined> {
    return this.#clients.defaultRegion();
  }

  /** Opens a client for the queries of one region. */
  forRegion(region: string): Promise<RegionQueries> {
    return RegionQueries.open(this.#clients, region, this.#settings.clock);
  }

  /** Gets credentials from the provider. Never rejects. */
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
