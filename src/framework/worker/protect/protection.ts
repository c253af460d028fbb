import type { Clock } from '../../base/time/clock.js';
import { type Resolvers, withResolvers } from '../../base/time/wait.js';
import type { PlatformName, ProtectionStatus } from '../../base/worker-status.js';
import { CLOSE_MS, type ProtectionChange } from './asked-protection.js';
import type { Protect } from './find-platform.js';

/** Messages to the sender of heartbeats, which requests scale-in protection. */
export type ToProtection =
  /** Requests protection from now on. `mayBeHeld`: as of {@link AskedProtectionOptions}. */
  | {
      readonly kind: 'protect';
      readonly protect: Protect;
      readonly protectAfterMs: number;
      readonly mayBeHeld: boolean | undefined;
    }
  /** Releases the protection. `unprotected` is the response. */
  | { readonly kind: 'unprotect' };

/** Messages from the sender of heartbeats. */
export type FromProtection =
  | {
      readonly kind: 'protection';
      readonly status: ProtectionStatus;
      readonly change: ProtectionChange | undefined;
    }
  | { readonly kind: 'unprotected' };

/** The sender of heartbeats answers at the latest after {@link CLOSE_MS}, and this many milliseconds for the messages. */
const ANSWER_MS = 500;

/**
 * The scale-in protection of one worker, as the main thread sees it. The sender of heartbeats requests it, since it knows
 * the age of all tasks, also of one whose handler blocks the main thread.
 */
export class Protection {
  readonly #send: (message: ToProtection) => boolean;
  readonly #clock: Clock;
  #settings: { readonly protect: Protect; readonly protectAfterMs: number } | undefined;
  #status: ProtectionStatus | undefined;
  #isRequested = false;
  #onChanged: (change: ProtectionChange) => void = () => {};
  #closing: Resolvers<void> | undefined;

  /** @param send returns false if there is no sender yet, or none any more */
  constructor(clock: Clock, send: (message: ToProtection) => boolean) {
    this.#clock = clock;
    this.#send = send;
  }

  /** Undefined if no protection is requested. */
  get status(): ProtectionStatus | undefined {
    return this.#status;
  }

  /** Requests protection from now on. To be called once. */
  open(platform: PlatformName, protect: Protect, protectAfterMs: number): void {
    this.#settings = { protect, protectAfterMs };
    this.#status = { platform, state: 'free' };
    this.restart();
  }

  /** Requests protection again, if it was requested: another sender has to do that from now on. */
  restart(): void {
    if (!this.#settings) return;
    const mayBeHeld = this.#isRequested ? this.#status?.state !== 'free' : undefined;
    const isSent = this.#send({ kind: 'protect', ...this.#settings, mayBeHeld });
    this.#isRequested ||= isSent;
    this.#closing?.resolve();
  }

  /** From now on calls the listener with each change. To be called once. */
  follow(onChanged: (change: ProtectionChange) => void): void {
    this.#onChanged = onChanged;
  }

  /** Releases the protection if there is one. Takes little more than {@link CLOSE_MS}; never rejects. */
  async close(): Promise<void> {
    if (!this.#settings) return;
    const closing = (this.#closing = withResolvers<void>());
    if (!this.#send({ kind: 'unprotect' })) return;
    const cancel = this.#clock.after(CLOSE_MS + ANSWER_MS, closing.resolve);
    await closing.promise;
    cancel();
  }

  take(message: FromProtection): void {
    if (message.kind === 'unprotected') return this.#closing?.resolve();
    this.#status = message.status;
    if (message.change) this.#onChanged(message.change);
  }
}
