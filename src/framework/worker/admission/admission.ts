import type { Cancel, Clock } from '../../base/time/clock.js';
import type { HandlerPause } from '../../base/worker-status.js';
import type { Rate } from '../../declare/rate.js';
import { Breaker, type BreakerRule } from './breaker.js';
import { RateWindow } from './rate-window.js';

/** A pause of a handler: while it lasts, the worker receives no tasks for the handler. */
export interface Pause extends HandlerPause {
  readonly reason: string;
}

export interface AdmissionOptions {
  readonly clock: Clock;
  readonly rate?: Rate | undefined;
  readonly breaker?: BreakerRule | undefined;
  /** Called when more polls may be open than before, because a pause has ended or the rate allows more tasks. */
  readonly onRoom: () => void;
  readonly onPaused: (pause: Pause) => void;
  readonly onResumed: () => void;
}

const PAUSE_STEP_MS = 1_000;
const TRIED = 'one task is tried';

/**
 * Limits how many polls a handler may have open, in addition to the limit by its slots: none while it is paused, and
 * otherwise as many as its rate and its breaker allow. Polls that are already open aren't closed and may still return a
 * task, and running tasks aren't stopped.
 */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #breaker: Breaker | undefined;
  #rate: RateWindow | undefined;
  #pause: Pause | undefined;
  #stopped = false;
  readonly #timers = new Map<'rate' | 'pause', Cancel>();

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#rate = options.rate && new RateWindow(options.rate);
    this.#breaker = options.breaker && new Breaker(options.breaker);
  }

  /** The current pause; undefined while the handler isn't paused. */
  get pause(): Pause | undefined {
    return this.#pause;
  }

  /** Returns how many more polls may be opened now. @param polling the number of open polls */
  room(polling: number): number {
    if (this.#pause && this.#pause.by !== 'breaker') return 0;
    const trying = this.#breaker ? this.#breaker.room() : Number.POSITIVE_INFINITY;
    const granted = this.#rate ? this.#rate.room(this.#options.clock.now()) : Number.POSITIVE_INFINITY;
    return Math.max(0, Math.min(trying, granted) - polling);
  }

  /** Records that a poll has returned a task. */
  begin(token: string): void {
    this.#breaker?.begin(token);
    if (!this.#rate) return;
    this.#rate.begin(this.#options.clock.now());
    if (!this.#stopped && !this.#timers.has('rate')) this.#wakeForRate();
  }

  /** Records the outcome of a task. @param error the error name of its failure; undefined if it succeeded */
  ended(token: string, error?: string): void {
    const breaker = this.#breaker;
    if (!breaker) return;
    const wasClosed = breaker.isClosed;
    const reason = breaker.ended(token, error, this.#options.clock.now());
    if (reason !== undefined) this.#trip(reason);
    else if (!wasClosed && breaker.isClosed) this.#end('breaker');
  }

  /** Records that a task has ended without an outcome, because the service no longer wants it. */
  gone(token: string): void {
    this.#breaker?.gone(token);
    if (this.#pause?.by === 'breaker') this.#options.onRoom();
  }

  /**
   * Pauses the handler for `forMs` or, if that is undefined, until `resume` is called. If the current pause lasts
   * longer, it isn't shortened.
   */
  suspend(by: 'control' | 'task', reason: string, forMs?: number): void {
    const now = this.#options.clock.now();
    const until = forMs === undefined ? undefined : now + forMs;
    const before = this.#pause?.by === 'breaker' ? undefined : this.#pause;
    // A handler may ask in a loop: what adds less than a second is no news.
    const lasts = before && (before.until ?? Number.POSITIVE_INFINITY) + (by === 'task' ? PAUSE_STEP_MS : 0);
    if (lasts !== undefined && until !== undefined && until < lasts) return;
    if (before && before.until === undefined) return;
    this.#set({ by, reason, since: before?.since ?? now, ...(until !== undefined && { until }) });
  }

  /** Ends the current pause, whatever its cause, and closes the breaker, so that tasks are received again. */
  resume(): void {
    this.#breaker?.reset();
    if (this.#pause) this.#end(this.#pause.by);
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

  #trip(reason: string): void {
    // A person's pause, and a task's, go on. The breaker then decides after them.
    const until = this.#breaker?.until;
    if (this.#pause && this.#pause.by !== 'breaker') return;
    const since = this.#pause?.since ?? this.#options.clock.now();
    this.#set({ by: 'breaker', reason, since, ...(until !== undefined && { until }) });
  }

  #set(pause: Pause): void {
    const { clock, onPaused } = this.#options;
    this.#cancel('pause');
    this.#pause = pause;
    if (pause.until !== undefined && !this.#stopped)
      this.#timers.set(
        'pause',
        clock.after(pause.until - clock.now(), () => this.#over(pause)),
      );
    onPaused(pause);
  }

  /**
   * Called when the time of a pause is over. If a breaker has caused the pause, one task is tried, and the pause ends
   * only when that task succeeds.
   */
  #over({ by }: Pause): void {
    const { clock, onRoom } = this.#options;
    this.#timers.delete('pause');
    this.#breaker?.tick(clock.now());
    if (by !== 'breaker') return this.#end(by);
    if (this.#pause) this.#pause = { by, reason: TRIED, since: this.#pause.since };
    onRoom();
  }

  #end(by: Pause['by']): void {
    if (this.#pause?.by !== by) return;
    this.#cancel('pause');
    this.#pause = undefined;
    const until = this.#breaker?.until;
    this.#breaker?.tick(this.#options.clock.now());
    if (by !== 'breaker' && this.#breaker && !this.#breaker.isClosed)
      this.#trip(until === undefined ? TRIED : 'its last tasks failed by a name that the breaker lists');
    else this.#options.onResumed();
    this.#options.onRoom();
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
