import type { Cancel, Clock } from '../../base/time/clock.js';
import type { TaskOrder, TaskOutcome } from '../asl/runtime/running-execution.js';

/** The lease of an open task. Instants are epoch milliseconds. */
export interface OpenLease {
  readonly workerName: string | undefined;
  readonly since: number;
  /** The last heartbeat; undefined before the first. */
  readonly beatAt: number | undefined;
  /** The instant at which it lapses without a heartbeat; undefined where it never does. */
  readonly due: number | undefined;
}

/**
 * A task that waits for a report. It is settled once, by a report or by the clock, and is closed from then on. Its
 * deadlines are instants: a report at or after one is too late, also where the timer has not fired yet.
 */
export class OpenTask {
  #closed = false;
  #cancelTimer: Cancel | undefined;
  #deadline = Number.POSITIVE_INFINITY;
  #heartbeatDue = Number.POSITIVE_INFINITY;
  #lease: OpenLease | undefined;

  /** @param onClosed called once, when the token becomes invalid */
  constructor(
    /** The text that answers a report on the closed task: the activity's ARN, where there is one. */
    readonly subject: string,
    readonly token: string,
    readonly order: TaskOrder,
    private readonly clock: Clock,
    private readonly onClosed: () => void,
  ) {}

  /** The lease; undefined until a worker has it. */
  get lease(): OpenLease | undefined {
    const due = this.#due();
    return this.#lease && { ...this.#lease, due: due === Number.POSITIVE_INFINITY ? undefined : due };
  }

  /** Returns true while a report counts. Closes a task that is past a deadline. */
  isOpen(): boolean {
    if (!this.#closed && this.order.isWanted() && this.clock.now() >= this.#due()) this.#timeOut();
    return !this.#closed;
  }

  /** Leases the task to a worker. Its deadlines count from now. */
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

  /** Sets the timer. A heartbeat moves only the instant, and the timer sets itself anew where it fires too early. */
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
