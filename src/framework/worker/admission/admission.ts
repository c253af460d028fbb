import type { Cancel, Clock } from '../../base/time/clock.js';
import type { PublicPause } from '../../base/worker-status.js';
import type { Rate } from '../../declare/rate.js';
import { Breaker, type BreakerRule } from './breaker.js';
import { RateWindow } from './rate-window.js';

/** A pause of a handler. */
export interface Pause extends PublicPause {
  readonly reason: string;
}

export interface AdmissionOptions {
  readonly clock: Clock;
  readonly rate?: Rate | undefined;
  readonly breaker?: BreakerRule | undefined;
  /** Called when polls may be opened that could not be before. */
  readonly onRoom: () => void;
  readonly onPaused: (pause: Pause) => void;
  readonly onResumed: () => void;
}

const PAUSE_STEP_MS = 1_000;
const TRIED = 'one task is tried';

/**
 * Says how many tasks a handler may begin beside what its slots allow: none while it is paused, and as many as its rate
 * and its breaker let through. It only keeps polls from being opened. What is open already may still bring a task, and
 * no task is cut.
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

  /** The pause that keeps the handler from tasks now; undefined while it takes them. */
  get pause(): Pause | undefined {
    return this.#pause;
  }

  /** Returns how many more polls may be opened now. @param polling the number that are open */
  room(polling: number): number {
    if (this.#pause && this.#pause.by !== 'breaker') return 0;
    const trying = this.#breaker ? this.#breaker.room() : Number.POSITIVE_INFINITY;
    const granted = this.#rate ? this.#rate.room(this.#options.clock.now()) : Number.POSITIVE_INFINITY;
    return Math.max(0, Math.min(trying, granted) - polling);
  }

  /** Notes that a poll has brought a task. */
  begin(token: string): void {
    this.#breaker?.begin(token);
    if (!this.#rate) return;
    this.#rate.begin(this.#options.clock.now());
    if (!this.#stopped && !this.#timers.has('rate')) this.#wakeForRate();
  }

  /** Notes the outcome of a task. @param error the name that it failed by; undefined where it succeeded */
  ended(token: string, error?: string): void {
    const breaker = this.#breaker;
    if (!breaker) return;
    const wasClosed = breaker.isClosed;
    const reason = breaker.ended(token, error, this.#options.clock.now());
    if (reason !== undefined) this.#trip(reason);
    else if (!wasClosed && breaker.isClosed) this.#end('breaker');
  }

  /** Notes that a task is gone, or that its outcome was never accepted. */
  gone(token: string): void {
    this.#breaker?.gone(token);
    if (this.#pause?.by === 'breaker') this.#options.onRoom();
  }

  /**
   * Keeps the handler from tasks: for a while, or until `resume`. A pause for a while does not shorten one that lasts
   * longer.
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

  /** Ends every pause, and closes the breaker. */
  resume(): void {
    this.#breaker?.reset();
    if (this.#pause) this.#end(this.#pause.by);
  }

  /** Sets another rate; undefined for none. What has begun before does not count. */
  setRate(rate: Rate | undefined): void {
    this.#cancel('rate');
    this.#rate = rate && new RateWindow(rate);
    this.#options.onRoom();
  }

  /** Ends all timers, and sets none from now on: the worker asks for no more tasks. */
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

  /** Ends a pause whose time is over. The breaker then tries one task, and is over when that has succeeded. */
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
