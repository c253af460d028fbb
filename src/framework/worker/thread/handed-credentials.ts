import type { Refusal, Renewal } from '../../aws/credentials.js';
import type { CallEnd } from '../../aws/call.js';
import type { SigningCredentials } from '../../aws/lean/recipe.js';
import type { Clock } from '../../base/time/clock.js';
import { withResolvers } from '../../base/time/wait.js';
import { type FromThread, toError, type ToThread } from './heartbeat-thread.js';

/**
 * The least time between two requests to the main thread for new credentials, however many heartbeats the service
 * refuses.
 */
const ASK_MS = 1_000;

/**
 * The credentials with which the heartbeat thread signs its calls. The main thread sends them to it, and sends new ones
 * if the service refuses them.
 */
export class HandedCredentials implements Renewal {
  readonly #first = withResolvers<SigningCredentials>();
  #credentials: SigningCredentials | undefined;
  #generation = -1;
  #askedAt = Number.NEGATIVE_INFINITY;

  /**
   * @param ask asks the main thread for new credentials, because the service refused a heartbeat that was signed with
   * those of this generation
   */
  constructor(
    private readonly clock: Clock,
    private readonly ask: (refusal: Refusal, generation: number) => void,
  ) {}

  /**
   * Returns the credentials to sign the next call with. Before the first ones have arrived, returns a promise of them.
   */
  current(): SigningCredentials | Promise<SigningCredentials> {
    return this.#credentials ?? this.#first.promise;
  }

  take(credentials: SigningCredentials, generation: number): void {
    this.#credentials = credentials;
    this.#generation = generation;
    this.#askedAt = Number.NEGATIVE_INFINITY;
    this.#first.resolve(credentials);
  }

  /** The generation of the current credentials; -1 until some have arrived. */
  get generation(): number {
    return this.#generation;
  }

  refused(refusal: Refusal, generation: number): boolean {
    if (refusal.type === undefined) return false;
    if (generation !== this.#generation) return true;
    if (this.clock.now() - this.#askedAt < ASK_MS) return false;
    this.#askedAt = this.clock.now();
    this.ask(refusal, generation);
    return false;
  }

  /**
   * Returns the failure of a call without repeating the call, because the heartbeat thread's scheduler repeats failed
   * heartbeats itself.
   */
  failed<T>(end: CallEnd<T>): Promise<CallEnd<T>> {
    return Promise.resolve(end);
  }
}

/** The source of the credentials with which the main thread signs its calls. */
export interface CurrentCredentials extends Pick<Renewal, 'generation' | 'refused'> {
  /** Returns the credentials to sign the next call with. */
  current(): SigningCredentials | Promise<SigningCredentials>;
}

/** Hands the main thread's credentials over to the heartbeat thread. */
export class CredentialsHandOver {
  /** The credentials that were handed over last. */
  #handed: { readonly credentials: SigningCredentials; readonly generation: number } | undefined;

  constructor(
    private readonly source: CurrentCredentials,
    private readonly send: (message: Extract<ToThread, { kind: 'credentials' }>) => void,
  ) {}

  /** Hands the current credentials over, if they aren't those that the thread has. Never rejects. */
  async renew(): Promise<void> {
    try {
      const { accessKeyId, secretAccessKey, sessionToken } = await this.source.current();
      const { generation } = this.source;
      if (generation === this.#handed?.generation) return;
      const credentials = { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
      this.#handed = { credentials, generation };
      this.again();
    } catch {
      // Calls report that credentials are missing. The thread keeps those that it has.
    }
  }

  /** Hands the same credentials over once more, to another thread. */
  again(): void {
    if (this.#handed) this.send({ kind: 'credentials', ...this.#handed });
  }

  /**
   * Called when the service has refused a heartbeat because of its credentials. Hands the current ones over. If the
   * thread has used them already, has them renewed.
   */
  async refused({ generation, type, error }: Extract<FromThread, { kind: 'refused' }>): Promise<void> {
    await this.renew();
    if (generation === this.#handed?.generation)
      this.source.refused({ type, error: toError(error) }, generation);
  }
}
