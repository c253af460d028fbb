import { type Deferred, deferred } from '../../base/time/wait.js';
import type { Beat, Beating, Heartbeats } from '../heartbeat/heartbeats.js';

/** The hold on the heartbeat of one task in the thread. */
export class ThreadBeat implements Beat {
  /** Undefined once it is released: the map that it was in may keep it for a while. */
  #beating: Beating | undefined;
  readonly #thread: { readonly ask: () => void; readonly release: () => void };
  #lastAt: number | undefined;
  #asked: Deferred<void> | undefined;
  #instead: Beat | undefined;

  constructor(beating: Beating, thread: { readonly ask: () => void; readonly release: () => void }) {
    this.#beating = beating;
    this.#thread = thread;
  }

  get lastAt(): number | undefined {
    return this.#instead?.lastAt ?? this.#lastAt;
  }

  now(): Promise<void> {
    if (this.#instead) return this.#instead.now();
    if (!this.#beating) return Promise.resolve();
    if (!this.#asked) {
      this.#asked = deferred();
      this.#thread.ask();
    }
    return this.#asked.promise;
  }

  release(): void {
    if (!this.#beating) return;
    this.#beating = undefined;
    this.#instead?.release();
    this.#thread.release();
    this.answered();
  }

  taken(at: number): void {
    this.#lastAt = at;
  }

  answered(): void {
    this.#asked?.resolve();
    this.#asked = undefined;
  }

  gone(error: Error): void {
    const beating = this.#beating;
    this.#beating = undefined;
    beating?.onGone(error);
    this.answered();
  }

  /** The thread is no more: beats from here from now on. */
  goOn(heartbeats: Heartbeats): void {
    if (!this.#beating) return;
    const { leasedAt } = this.#beating;
    this.#instead = heartbeats.track({ ...this.#beating, leasedAt: this.#lastAt ?? leasedAt });
    if (this.#asked) void this.#instead.now().then(() => this.answered());
  }
}
