import { type Resolvers, withResolvers } from '../../base/time/wait.js';
import type { Heartbeat, TrackedLease, Heartbeats } from '../heartbeat/heartbeats.js';

/** Represents one task's heartbeats on the main thread, while the heartbeat thread sends them. */
export class ThreadHeartbeat implements Heartbeat {
  /**
   * The task; undefined once its heartbeats are released. A map may keep this object for a while after that, and the
   * task's data shouldn't stay in memory with it.
   */
  #lease: TrackedLease | undefined;
  readonly #thread: { readonly ask: () => void; readonly release: () => void };
  #lastAt: number | undefined;
  #asked: Resolvers<void> | undefined;
  #instead: Heartbeat | undefined;

  constructor(lease: TrackedLease, thread: { readonly ask: () => void; readonly release: () => void }) {
    this.#lease = lease;
    this.#thread = thread;
  }

  get lastAt(): number | undefined {
    return this.#instead?.lastAt ?? this.#lastAt;
  }

  now(): Promise<void> {
    if (this.#instead) return this.#instead.now();
    if (!this.#lease) return Promise.resolve();
    if (!this.#asked) {
      this.#asked = withResolvers();
      this.#thread.ask();
    }
    return this.#asked.promise;
  }

  release(): void {
    if (!this.#lease) return;
    this.#lease = undefined;
    this.#instead?.release();
    this.#thread.release();
    this.answered();
  }

  accepted(at: number): void {
    this.#lastAt = at;
  }

  answered(): void {
    this.#asked?.resolve();
    this.#asked = undefined;
  }

  gone(error: Error): void {
    const lease = this.#lease;
    this.#lease = undefined;
    lease?.onGone(error);
    this.answered();
  }

  /**
   * From now on sends the task's heartbeats with `heartbeats`, from the main thread. Called when the heartbeat thread
   * has ended.
   */
  continueWith(heartbeats: Heartbeats): void {
    if (!this.#lease) return;
    const { leasedAt } = this.#lease;
    this.#instead = heartbeats.track({ ...this.#lease, leasedAt: this.#lastAt ?? leasedAt });
    if (this.#asked) void this.#instead.now().then(() => this.answered());
  }
}
