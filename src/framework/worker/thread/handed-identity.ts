import type { AsOf, Refusal, Renewal } from '../../aws/activity-calls.js';
import type { CallEnd } from '../../aws/call.js';
import type { Identity } from '../../aws/lean/recipe.js';
import type { Clock } from '../../base/time/clock.js';
import { withResolvers } from '../../base/time/wait.js';

/**
 * The least time between two requests to the main thread for new credentials, however many heartbeats the service
 * refuses.
 */
const ASK_MS = 1_000;

export interface HandedIdentityOptions {
  readonly clock: Clock;
  /**
   * Asks the main thread for new credentials, because the service refused a heartbeat that was signed with the
   * credentials with this number.
   */
  readonly ask: (refusal: Refusal, number: number) => void;
}

/**
 * The credentials with which the heartbeat thread signs its calls. The main thread sends them to it, and sends new ones
 * if the service refuses them.
 */
export class HandedIdentity implements Renewal {
  readonly #options: HandedIdentityOptions;
  readonly #first = withResolvers<Identity>();
  #identity: Identity | undefined;
  /** The number of the current credentials. The main thread numbers them from 1; 0 means that none have arrived yet. */
  #number = 0;
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(options: HandedIdentityOptions) {
    this.#options = options;
  }

  /**
   * Returns the credentials to sign the next call with. Before the first ones have arrived, returns a promise of them.
   */
  current(): Identity | Promise<Identity> {
    return this.#identity ?? this.#first.promise;
  }

  take(identity: Identity, number: number): void {
    this.#identity = identity;
    this.#number = number;
    this.#askedAt = Number.NEGATIVE_INFINITY;
    this.#first.resolve(identity);
  }

  asOf(): AsOf {
    return { generation: this.#number, sentAt: this.#options.clock.now() };
  }

  refused(refusal: Refusal, { generation }: AsOf): boolean {
    if (refusal.type === undefined) return false;
    if (generation !== this.#number) return true;
    const { clock, ask } = this.#options;
    if (clock.now() - this.#askedAt < ASK_MS) return false;
    this.#askedAt = clock.now();
    ask(refusal, generation);
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
