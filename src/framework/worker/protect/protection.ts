import { Abort } from '../../base/abort.js';
import { limitCallAfter } from '../../base/time/call-limit.js';
import type { Cancel, Clock } from '../../base/time/clock.js';
import { type Resolvers, unlessAborted, withResolvers } from '../../base/time/wait.js';
import type { PlatformName, ProtectionStatus } from '../../base/worker-status.js';
import { type Platform, Refused } from './platform.js';
import type { Protect } from './find-platform.js';

/**
 * A change of a worker's scale-in protection: the platform has granted it, it is over, or the first call after one that
 * succeeded has failed.
 */
type ProtectionChange = 'granted' | 'released' | { readonly failed: string };

interface AskedProtectionOptions {
  readonly platform: Platform;
  /** Protection is requested once a task has been running for this many milliseconds. */
  readonly afterMs: number;
  /** True if the platform may protect the worker already. @default true if protection never expires by itself */
  readonly mayBeHeld?: boolean | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  /** Returns the time at which the oldest running task was received; undefined while no task is running. */
  readonly oldest: () => number | undefined;
  /** Called with the status when it has changed, and with what is to be told to the worker's listeners. */
  readonly tell: (status: ProtectionStatus, change?: ProtectionChange) => void;
}

/** The time between two looks at the age of the oldest task. */
const TICK_MS = 1_000;
/**
 * The longest time that one call to the platform may take. It is more than four seconds because the ECS agent gives its
 * own call to ECS that long.
 */
const LIMIT_MS = 5_000;
/** The least time from the end of one call to the platform until the next call. */
const LEAST_MS = 5_000;
/** The time after which protection is renewed while a long task is still running. */
const RENEW_MS = 20 * 60_000;
/**
 * When no task has been running for `afterMs` any more but younger tasks are running, protection is kept for this long,
 * since one of those tasks may soon need it.
 */
const LINGER_MS = 45_000;
/** The wait before a failed call is repeated for the first time, about. It doubles with each further failure. */
const AGAIN_MS = 5_000;
/** The longest wait before a failed call is repeated, about. */
const LAST_AGAIN_MS = 5 * 60_000;
/** The longest time for which releasing protection may delay the end of a worker that is stopping. */
const CLOSE_MS = 2_000;

/**
 * Requests protection from a platform while a task has been running for `afterMs` or longer. Makes one call at a time.
 * Tasks don't wait for these calls, and don't fail with them.
 */
export class AskedProtection {
  readonly #cancel: Cancel;
  /** The protection that the worker has now: when it was first granted, and when it was last granted or renewed. */
  #held: { readonly since: number; readonly renewedAt: number } | undefined;
  /**
   * True if the platform may protect the worker though that isn't known: for a process that was killed, for example.
   */
  #mayBeHeld: boolean;
  #wanted = false;
  #wantedAt = Number.NEGATIVE_INFINITY;
  #open: { readonly ended: Promise<void>; readonly limit: Abort } | undefined;
  #nextAt = Number.NEGATIVE_INFINITY;
  /** The number of calls that have failed since one succeeded, and why the last of them did. */
  #failures = 0;
  #reason: string | undefined;
  /** The status that was told last, as JSON. */
  #told = '';

  constructor(private readonly options: AskedProtectionOptions) {
    const { platform, clock, mayBeHeld = platform.lapsesMs === undefined } = options;
    this.#mayBeHeld = mayBeHeld;
    this.#cancel = clock.every(TICK_MS, () => this.#tick());
  }

  /** Makes no further call to the platform. */
  stop(): void {
    this.#cancel();
  }

