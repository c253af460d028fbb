import { Abort } from '../../base/abort.js';
import { limitCallAfter } from '../../base/time/call-limit.js';
import type { Clock } from '../../base/time/clock.js';
import { unlessAborted } from '../../base/time/wait.js';
import type { ProtectionStatus } from '../../base/worker-status.js';
import { type Platform, Refused } from './platform.js';

/**
 * Callbacks for changes of a worker's scale-in protection. While a platform (ECS or Kubernetes) protects a worker, it
 * doesn't remove the worker's container when it scales in.
 */
export interface ProtectionListener {
  /**
   * Called when the platform grants protection to a worker that wasn't protected. Not called when protection is only
   * renewed.
   */
  readonly onGranted: () => void;
  /**
   * Called when the worker is no longer protected, because it released its protection or the protection has expired.
   */
  readonly onReleased: () => void;
  /**
   * Called with the error when a call to the platform fails. Not called for further failures until a call has
   * succeeded.
   */
  readonly onFailed: (error: Error) => void;
}

/** The scale-in protection of one worker. */
export interface Protection {
  readonly status: ProtectionStatus;
  /** From now on calls the listener's callbacks. To be called once. */
  follow(listener: ProtectionListener): void;
  /**
   * Notes that a task was received. Its handler may block the main thread before the next {@link tick}.
   * @param receivedAt epoch milliseconds
   */
  began(receivedAt: number): void;
  /**
   * Requests, renews or releases protection, depending on the age of the oldest running task. To be called every
   * second. Only starts a call to the platform, and doesn't wait for its end.
   * @param since the time at which the oldest running task was received, in epoch milliseconds; undefined while no task
   * is running
   */
  tick(since: number | undefined): void;
  /** Releases the protection if there is one. Takes at most {@link CLOSE_MS}; never rejects. */
  close(): Promise<void>;
}

export interface AskedProtectionOptions {
  readonly platform: Platform;
  /** Protection is requested once a task has been running for this many milliseconds. */
  readonly afterMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  /** True if the platform may protect the worker already, so that it has to be released. @default false */
  readonly mayBeHeld?: boolean;
}

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
/**
 * The wait before a failed call is repeated. The first wait is about `AGAIN_MS`; each further failure doubles the wait,
 * up to about `LAST_AGAIN_MS`.
 */
const [AGAIN_MS, LAST_AGAIN_MS] = [5_000, 5 * 60_000];
/** The longest time for which releasing protection may delay the end of a worker that is stopping. */
export const CLOSE_MS = 2_000;

/**
 * The protection that the worker has now. `since`: the time at which it was first granted. `renewedAt`: the time at
 * which it was last granted or renewed.
 */
interface Held {
  readonly since: number;
  readonly renewedAt: number;
}

type Call = 'clear' | 'protect' | 'release';

/**
 * Requests protection from a platform while a task has been running for `afterMs` or longer, and releases it when no
 * task has. Only one call to the platform is open at a time. A failed call is repeated after longer and longer waits.
 * Tasks never wait for these calls, and a failed call has no effect on tasks.
 */
export class AskedProtection implements Protection {
  readonly #options: AskedProtectionOptions;
  #listener: ProtectionListener | undefined;
  /** The protection that the worker has now; undefined while it has none. */
  #held: Held | undefined;
  /**
   * The time at which a request for protection failed without a clear refusal, so that the platform may have granted it
   * nevertheless; undefined if there was no such request.
   */
  #doubtedAt: number | undefined;
  /** True while a task has been running for `afterMs` or longer. */
  #wanted = false;
  /** The last time at which `#wanted` was true. */
  #wantedAt = Number.NEGATIVE_INFINITY;
  #open: { readonly ended: Promise<void>; readonly limit: Abort } | undefined;
  #nextAt = Number.NEGATIVE_INFINITY;
  /**
   * The number of calls that have failed since a call last succeeded. `#error`: the error of the last failed call;
   * undefined if the last call succeeded.
   */
  #failures = 0;
  #error: Error | undefined;
  #cleared: boolean;
  #closed = false;

  constructor(options: AskedProtectionOptions) {
    this.#options = options;
    this.#cleared = options.platform.clear === undefined;
    if (options.mayBeHeld) this.#doubtedAt = options.clock.now();
  }

