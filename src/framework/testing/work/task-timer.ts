import type { Cancel, Clock } from '../../base/time/clock.js';
import { realNow } from './real-time.js';

/** The longest delay that Node accepts. */
const FAR_MS = 2 ** 31 - 1;
/** The delay of a timer that was cleared. */
const CLEARED = -1;
/** The shortest delay that Node accepts. */
const NOW_MS = 1;

/**
 * A timer of Node that a task has set, by any function of Node. It fires when the test's clock has moved on by its
 * delay. While the clock stands still for real work, it fires when its delay has passed in real time.
 *
 * Node has no function that changes the delay of a timer. `_idleTimeout` is the field from which `refresh()` takes it,
 * and `_repeat` that of an interval. `_idleStart` is the time at which Node started the timer: https://github.com/nodejs/node/blob/v20.x/lib/internal/timers.js
 */
export class TaskTimer {
  readonly #ms: number;
  /** The real time at which the delay has passed. */
  #realDue = 0;
  /** The time at which Node started the timer so that it fires now. An interval that has fired has a later one. */
  #firingFrom: unknown;
  #cancel: Cancel = () => {};

  /**
   * @param timer a timer that is being created, and that Node hasn't started yet
   * @param isHeld true if the clock moves on by itself. If the test moves it, the timer also fires after its real delay
   */
  constructor(
    private readonly timer: object,
    private readonly clock: Clock,
    private readonly isHeld: boolean,
  ) {
    this.#ms = Number(this.#field('_idleTimeout'));
    this.#setDelay(isHeld ? FAR_MS : this.#ms);
    Reflect.set(timer, 'refresh', () => {
      this.#setDelay(isHeld ? FAR_MS : this.#ms);
      this.#arm();
      return this.#refresh();
    });
    this.#arm();
  }

  /** False if the timer has fired for the last time, or was cleared. */
  get isSet(): boolean {
    return this.#field('_destroyed') !== true;
  }

  /** True if the clock has reached the timer's time, and Node is about to fire it. */
  get isFiring(): boolean {
    return this.isSet && this.#firingFrom !== undefined && this.#field('_idleStart') === this.#firingFrom;
  }

  /** Makes the timer fire if its delay has passed in real time. */
  fireLate(): void {
    if (this.isHeld && realNow() >= this.#realDue) this.#fire();
  }

  /**
   * Takes the timer from the test's clock. If it hasn't fired, it does after its delay in real time, but it no longer
   * keeps the process alive.
   */
  release(): void {
    this.#cancel();
    Reflect.deleteProperty(this.timer, 'refresh');
    // Who refreshes the timer after it has fired gets its own delay again.
    if (this.#field('_idleTimeout') !== CLEARED) this.#setDelay(this.#ms);
    if (!this.isHeld || !this.isSet) return;
    this.#refresh();
    this.#call('unref');
  }

  #arm(): void {
    this.#cancel();
    this.#firingFrom = undefined;
    this.#realDue = realNow() + this.#ms;
    this.#cancel = this.clock.after(this.#ms, () => this.#fire());
  }

  #fire(): void {
    this.#cancel();
    if (!this.isSet) return;
    if (this.#repeats) this.#arm();
    Reflect.set(this.timer, '_idleTimeout', NOW_MS);
    this.#refresh();
    this.#firingFrom = this.#field('_idleStart');
  }

  get #repeats(): boolean {
    return (this.#field('_repeat') ?? null) !== null;
  }

  #setDelay(ms: number): void {
    Reflect.set(this.timer, '_idleTimeout', ms);
    if (this.#repeats) Reflect.set(this.timer, '_repeat', ms);
  }

  #refresh(): unknown {
    return this.#call('refresh');
  }

  /** Calls a method of Node's own. */
  #call(name: 'refresh' | 'unref'): unknown {
    const method: unknown = Reflect.get(Object.getPrototypeOf(this.timer), name);
    return typeof method === 'function' ? Reflect.apply(method, this.timer, []) : undefined;
  }

  #field(name: string): unknown {
    return Reflect.get(this.timer, name);
  }
}
