import { ClientFactory } from '../sdk/aws-client.js';
import { Questions, type QuestionSettings, type Reply } from './questions.js';
import { wireFailure } from '../sdk/wire-failure.js';

/** What is known of credentials without showing them. */
export interface CredentialsFound {
  /** Whether they are a session's. */
  readonly temporary: boolean;
  /** When they end, where that is known. */
  readonly endsAt?: number;
}

/** Questions to Step Functions, in any region, with one provider of credentials: those of a worker so configured. */
export class Enquiry {
  readonly #clients: ClientFactory;
  readonly #settings: QuestionSettings;

  constructor(settings: QuestionSettings) {
    this.#settings = settings;
    this.#clients = new ClientFactory(settings);
  }

  /** The region for calls that name no ARN, or undefined where none is configured anywhere. */
  defaultRegion(): Promise<string | undefined> {
    return this.#clients.defaultRegion();
  }

  in(region: string): Promise<Questions> {
    return Questions.open(this.#clients, region, this.#settings.clock);
  }

  /** What the provider gives. */
  async credentials(region: string | undefined): Promise<Reply<CredentialsFound>> {
    const client = await this.#clients.client(region, 1, 1);
    try {
      const { sessionToken, expiration } = await client.config.credentials();
      const endsAt = expiration && { endsAt: expiration.getTime() };
      return { output: { temporary: sessionToken !== undefined, ...endsAt } };
    } catch (error) {
      return { failure: wireFailure(error, false) };
    }
  }

  close(): void {
    this.#clients.close();
  }
}
