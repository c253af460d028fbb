import type { Cancel, Clock } from './clock.js';

/**
 * If no call has failed for this long, the trouble is over. If calls still get answers in between, one answer doesn't
 * end the trouble.
 */
const HEALTHY_MS = 30_000;

export interface TroubleListener<K extends string> {
  /** Called when a kind of trouble begins. Called once for each kind until all trouble is over. */
  began(kind: K, error: Error): void;
  /** Called when all trouble is over, `afterMs` milliseconds after the first failure. */
  ended(afterMs: number, failures: number): void;
}

/** Trouble with calls that has begun and isn't over. */
interface Trouble<K extends string> {
  kind: K;
  error: Error;
  readonly since: number;
  failures: number;
  lastAt: number;
}

/**
 * Tracks failing calls, and calls its listener when trouble begins and when it ends, but not for each call that fails
 * or succeeds in between. If no call was answered during the trouble, the first answer ends it; otherwise it ends when
 * no call has failed for 30 s.
 */
export class TroubleTracker<K extends string> {
  readonly #clock: Clock;
  readonly #listener: TroubleListener<K>;
  readonly #begun = new Set<K>();
  #current: Trouble<K> | undefined;
  #ending: Cancel | undefined;
  #stopped = false;

  constructor(clock: Clock, listener: TroubleListener<K>) {
    this.#clock = clock;
    this.#listener = listener;
  }

  /** The latest kind of trouble, its error, and when it began; undefined while there is no trouble. */
  get current(): Readonly<Trouble<K>> | undefined {
    return this.#current;
  }

  failed(kind: K, error: Error): void {
    if (this.#stopped) return;
    const now = this.#clock.now();
    this.#current ??= { kind, error, since: now, failures: 0, lastAt: now };
    Object.assign(this.#current, { kind, error, lastAt: now });
    this.#current.failures++;
    if (this.#begun.has(kind)) return;
    this.#begun.add(kind);
    this.#listener.began(kind, error);
  }

  /**
   * Records that a call was answered. Need not be called while there is no trouble.
   * @param options `sentAt`: when the call was sent; an answer to a call that was sent before the trouble began says
   * nothing about its end. `atOnce`: true if this answer ends the trouble, because no call was answered before
   */
  answered({ sentAt = Infinity, atOnce }: { readonly sentAt?: number; readonly atOnce: boolean }): void {
    if (this.#stopped || !this.#current || sentAt <= this.#current.since) return;
    if (atOnce) this.#end();
    else this.#endWhenHealthy();
  }

  /** Stops tracking. The listener isn't called any more, and no timer is left. */
  stop(): void {
    this.#stopped = true;
    this.#ending?.();
  }

  #endWhenHealthy(): void {
    if (this.#ending || !this.#current) return;
    const leftMs = this.#current.lastAt + HEALTHY_MS - this.#clock.now();
    if (leftMs <= 0) return this.#end();
    this.#ending = this.#clock.after(leftMs, () => {
      this.#ending = undefined;
      this.#endWhenHealthy();
    });
  }

  #end(): void {
    if (!this.#current) return;
    const { since, failures } = this.#current;
    this.#current = undefined;
    this.#begun.clear();
    this.#ending?.();
    this.#ending = undefined;
    this.#listener.ended(this.#clock.now() - since, failures);
  }
}
