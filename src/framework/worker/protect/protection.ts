import { Abort } from '../../base/abort.js';
import { limitCallAfter } from '../../base/time/call-limit.js';
import type { Clock } from '../../base/time/clock.js';
import { unlessAborted } from '../../base/time/wait.js';
import type { ProtectionStatus } from '../../base/worker-status.js';
import { type Platform, Refused } from './platform.js';

/** Listens to what becomes of a protection. */
export interface ProtectionListener {
  /** Called when the platform has granted protection that the worker did not have. */
  readonly onGranted: () => void;
  /** Called when protection was given back, or has lapsed. */
  readonly onReleased: () => void;
  /** Called at the first failed call, and again only after one has succeeded. */
  readonly onFailed: (error: Error) => void;
}

/** The protection of a worker, or of a set of workers in one container. */
export interface Protection {
  readonly status: ProtectionStatus;
  /** Begins to report to the listener. To be called once. */
  follow(listener: ProtectionListener): void;
  /**
   * Asks, renews or gives back, as the running tasks call for. To be called each second. Returns at once.
   * @param since the time at which the oldest running task was received, in epoch milliseconds; undefined while none runs
   */
  tick(since: number | undefined): void;
  /** Gives back what is held. Takes {@link CLOSE_MS} at most; never rejects. */
  close(): Promise<void>;
}

export interface AskedProtectionOptions {
  readonly platform: Platform;
  /** The time that a task runs for before protection is asked, in milliseconds. */
  readonly afterMs: number;
  readonly clock: Clock;
  readonly random: () => number;
}

/** The longest that a call may take. The agent of ECS gives its own call to ECS four seconds. */
const LIMIT_MS = 5_000;
/** The least time between the ends of two calls and the next. */
const LEAST_MS = 5_000;
/** The time after which what is held is asked for again. */
const RENEW_MS = 20 * 60_000;
/** While younger tasks run, protection is kept for this long: one of them may soon be old enough. */
const LINGER_MS = 45_000;
/** A failed call is repeated after the first of these, then twice that, and so on up to the last. */
const [AGAIN_MS, LAST_AGAIN_MS] = [5_000, 5 * 60_000];
/** The longest that giving back may delay the end of a stopped worker. */
const CLOSE_MS = 2_000;

/** The times at which protection was granted first and last. */
interface Held {
  readonly since: number;
  readonly renewedAt: number;
}

type Call = 'clear' | 'protect' | 'release';

/**
 * Asks a platform for protection while a task has run for long, and gives it back when none has. One call is open at a
 * time, for all handlers. A call that fails is repeated ever later; nothing waits for a call, and none harms a task.
 */
export class AskedProtection implements Protection {
  readonly #options: AskedProtectionOptions;
  #listener: ProtectionListener | undefined;
  /** Undefined while no protection is held. */
  #held: Held | undefined;
  /** The time of a call that may have been granted without an answer; undefined where there was none. */
  #doubtedAt: number | undefined;
  /** True while a task has run for long enough. */
  #wanted = false;
  /** The last time at which a task had run for long enough. */
  #wantedAt = Number.NEGATIVE_INFINITY;
  #open: { readonly ended: Promise<void>; readonly limit: Abort } | undefined;
  #nextAt = Number.NEGATIVE_INFINITY;
  /** The number of failed calls since the last that succeeded, and the error of the last. */
  #failures = 0;
  #error: Error | undefined;
  #cleared: boolean;
  #closed = false;

  constructor(options: AskedProtectionOptions) {
    this.#options = options;
    this.#cleared = options.platform.clear === undefined;
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

  /** Returns the call that is to be made now; undefined where there is none. */
  #due(since: number | undefined, now: number): Call | undefined {
    const held = this.#held;
    if (this.#wanted) return !held || now - held.renewedAt >= RENEW_MS ? 'protect' : undefined;
    if (held || this.#doubtedAt !== undefined)
      return since === undefined || now - this.#wantedAt >= LINGER_MS ? 'release' : undefined;
    return this.#cleared ? undefined : 'clear';
  }

  /** Notes that a protection which could not be renewed, or given back, has lapsed. */
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