  /** Releases the protection if there is one. Takes at most {@link CLOSE_MS}; never rejects. */
  async close(): Promise<void> {
    this.stop();
    const over = new Abort();
    const cancel = this.options.clock.after(CLOSE_MS, () => over.abort(new Error('the worker has stopped')));
    try {
      await unlessAborted(over, this.#releaseAll(over));
    } catch {
      // It was told already, and lapses, or is found by the next worker of this container.
    } finally {
      cancel();
      this.#open?.limit.abort(over.reason);
    }
  }

  #tick(): void {
    const { clock, afterMs, platform, oldest } = this.options;
    const [now, since] = [clock.now(), oldest()];
    this.#wanted = since !== undefined && now - since >= afterMs;
    if (this.#wanted) this.#wantedAt = now;
    if (this.#held && now - this.#held.renewedAt >= (platform.lapsesMs ?? Infinity)) this.#set(undefined);
    else this.#tell();
    if (this.#open || now < this.#nextAt || !this.#isDue(since, now)) return;
    const limit = new Abort();
    this.#open = { limit, ended: this.#call(this.#wanted ? since : undefined, limit) };
  }

  #isDue(since: number | undefined, now: number): boolean {
    if (this.#wanted) return !this.#held || now - this.#held.renewedAt >= RENEW_MS;
    const isOver = since === undefined || now - this.#wantedAt >= LINGER_MS;
    return isOver && (this.#held !== undefined || this.#mayBeHeld);
  }

  /** Makes one call to the platform: for protection, or for its release if `since` is undefined. Never rejects. */
  async #call(since: number | undefined, limit: Abort): Promise<void> {
    const { platform, clock } = this.options;
    const cancel = limitCallAfter(clock, LIMIT_MS, () =>
      limit.abort(new Error(`no answer within ${LIMIT_MS / 1000} s`)),
    );
    try {
      const asked = since === undefined ? platform.release(limit) : platform.protect(since, limit);
      await unlessAborted(limit, asked);
      const now = clock.now();
      this.#mayBeHeld = false;
      this.#failures = 0;
      this.#reason = undefined;
      this.#nextAt = now + LEAST_MS;
      this.#set(since === undefined ? undefined : { since: this.#held?.since ?? now, renewedAt: now });
    } catch (error) {
      if (!(error instanceof Refused)) this.#mayBeHeld = true;
      // A release that is refused now is refused later, too.
      else if (since === undefined && !this.#held) this.#mayBeHeld = false;
      this.#failed(error as Error);
    } finally {
      cancel();
      this.#open = undefined;
    }
  }

  #failed(error: Error): void {
    const { clock, random } = this.options;
    // A fleet whose calls were throttled together must not repeat them together.
    const pauseMs = Math.min(LAST_AGAIN_MS, AGAIN_MS * 2 ** this.#failures++) * (0.5 + random());
    this.#nextAt = clock.now() + pauseMs;
    const isFirst = this.#reason === undefined;
    this.#reason = error.message;
    this.#tell(isFirst ? { failed: error.message } : undefined);
  }

  #set(held: { readonly since: number; readonly renewedAt: number } | undefined): void {
    const had = this.#held !== undefined;
    this.#held = held;
    this.#tell(had === (held !== undefined) ? undefined : held ? 'granted' : 'released');
  }

  #tell(change?: ProtectionChange): void {
    const { platform, tell } = this.options;
    const state = this.#held ? 'held' : this.#wanted ? 'wanted' : 'free';
    const since = this.#held && { since: this.#held.since };
    const reason = this.#reason === undefined ? {} : { reason: this.#reason };
    const status = { platform: platform.name, state, ...since, ...reason } as const;
    const text = JSON.stringify(status);
    if (text !== this.#told || change !== undefined) tell(status, change);
    this.#told = text;
  }

  async #releaseAll(over: Abort): Promise<void> {
    await this.#open?.ended;
    if ((!this.#held && !this.#mayBeHeld) || over.aborted) return;
    await this.options.platform.release(over);
    this.#set(undefined);
  }
}

/** Messages to the sidecar, which requests scale-in protection. */
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

/** Messages from the sidecar. */
export type FromProtection =
  | {
      readonly kind: 'protection';
      readonly status: ProtectionStatus;
      readonly change: ProtectionChange | undefined;
    }
  | { readonly kind: 'unprotected' };

/**
 * The sidecar answers at the latest after {@link CLOSE_MS}, and this many milliseconds for the messages.
 */
const ANSWER_MS = 500;

/**
 * The scale-in protection of one worker, as the main thread sees it. The sidecar requests it, since it knows
 * the age of all tasks, also of one whose handler blocks the main thread.
 */
export class Protection {
  #settings: { readonly protect: Protect; readonly protectAfterMs: number } | undefined;
  #status: ProtectionStatus | undefined;
  #isRequested = false;
  #onChanged: (change: ProtectionChange) => void = () => {};
  #closing: Resolvers<void> | undefined;

  /** @param send returns false if there is no sidecar yet, or none any more */
  constructor(
    private readonly clock: Clock,
    private readonly send: (message: ToProtection) => boolean,
  ) {}

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

  /** Requests protection again, if it was requested: another sidecar has to do that from now on. */
  restart(): void {
    if (!this.#settings) return;
    const mayBeHeld = this.#isRequested ? this.#status?.state !== 'free' : undefined;
    const isSent = this.send({ kind: 'protect', ...this.#settings, mayBeHeld });
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
    if (!this.send({ kind: 'unprotect' })) return;
    const cancel = this.clock.after(CLOSE_MS + ANSWER_MS, closing.resolve);
    await closing.promise;
    cancel();
  }

  take(message: FromProtection): void {
    if (message.kind === 'unprotected') return this.#closing?.resolve();
    this.#status = message.status;
    if (message.change) this.#onChanged(message.change);
  }
}
