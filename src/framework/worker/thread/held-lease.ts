import { type Resolvers, withResolvers } from '../../base/time/wait.js';
import type { Heartbeat, TrackedLease } from '../heartbeat/heartbeats.js';

/** One task's heartbeats as the main thread holds them, while the sender of heartbeats sends them. */
export class HeldLease implements Heartbeat {
  /** The task; undefined once its heartbeats are released, so that its data isn't kept. */
  lease: TrackedLease | undefined;
  readonly #sender: { readonly ask: () => void; readonly release: () => void };
  lastAt: number | undefined;
  #asked: Resolvers<void> | undefined;

  constructor(lease: TrackedLease, sender: { readonly ask: () => void; readonly release: () => void }) {
    this.lease = lease;
    this.#sender = sender;
  }

  /** True while the handler waits for a heartbeat that it has requested. */
  get isAsked(): boolean {
    return this.#asked !== undefined;
  }

  now(): Promise<void> {
    if (!this.lease) return Promise.resolve();
    if (!this.#asked) {
      this.#asked = withResolvers();
      this.#sender.ask();
    }
    return this.#asked.promise;
  }

  release(): void {
    if (!this.lease) return;
    this.lease = undefined;
    this.#sender.release();
    this.answered();
  }

  accepted(at: number): void {
    this.lastAt = at;
  }

  answered(): void {
    this.#asked?.resolve();
    this.#asked = undefined;
  }

  gone(error: Error): void {
    const { lease } = this;
    this.lease = undefined;
    lease?.onGone(error);
    this.answered();
  }
}
