import type { Cancel, Clock } from '../../base/time/clock.js';
import type { TaskOrder, TaskOutcome } from '../asl/runtime/running-execution.js';

/** Who has a task, since when, and when it was last heard of. Instants are epoch milliseconds. */
export interface OpenLease {
  readonly workerName: string | undefined;
  readonly since: number;
  readonly beatAt: number | undefined;
  /** When it lapses, if nothing is heard; undefined where it never does. */
  readonly due: number | undefined;
}

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
  #lease: OpenLease | undefined;

  /** @param onClosed called once, when the token is worth nothing any more */
  constructor(
    /** What a report on the closed task is told: the activity's ARN, where there is one. */
    readonly subject: string,
    readonly token: string,
    readonly order: TaskOrder,
    private readonly clock: Clock,
    private readonly onClosed: () => void,
  ) {}

  /** Undefined until it is leased. */
  get lease(): OpenLease | undefined {
    const due = this.#due();
    return this.#lease && { ...this.#lease, due: due === Number.POSITIVE_INFINITY ? undefined : due };
  }

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