  get status(): ProtectionStatus {
    const { name: platform } = this.#options.platform;
    const reason = this.#error?.message;
    const told = reason === undefined ? {} : { reason };
    if (this.#held) return { platform, state: 'held', since: this.#held.since, ...told };
    return { platform, state: this.#wanted ? 'wanted' : 'free', ...told };
  }

  follow(listener: ProtectionListener): void {
    this.#listener = listener;
  }

  began(): void {
    // The next tick sees it.
  }

  tick(since: number | undefined): void {
    const now = this.#options.clock.now();
    this.#wanted = since !== undefined && now - since >= this.#options.afterMs;
    if (this.#wanted) this.#wantedAt = now;
    this.#lapse(now);
    if (this.#open || this.#closed || now < this.#nextAt) return;
    const call = this.#due(since, now);
    if (call) this.#begin(call, since ?? now);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const over = new Abort();
    const { clock } = this.#options;
    const cancel = clock.after(CLOSE_MS, () => over.abort(new Error('the worker has stopped')));
    try {
      await unlessAborted(over, this.#releaseAll(over));
    } catch {
      // It was told already, and lapses, or is found by the next worker of this container.
    } finally {
      cancel();
      this.#open?.limit.abort(over.reason);
    }
  }

  /** Returns the call to the platform that has to be made now; undefined if none has. */
  #due(since: number | undefined, now: number): Call | undefined {
    const held = this.#held;
    if (this.#wanted) return !held || now - held.renewedAt >= RENEW_MS ? 'protect' : undefined;
    if (held || this.#doubtedAt !== undefined)
      return since === undefined || now - this.#wantedAt >= LINGER_MS ? 'release' : undefined;
    return this.#cleared ? undefined : 'clear';
  }

  /**
   * Records that protection has expired, if the platform's limit (`lapsesMs`) has passed since it was granted or last
   * renewed. This happens when calls to renew or release it keep failing.
   */
  #lapse(now: number): void {
    const { lapsesMs = Number.POSITIVE_INFINITY } = this.#options.platform;
    if (this.#held && now - this.#held.renewedAt >= lapsesMs) this.#set(undefined);
    if (this.#doubtedAt !== undefined && now - this.#doubtedAt >= lapsesMs) this.#doubtedAt = undefined;
  }

  #begin(call: Call, since: number): void {
    const limit = new Abort();
    const ended = this.#make(call, since, limit).then(
      () => this.#done(call),
      (error: Error) => this.#failed(call, error),
    );
    this.#open = { ended, limit };
  }

  async #make(call: Call, since: number, limit: Abort): Promise<void> {
    const { platform, clock } = this.#options;
    const cancel = limitCallAfter(clock, LIMIT_MS, () =>
      limit.abort(new Error(`no answer within ${LIMIT_MS / 1000} s`)),
    );
    try {
      await unlessAborted(limit, ask(platform, call, since, limit));
    } finally {
      cancel();
    }
  }

  #done(call: Call): void {
    const now = this.#options.clock.now();
    this.#open = undefined;
    this.#nextAt = call === 'clear' ? now : now + LEAST_MS;
    this.#failures = 0;
    this.#error = undefined;
    if (call === 'clear') {
      this.#cleared = true;
      return;
    }
    this.#doubtedAt = undefined;
    this.#set(call === 'protect' ? { since: this.#held?.since ?? now, renewedAt: now } : undefined);
  }

  #failed(call: Call, error: Error): void {
    const { clock, random } = this.#options;
    const now = clock.now();
    this.#open = undefined;
    const pause = Math.min(LAST_AGAIN_MS, AGAIN_MS * 2 ** this.#failures++);
    // A fleet whose calls were throttled together must not repeat them together.
    this.#nextAt = now + pause * (0.5 + random());
    const isRefused = error instanceof Refused;
    // What is refused now is refused later, and a protection needs the same permissions.
    if (call === 'clear') this.#cleared = isRefused;
    if (call === 'protect' && !isRefused) this.#doubtedAt = now;
    const isFirst = this.#error === undefined;
    this.#error = error;
    if (isFirst) this.#listener?.onFailed(error);
  }

  #set(held: Held | undefined): void {
    const had = this.#held !== undefined;
    this.#held = held;
    if (held && !had) this.#listener?.onGranted();
    if (!held && had) this.#listener?.onReleased();
  }

  async #releaseAll(over: Abort): Promise<void> {
    await this.#open?.ended;
    if ((!this.#held && this.#doubtedAt === undefined) || over.aborted) return;
    await this.#options.platform.release(over);
    this.#set(undefined);
  }
}

function ask(platform: Platform, call: Call, since: number, limit: Abort): Promise<void> {
  if (call === 'protect') return platform.protect(since, limit);
  return call === 'release' ? platform.release(limit) : (platform.clear?.(limit) ?? Promise.resolve());
}
