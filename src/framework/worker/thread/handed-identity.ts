import type { AsOf, Refusal, Renewal } from '../../aws/activity-calls.js';
import type { CallEnd } from '../../aws/call.js';
import type { Identity } from '../../aws/lean/recipe.js';
import type { Clock } from '../../base/time/clock.js';
import { deferred } from '../../base/time/wait.js';

/** The least time between two requests for other credentials, however many heartbeats are refused. */
const ASK_MS = 1_000;

export interface HandedIdentityOptions {
  readonly clock: Clock;
  /** Asks the main thread for others than those with this number. */
  readonly ask: (refusal: Refusal, number: number) => void;
  /** Called when others have replaced the first ones. */
  readonly onRenewed: () => void;
}

/** The credentials that the heartbeat thread signs with. The main thread hands them over, and renews refused ones. */
export class HandedIdentity implements Renewal {
  readonly #options: HandedIdentityOptions;
  readonly #first = deferred<Identity>();
  #identity: Identity | undefined;
  /** The number of the credentials, as the main thread counts them; 0 before the first. */
  #number = 0;
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(options: HandedIdentityOptions) {
    this.#options = options;
  }

  /** Returns the credentials that the next call is signed with; a promise before the first ones. */
  current(): Identity | Promise<Identity> {
    return this.#identity ?? this.#first.promise;
  }

  take(identity: Identity, number: number): void {
    const isFirst = this.#identity === undefined;
    this.#identity = identity;
    this.#number = number;
    this.#askedAt = Number.NEGATIVE_INFINITY;
    this.#first.resolve(identity);
    if (!isFirst) this.#options.onRenewed();
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

  accepted(): void {
    // The main thread's own calls prove that credentials work again.
  }

  /** The thread sends heartbeats alone, which nothing but the scheduler repeats. */
  failed<T>(end: CallEnd<T>): Promise<CallEnd<T>> {
    return Promise.resolve(end);
  }

  onRenewed(): void {
    // The scheduler is told by the options.
  }
}
