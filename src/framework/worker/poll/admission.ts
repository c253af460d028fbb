import type { Cancel, Clock } from '../../base/time/clock.js';
import type { HandlerPause } from '../../base/worker-status.js';
import type { Rate } from '../../declare/option-rules.js';

/** A pause of a handler: while it lasts, the worker receives no tasks for the handler. */
interface Pause extends HandlerPause {
  readonly reason: string;
}

interface AdmissionOptions {
  readonly clock: Clock;
  readonly rate?: Rate | undefined;
  /** Called when more polls may be open than before, because a pause has ended or the rate allows more tasks. */
  readonly onRoom: () => void;
  readonly onPaused: (pause: Pause) => void;
  readonly onResumed: () => void;
}

const PAUSE_STEP_MS = 1_000;

/**
 * Limits how many polls a handler may have open: none while it is paused, and otherwise as many as its rate allows. Has
 * no effect on open polls and running tasks.
 */
export class Admission {
  readonly #options: AdmissionOptions;
  #rate: RateWindow | undefined;
  #pause: Pause | undefined;
  #stopped = false;
  readonly #timers = new Map<'rate' | 'pause', Cancel>();

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#rate = options.rate && new RateWindow(options.rate);
  }

  /** The current pause; undefined while the handler isn't paused. */
  get pause(): Pause | undefined {
    return this.#pause;
  }

  /** Returns how many more polls may be opened now. @param polling the number of open polls */
  room(polling: number): number {
    if (this.#pause) return 0;
    const granted = this.#rate ? this.#rate.room(this.#options.clock.now()) : Number.POSITIVE_INFINITY;
    return Math.max(0, granted - polling);
  }

  /** Records that a poll has returned a task. */
  begin(): void {
    if (!this.#rate) return;
    this.#rate.begin(this.#options.clock.now());
    if (!this.#stopped && !this.#timers.has('rate')) this.#wakeForRate();
  }

  /**
   * Pauses the handler for `forMs` or, if that is undefined, until `resume` is called. If the current pause lasts
   * longer, it isn't shortened.
   */
  suspend(by: 'control' | 'task', reason: string, forMs?: number): void {
    const now = this.#options.clock.now();
    const until = forMs === undefined ? undefined : now + forMs;
    const before = this.#pause;
    // A handler may ask in a loop: what adds less than a second is no news.
    const lasts = before && (before.until ?? Number.POSITIVE_INFINITY) + (by === 'task' ? PAUSE_STEP_MS : 0);
    if (lasts !== undefined && until !== undefined && until < lasts) return;
    if (before && before.until === undefined) return;
    this.#set({ by, reason, since: before?.since ?? now, ...(until !== undefined && { until }) });
  }

  /** Ends the current pause, whatever its cause, so that tasks are received again. */
  resume(): void {
    if (!this.#pause) return;
    const { onResumed, onRoom } = this.#options;
    this.#cancel('pause');
    this.#pause = undefined;
    onResumed();
    onRoom();
  }

  /** Replaces the rate; undefined removes it. Tasks that have begun before don't count for the new rate. */
  setRate(rate: Rate | undefined): void {
    this.#cancel('rate');
    this.#rate = rate && new RateWindow(rate);
    this.#options.onRoom();
  }

  /** Stops all timers, and starts no new ones. Called when the worker stops, so that it receives no more tasks. */
  stop(): void {
    this.#stopped = true;
    this.#cancel('rate');
    this.#cancel('pause');
  }

  #set(pause: Pause): void {
    const { clock, onPaused } = this.#options;
    this.#cancel('pause');
    this.#pause = pause;
    if (pause.until !== undefined && !this.#stopped)
      this.#timers.set(
        'pause',
        clock.after(pause.until - clock.now(), () => this.resume()),
      );
    onPaused(pause);
  }

  #wakeForRate(): void {
    const { clock, onRoom } = this.#options;
    this.#timers.delete('rate');
    const at = this.#rate?.nextAt(clock.now());
    if (at === undefined) return;
    const wake = (): void => {
      this.#wakeForRate();
      onRoom();
    };
    this.#timers.set('rate', clock.after(at - clock.now(), wake));
  }

  #cancel(timer: 'rate' | 'pause'): void {
    this.#timers.get(timer)?.();
    this.#timers.delete(timer);
  }
}

/**
 * Limits a handler to a rate such as 100 tasks per minute, by counting the tasks that have begun in the last minute (or
 * whatever time the rate is for).
 */
class RateWindow {
  readonly #rate: Rate;
  /** The times at which tasks began, in epoch milliseconds, the earliest first. */
  readonly #begun: number[] = [];
  /** The number of entries at the start of `#begun` that are too old to count. They are removed later, many at once. */
  #passed = 0;

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /** Returns how many more tasks the rate allows to begin now. */
  room(now: number): number {
    this.#pass(now);
    return this.#rate.count - (this.#begun.length - this.#passed);
  }

  begin(now: number): void {
    this.#pass(now);
    this.#begun.push(now);
  }

  /**
   * Returns the time at which the rate allows one more task than now, because the oldest counted one no longer counts;
   * undefined if no task counts now.
   */
  nextAt(now: number): number | undefined {
    this.#pass(now);
    const first = this.#begun[this.#passed];
    return first === undefined ? undefined : first + this.#rate.perMs;
  }

  #pass(now: number): void {
    for (let first; (first = this.#begun[this.#passed]) !== undefined && first + this.#rate.perMs <= now;)
      this.#passed++;
    if (this.#passed < 1_024 && this.#passed < this.#begun.length) return;
    this.#begun.splice(0, this.#passed);
    this.#passed = 0;
  }
}
