import type { Cancel, Clock } from '../../base/time/clock.js';

/** How long nothing may fail before trouble is told to be over: where every other call fails, one answer is no news. */
const HEALTHY_MS = 30_000;

export interface TroubleListener<K extends string> {
  /** A kind of trouble began; each kind is told once, until all is over. */
  began(kind: K, error: Error): void;
  ended(afterMs: number, failures: number): void;
}

/**
 * Tells trouble once when it begins and once when it ends, however often single calls fail and succeed in between. It
 * ends with the first answer where nothing got through before, and otherwise when nothing has failed for 30 s.
 */
export class TroubleTeller<K extends string> {
  readonly #clock: Clock;
  readonly #listener: TroubleListener<K>;
  readonly #told = new Set<K>();
  #current: { kind: K; error: Error; readonly since: number; failures: number; lastAt: number } | undefined;
  #ending: Cancel | undefined;
  #stopped = false;

  constructor(clock: Clock, listener: TroubleListener<K>) {
    this.#clock = clock;
    this.#listener = listener;
  }

  /** The trouble there is: its latest kind and error, and when it began. */
  get current(): { readonly kind: K; readonly error: Error; readonly since: number } | undefined {
    if (!this.#current) return undefined;
    const { kind, error, since } = this.#current;
    return { kind, error, since };
  }

  failed(kind: K, error: Error): void {
    if (this.#stopped) return;
    const now = this.#clock.now();
    this.#current ??= { kind, error, since: now, failures: 0, lastAt: now };
    Object.assign(this.#current, { kind, error, lastAt: now });
    this.#current.failures++;
    if (this.#told.has(kind)) return;
    this.#told.add(kind);
    this.#listener.began(kind, error);
  }

  /**
   * A call was answered.
   * @param options `sentAt`: what was sent before the trouble began says nothing of its end. `atOnce`: nothing got
   * through before this answer.
   * @returns whether it was news
   */
  answered({ sentAt = Infinity, atOnce }: { readonly sentAt?: number; readonly atOnce: boolean }): boolean {
    if (this.#stopped) return false;
    if (!this.#current || sentAt <= this.#current.since) return !this.#current;
    if (atOnce) this.#end();
    else this.#endWhenHealthy();
    return true;
  }

  /** From now on nothing is told, whatever calls still come to, and no timer is left behind. */
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
    this.#told.clear();
    this.#ending?.();
    this.#ending = undefined;
    this.#listener.ended(this.#clock.now() - since, failures);
  }
}
