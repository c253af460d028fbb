import type { Cancel, Clock } from '../../clock.js';
import type { TaskOrder, TaskOutcome } from '../asl/runtime/running-execution.js';

/**
 * One task that somebody outside is to finish. It is settled once, by a report or by the clock, and then it is
 * closed for good. Its deadlines are instants: whoever comes at or after one is too late, also where the timer has
 * not fired yet.
 */
export class OpenTask {
  #closed = false;
  #cancelTimer: Cancel | undefined;
  #deadline = Number.POSITIVE_INFINITY;
  #heartbeatDue = Number.POSITIVE_INFINITY;

  /** @param onClosed called once, when the token is worth nothing any more */
  constructor(
    /** What a report on the closed task is told: the activity's ARN, where there is one. */
    readonly subject: string,
    readonly token: string,
    readonly order: TaskOrder,
    private readonly clock: Clock,
    private readonly onClosed: () => void,
  ) {}

  /** Whether a report would still count, now. Closes a task that is past a deadline. */
  isOpen(): boolean {
    if (!this.#closed && this.order.isWanted() && this.clock.now() >= this.#due()) this.#timeOut();
    return !this.#closed;
  }

  /** The lease: both clocks start. */
  start(workerName?: string): void {
    const now = this.clock.now();
    const { timeoutSeconds, heartbeatSeconds } = this.order;
    if (timeoutSeconds !== undefined) this.#deadline = now + timeoutSeconds * 1000;
    if (heartbeatSeconds !== undefined) this.#heartbeatDue = now + heartbeatSeconds * 1000;
    this.#arm();
    this.order.onStarted(workerName, now);
  }

  heartbeat(): void {
    const { heartbeatSeconds } = this.order;
    if (heartbeatSeconds !== undefined) this.#heartbeatDue = this.clock.now() + heartbeatSeconds * 1000;
  }

  settle(outcome: TaskOutcome, at: number = this.clock.now()): void {
    if (this.#closed) return;
    this.close();
    this.order.onSettled(outcome, at);
  }

  /** Takes the task back. Nobody is told. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelTimer?.();
    this.onClosed();
  }

  #due(): number {
    return Math.min(this.#deadline, this.#heartbeatDue);
  }

  /** A heartbeat only moves the instant; the timer looks again when it fires. */
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
