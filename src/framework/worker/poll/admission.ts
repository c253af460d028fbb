import type { Clock } from '../../base/time/clock.js';
import { RateWindow } from '../../base/time/rate-window.js';
import { Timer } from '../../base/time/timers.js';
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
  #rate: RateWindow | undefined;
  #pause: Pause | undefined;
  #stopped = false;
  readonly #pauseEnds: Timer;
  /** Rings when the rate allows one more task. */
  readonly #rateAllows: Timer;

  constructor(private readonly options: AdmissionOptions) {
    this.#pauseEnds = new Timer(options.clock, () => this.resume());
    this.#rateAllows = new Timer(options.clock, () => {
      this.#wakeForRate();
      options.onRoom();
    });
    this.#rate = options.rate && new RateWindow(options.rate);
  }

  /** The current pause; undefined while the handler isn't paused. */
  get pause(): Pause | undefined {
    return this.#pause;
  }

  /** Returns how many more polls may be opened now. @param polling the number of open polls */
  room(polling: number): number {
    if (this.#pause) return 0;
    const granted = this.#rate ? this.#rate.room(this.options.clock.now()) : Number.POSITIVE_INFINITY;
    return Math.max(0, granted - polling);
  }

  /** Records that a poll has returned a task. */
  begin(): void {
    if (!this.#rate) return;
    this.#rate.begin(this.options.clock.now());
    this.#wakeForRate();
  }

  /**
   * Pauses the handler for `forMs` or, if that is undefined, until `resume` is called. If the current pause lasts
   * longer, it isn't shortened.
   */
  suspend(by: 'control' | 'task', reason: string, forMs?: number): void {
    const now = this.options.clock.now();
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
    const { onResumed, onRoom } = this.options;
    this.#pauseEnds.set(Infinity);
    this.#pause = undefined;
    onResumed();
    onRoom();
  }

  /** Replaces the rate; undefined removes it. Tasks that have begun before don't count for the new rate. */
  setRate(rate: Rate | undefined): void {
    this.#rateAllows.set(Infinity);
    this.#rate = rate && new RateWindow(rate);
    this.options.onRoom();
  }

  /** Stops all timers, and starts no new ones. Called when the worker stops, so that it receives no more tasks. */
  stop(): void {
    this.#stopped = true;
    this.#rateAllows.set(Infinity);
    this.#pauseEnds.set(Infinity);
  }

  #set(pause: Pause): void {
    this.#pause = pause;
    if (!this.#stopped) this.#pauseEnds.set(pause.until ?? Infinity);
    this.options.onPaused(pause);
  }

  #wakeForRate(): void {
    if (!this.#stopped) this.#rateAllows.set(this.#rate?.nextAt(this.options.clock.now()) ?? Infinity);
  }
}
