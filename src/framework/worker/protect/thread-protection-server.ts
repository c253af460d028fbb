import type { Cancel, Clock } from '../../base/time/clock.js';
import type { ProtectionStatus } from '../../base/worker-status.js';
import type { Protect } from './find-platform.js';
import { OldestTask } from './oldest-task.js';
import type { Platform } from './platform.js';
import type { Protection } from './protection.js';

/** Messages to the sender of heartbeats, which requests scale-in protection. */
export type ToProtectionServer =
  /** Requests protection from now on. `memory`: the memory of the {@link OldestTask}, which both threads share. */
  | {
      readonly kind: 'protect';
      readonly protect: Protect;
      readonly protectAfterMs: number;
      /** True if the platform may protect the worker already. */
      readonly mayBeHeld: boolean;
      readonly memory: SharedArrayBuffer;
    }
  /** Releases the protection. `unprotected` is the response. */
  | { readonly kind: 'unprotect' };

/** Messages from the sender of heartbeats. */
export type FromProtectionServer =
  /** The status has changed. `change`: what is to be told to the worker's listeners. */
  | {
      readonly kind: 'protection';
      readonly status: ProtectionStatus;
      readonly change?: 'granted' | 'released' | { readonly failed: string };
    }
  | { readonly kind: 'unprotected' };

export interface ThreadProtectionServerOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** The main thread; `stuck` is true once it was blocked for so long that its tasks are given up. */
  readonly mainLoop: { readonly stuck: boolean };
  readonly send: (message: FromProtectionServer) => void;
  /** @default the platform that the environment variables show */
  readonly platform?: Platform | undefined;
}

const TICK_MS = 1_000;

/**
 * Requests scale-in protection beside the main thread, so that a handler that blocks it doesn't delay the request for its
 * own task.
 */
export class ThreadProtectionServer {
  readonly #options: ThreadProtectionServerOptions;
  #protection: Protection | undefined;
  #cancel: Cancel = () => {};
  #closed = false;
  /** The last status that was sent, as JSON. */
  #sent = '';

  constructor(options: ThreadProtectionServerOptions) {
    this.#options = options;
  }

  take(message: ToProtectionServer): void {
    if (message.kind === 'protect') void this.#open(message);
    else void this.#close();
  }

  /** Makes no further call to the platform. */
  stop(): void {
    this.#closed = true;
    this.#cancel();
  }

  async #open(message: Extract<ToProtectionServer, { kind: 'protect' }>): Promise<void> {
    const { clock, random, mainLoop, platform } = this.#options;
    const { askedProtection } = await import('./make-protection.js');
    const protection = askedProtection(
      message,
      { clock, random, env: process.env, platform },
      message.mayBeHeld,
    );
    if (!protection || this.#closed) return;
    this.#protection = protection;
    protection.follow({
      onGranted: () => this.#tell('granted'),
      onReleased: () => this.#tell('released'),
      onFailed: ({ message: failed }) => this.#tell({ failed }),
    });
    const oldest = new OldestTask(message.memory);
    this.#cancel = clock.every(TICK_MS, () => {
      // The service gives the tasks of a stuck thread to other workers.
      protection.tick(mainLoop.stuck ? undefined : oldest.since);
      this.#tell();
    });
  }

  async #close(): Promise<void> {
    this.stop();
    await this.#protection?.close();
    this.#options.send({ kind: 'unprotected' });
  }

  #tell(change?: Extract<FromProtectionServer, { kind: 'protection' }>['change']): void {
    const status = this.#protection?.status;
    if (!status) return;
    const text = JSON.stringify(status);
    if (text === this.#sent && change === undefined) return;
    this.#sent = text;
    this.#options.send({ kind: 'protection', status, ...(change !== undefined && { change }) });
  }
}
