import type { Cancel, Clock } from '../../base/time/clock.js';
import type { TaskOrder, TaskOutcome } from '../asl/runtime/running-execution.js';

/** The lease of an open task. Instants are epoch milliseconds. */
export interface OpenLease {
  readonly workerName: string | undefined;
  readonly since: number;
  /** The last heartbeat; undefined before the first. */
  readonly beatAt: number | undefined;
  /** The instant at which the lease lapses without a report or a heartbeat; undefined where it never does. */
  readonly due: number | undefined;
}

/**
 * A task that waits for a report. It is settled once, by a report or by the clock, and is closed from then on. A report
 * at or after a deadline is too late, even where the timer has not fired yet.
 */
export class OpenTask {
  #closed = false;
  #cancelTimer: Cancel | undefined;
  #deadline = Number.POSITIVE_INFINITY;
  #heartbeatDue = Number.POSITIVE_INFINITY;
  #lease: OpenLease | undefined;

  /** @param onClosed called once, when the token becomes invalid */
  constructor(
    /** The text in the answer to a report on the closed task: the activity's ARN, where the task has an activity. */
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

  /** Returns true while a report on the task is accepted. Times the task out where a deadline has passed. */
  isOpen(): boolean {
    if (!this.#closed && this.order.isWanted() && this.clock.now() >= this.#due()) this.#timeOut();
    return !this.#closed;
  }

  /** Leases the task to a worker. The deadlines count from now. */
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

  /** Closes the task without an outcome. */
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
   * Sets the timer for the earliest deadline. A heartbeat moves only the deadline: a timer that fires too early is set
   * again.
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
