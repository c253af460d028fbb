import type { Clock } from './clock.js';
import { Timer } from './timers.js';

/** If no call has failed for this long, an outage is over in which some calls got answers. */
const HEALTHY_MS = 30_000;

export interface OutageListener<K extends string> {
  /** Called when calls begin to fail in a way. Called once for each kind of failure until the outage is over. */
  began(kind: K, error: Error): void;
  /** Called when the outage is over, `afterMs` milliseconds after the first failure. */
  ended(afterMs: number, failures: number): void;
}

/** A time in which calls fail, that isn't over. */
interface Outage<K extends string> {
  kind: K;
  error: Error;
  readonly since: number;
  failures: number;
  lastAt: number;
}

/**
 * Tracks failing calls, and calls its listener at the beginning and the end of an outage, not at each call in between. An
 * outage in which no call got an answer ends with the first answer; any other when no call has failed for 30 s.
 */
export class OutageTracker<K extends string> {
  readonly #begun = new Set<K>();
  #current: Outage<K> | undefined;
  readonly #ending: Timer;
  #stopped = false;

  constructor(
    private readonly clock: Clock,
    private readonly listener: OutageListener<K>,
  ) {
    this.#ending = new Timer(clock, () => this.#endWhenHealthy());
  }

  /** The outage, with the latest kind of failure and its error; undefined while there is none. */
  get current(): Readonly<Outage<K>> | undefined {
    return this.#current;
  }

  failed(kind: K, error: Error): void {
    if (this.#stopped) return;
    const now = this.clock.now();
    this.#current ??= { kind, error, since: now, failures: 0, lastAt: now };
    Object.assign(this.#current, { kind, error, lastAt: now });
    this.#current.failures++;
    if (this.#begun.has(kind)) return;
    this.#begun.add(kind);
    this.listener.began(kind, error);
  }

  /**
   * Records that a call was answered. Need not be called while there is no outage.
   * @param options `sentAt`: when the call was sent; the answer to a call that was sent before the outage doesn't count.
   * `atOnce`: true if this answer ends the outage, because no call was answered before
   */
  answered({ sentAt = Infinity, atOnce }: { readonly sentAt?: number; readonly atOnce: boolean }): void {
    if (this.#stopped || !this.#current || sentAt <= this.#current.since) return;
    if (atOnce) this.#end();
    else this.#endWhenHealthy();
  }

  /** Stops tracking. The listener isn't called any more, and no timer is left. */
  stop(): void {
    this.#stopped = true;
    this.#ending.set(Infinity);
  }

  #endWhenHealthy(): void {
    if (!this.#current) return;
    const healthyAt = this.#current.lastAt + HEALTHY_MS;
    if (healthyAt <= this.clock.now()) this.#end();
    else this.#ending.set(healthyAt);
  }

  #end(): void {
    if (!this.#current) return;
    const { since, failures } = this.#current;
    this.#current = undefined;
    this.#begun.clear();
    this.#ending.set(Infinity);
    this.listener.ended(this.clock.now() - since, failures);
  }
}
