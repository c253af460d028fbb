import type { Cancel, Clock } from '../../base/time/clock.js';
import type { TaskOrder, TaskOutcome } from '../asl/runtime/running-execution.js';

/** The lease of an open task. Times are epoch milliseconds. */
export interface OpenLease {
  readonly workerName: string | undefined;
  readonly since: number;
  /** The time of the last heartbeat; undefined if there was none yet. */
  readonly beatAt: number | undefined;
  /**
   * The time at which the task times out unless a result, a failure or a heartbeat arrives before; undefined if it
   * never times out.
   */
  readonly due: number | undefined;
}

/**
 * A task that waits for its result or failure. It ends once, by a result, a failure or a timeout, and is closed from
 * then on. A result that arrives at a deadline or after it is too late, even if the timer hasn't fired yet.
 */
export class OpenTask {
  #closed = false;
  #cancelTimer: Cancel | undefined;
  #deadline = Number.POSITIVE_INFINITY;
  #heartbeatDue = Number.POSITIVE_INFINITY;
  #lease: OpenLease | undefined;

  /** @param onClosed called once, when the token becomes invalid */
  constructor(
    /**
     * The text with which a report on the task is answered when the task is closed: the activity's ARN, if the task
     * belongs to an activity.
     */
    readonly subject: string,
    readonly token: string,
    readonly order: TaskOrder,
    private readonly clock: Clock,
    private readonly onClosed: () => void,
  ) {}

  /** The lease of the task; undefined until a worker takes the task. */
  get lease(): OpenLease | undefined {
    const due = this.#due();
    return this.#lease && { ...this.#lease, due: due === Number.POSITIVE_INFINITY ? undefined : due };
  }

  /**
   * Returns true while a result, a failure or a heartbeat is accepted for the task. If a deadline has passed, ends the
   * task by a timeout.
   */
  isOpen(): boolean {
    if (!this.#closed && this.order.isWanted() && this.clock.now() >= this.#due()) this.#timeOut();
    return !this.#closed;
  }

  /** Leases the task to a worker. The timeouts begin now. */
  start(workerName?: string): void {
    const now = this.clock.now();
    const { timeoutSeconds, heartbeatSeconds } = this.order;
    if (timeoutSeconds !== undefined) this.#deadline = now + timeoutSeconds * 1000;
    if (heartbeatSeconds !== undefined) this.#heartbeatDue = now + heartbeatSeconds * 1000;
    this.#lease = { workerName, since: now, beatAt: undefined, due: undefined };
    this.#arm();
    this.order.onStarted(workerName, now);
  }

  heartbeat(): void {
    const { heartbeatSeconds } = this.order;
    const now = this.clock.now();
    if (this.#lease) this.#lease = { ...this.#lease, beatAt: now };
    if (heartbeatSeconds !== undefined) this.#heartbeatDue = now + heartbeatSeconds * 1000;
  }

  settle(outcome: TaskOutcome, at: number = this.clock.now()): void {
    if (this.#closed) return;
    this.close();
    this.order.onSettled(outcome, at);
  }

  /** Closes the task without a result or a failure. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelTimer?.();
    this.onClosed();
  }

  #due(): number {
    return Math.min(this.#deadline, this.#heartbeatDue);
  }

  /**
   * Sets the timer for the earliest deadline. A heartbeat doesn't change the timer, only the deadline: the timer then
   * fires too early, and is set again.
   */
  #arm(): void {
    const due = this.#due();
    if (due === Number.POSITIVE_INFINITY) return;
    this.#cancelTimer = this.clock.after(due - this.clock.now(), () => {
      if (this.clock.now() >= this.#due()) this.#timeOut();
      else this.#arm();
    });
  }

  #timeOut(): void {
    const missed = this.#deadline <= this.#heartbeatDue ? 'timeout' : 'heartbeat';
    this.settle({ kind: 'timedOut', missed }, this.#due());
  }
}
