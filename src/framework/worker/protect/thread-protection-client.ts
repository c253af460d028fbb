import type { Clock } from '../../base/time/clock.js';
import { type Resolvers, withResolvers } from '../../base/time/wait.js';
import type { PlatformName, ProtectionStatus } from '../../base/worker-status.js';
import type { Protect } from './find-platform.js';
import { OldestTask } from './oldest-task.js';
import { CLOSE_MS, type Protection, type ProtectionListener } from './protection.js';
import type { FromProtectionServer, ToProtectionServer } from './thread-protection-server.js';

export interface ThreadProtectionOptions {
  readonly clock: Clock;
  readonly platform: PlatformName;
  readonly protect: Protect;
  readonly protectAfterMs: number;
}

/** The sender of heartbeats answers at the latest after {@link CLOSE_MS}, and this many milliseconds for the messages. */
const ANSWER_MS = 500;

/** The main thread's part of a worker's scale-in protection, which the sender of heartbeats requests. */
export class ThreadProtectionClient implements Protection {
  readonly #send: (message: ToProtectionServer) => boolean;
  readonly #oldest = new OldestTask();
  #options: ThreadProtectionOptions | undefined;
  #status: ProtectionStatus | undefined;
  #listener: ProtectionListener | undefined;
  #closing: Resolvers<void> | undefined;

  /** @param send returns false if there is no sender yet, or none any more */
  constructor(send: (message: ToProtectionServer) => boolean) {
    this.#send = send;
  }

  /** @throws Error before `open` was called */
  get status(): ProtectionStatus {
    if (!this.#status) throw new Error('no protection is requested');
    return this.#status;
  }

  /** Requests protection from now on. To be called once. */
  open(options: ThreadProtectionOptions): Protection {
    this.#options = options;
    this.#status = { platform: options.platform, state: 'free' };
    this.restart();
    return this;
  }

  /** Requests protection again, if it was requested: another sender has to do that from now on. */
  restart(): void {
    if (!this.#options || !this.#status) return;
    const { protect, protectAfterMs } = this.#options;
    const mayBeHeld = this.#status.state !== 'free';
    this.#send({ kind: 'protect', protect, protectAfterMs, mayBeHeld, memory: this.#oldest.memory });
    this.#closing?.resolve();
  }

  follow(listener: ProtectionListener): void {
    this.#listener = listener;
  }

  began(receivedAt: number): void {
    this.#oldest.since ??= receivedAt;
  }

  tick(since: number | undefined): void {
    this.#oldest.since = since;
  }

  async close(): Promise<void> {
    if (!this.#options) return;
    const closing = (this.#closing = withResolvers<void>());
    if (!this.#send({ kind: 'unprotect' })) return;
    const cancel = this.#options.clock.after(CLOSE_MS + ANSWER_MS, closing.resolve);
    await closing.promise;
    cancel();
  }

  take(message: FromProtectionServer): void {
    if (message.kind === 'unprotected') return this.#closing?.resolve();
    const { status, change } = message;
    this.#status = status;
    if (change === 'granted') this.#listener?.onGranted();
    else if (change === 'released') this.#listener?.onReleased();
    else if (change) this.#listener?.onFailed(new Error(change.failed));
  }
}
