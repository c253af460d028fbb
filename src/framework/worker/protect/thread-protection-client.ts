import type { Clock } from '../../base/time/clock.js';
import { withResolvers, type Resolvers } from '../../base/time/wait.js';
import type { PlatformName, ProtectionStatus } from '../../base/worker-status.js';
import type { Protect } from './find-platform.js';
import { OldestTask } from './oldest-task.js';
import { CLOSE_MS, type Protection, type ProtectionListener } from './protection.js';
import type { FromProtectionServer, ToProtectionServer } from './thread-protection-server.js';

/** The way to the heartbeat thread. */
export interface ProtectionThread {
  /** Sends a message to the thread. If the thread isn't started yet, the message is sent once it is. */
  readonly send: (message: ToProtectionServer) => void;
  /** False if the thread isn't started yet, or has ended. */
  readonly isRunning: () => boolean;
}

export interface ThreadProtectionOptions {
  readonly clock: Clock;
  readonly platform: PlatformName;
  readonly protect: Protect;
  readonly protectAfterMs: number;
  /**
   * Makes a protection that is requested from the main thread. Called if the heartbeat thread has ended.
   * @param mayBeHeld true if the platform may protect the worker already
   */
  readonly fromMain: (mayBeHeld: boolean) => Protection;
}

/** The heartbeat thread answers at the latest after {@link CLOSE_MS}, and this many milliseconds for the messages. */
const ANSWER_MS = 500;

/** The main thread's part of a worker's scale-in protection, if the heartbeat thread requests it. */
export class ThreadProtectionClient {
  readonly #thread: ProtectionThread;
  #protection: ThreadProtection | undefined;

  constructor(thread: ProtectionThread) {
    this.#thread = thread;
  }

  /** Makes the thread request protection from now on. To be called once. */
  open(options: ThreadProtectionOptions): Protection {
    this.#protection = new ThreadProtection(this.#thread, options);
    return this.#protection;
  }

  take(message: FromProtectionServer): void {
    this.#protection?.take(message);
  }

  /** From now on protection is requested from the main thread, because the heartbeat thread has ended. */
  threadEnded(): void {
    this.#protection?.continueFromMain();
  }
}

class ThreadProtection implements Protection {
  readonly #thread: ProtectionThread;
  readonly #options: ThreadProtectionOptions;
  readonly #oldest = new OldestTask();
  #status: ProtectionStatus;
  #listener: ProtectionListener | undefined;
  #instead: Protection | undefined;
  #closing: Resolvers<void> | undefined;

  constructor(thread: ProtectionThread, options: ThreadProtectionOptions) {
    this.#thread = thread;
    this.#options = options;
    const { platform, protect, protectAfterMs } = options;
    this.#status = { platform, state: 'free' };
    thread.send({ kind: 'protect', protect, protectAfterMs, memory: this.#oldest.memory });
  }

  get status(): ProtectionStatus {
    return this.#instead?.status ?? this.#status;
  }

  follow(listener: ProtectionListener): void {
    this.#listener = listener;
    this.#instead?.follow(listener);
  }

  began(receivedAt: number): void {
    this.#oldest.since ??= receivedAt;
  }

  tick(since: number | undefined): void {
    this.#oldest.since = since;
    this.#instead?.tick(since);
  }

  async close(): Promise<void> {
    if (this.#instead) return this.#instead.close();
    if (!this.#thread.isRunning()) return;
    this.#closing = withResolvers();
    this.#thread.send({ kind: 'unprotect' });
    const cancel = this.#options.clock.after(CLOSE_MS + ANSWER_MS, this.#closing.resolve);
    await this.#closing.promise;
    cancel();
    await (this.#instead as Protection | undefined)?.close();
  }

  take(message: FromProtectionServer): void {
    if (message.kind === 'unprotected') return this.#closing?.resolve();
    const { status, change } = message;
    this.#status = status;
    if (change === 'granted') this.#listener?.onGranted();
    else if (change === 'released') this.#listener?.onReleased();
    else if (change) this.#listener?.onFailed(new Error(change.failed));
  }

  continueFromMain(): void {
    this.#instead = this.#options.fromMain(this.#status.state !== 'free');
    if (this.#listener) this.#instead.follow(this.#listener);
    this.#closing?.resolve();
  }
}
