import type { Cancel, Clock } from '../../../base/time/clock.js';
import type { TaskOrder } from '../../../asl/runtime/resource.js';
import type { TaskOutcome } from '../../../asl/runtime/state-failure.js';
import { errors } from '../service-error.js';
import { TaskNotes } from './task-notes.js';
import { Traffic } from './traffic.js';
import { TokenMint } from './task-token.js';

/** Says which worker has a task, since when, and until when. Times are epoch milliseconds. */
export interface OpenLease {
  readonly workerName: string | undefined;
  readonly since: number;
  /** The time of the last heartbeat; undefined if there was none. */
  readonly beatAt: number | undefined;
  /**
   * The time at which the task times out if the worker sends nothing until then. Undefined if the task never times out.
   */
  readonly due: number | undefined;
}

/**
 * A task whose token was issued, to a worker or to a called AWS service. It ends once, by a result, a failure or a
 * timeout. Nothing that is sent with its token is accepted from its deadline on, even if the timer hasn't fired yet.
 */
export class OpenTask {
  #closed = false;
  #cancelTimer: Cancel | undefined;
  #deadline = Number.POSITIVE_INFINITY;
  #heartbeatDue = Number.POSITIVE_INFINITY;
  #lease: OpenLease | undefined;
  #order: TaskOrder;

  constructor(
    /**
     * The text in the error TaskTimedOut that is sent in response to a SendTaskSuccess, SendTaskFailure or
     * SendTaskHeartbeat for this task after it has closed. For a task of an activity it is the activity's ARN.
     */
    readonly subject: string,
    readonly token: string,
    order: TaskOrder,
    private readonly table: TaskTable,
  ) {
    this.#order = order;
  }

  get order(): TaskOrder {
    return this.#order;
  }

  /** Says which worker has the task. Undefined until a worker has taken it. */
  get lease(): OpenLease | undefined {
    const due = this.#due();
    return (
      this.#lease && {
        ...this.#lease,
        due: due === Number.POSITIVE_INFINITY ? undefined : this.#onClock(due),
      }
    );
  }

  /**
   * Returns true while the task accepts a result, a failure or a heartbeat. If a deadline has passed, ends the task
   * with a timeout first.
   */
  isOpen(): boolean {
    if (!this.#closed && this.order.isWanted() && this.table.real.now() >= this.#due()) this.#timeOut();
    return !this.#closed;
  }

  /** Records that a worker has taken the task. Its timeouts run from now on. */
  start(workerName?: string): void {
    const { clock, real } = this.table;
    const [now, begun] = [clock.now(), real.now()];
    const { timeoutSeconds, heartbeatSeconds } = this.order;
    if (timeoutSeconds !== undefined) this.#deadline = begun + timeoutSeconds * 1000;
    if (heartbeatSeconds !== undefined) this.#heartbeatDue = begun + heartbeatSeconds * 1000;
    this.#lease = { workerName, since: now, beatAt: undefined, due: undefined };
    this.#arm();
    this.order.onStarted(workerName, now);
    this.table.notes.onStarted(this);
  }

  heartbeat(): void {
    const { heartbeatSeconds } = this.order;
    const now = this.table.clock.now();
    if (this.#lease) this.#lease = { ...this.#lease, beatAt: now };
    if (heartbeatSeconds !== undefined) this.#heartbeatDue = this.table.real.now() + heartbeatSeconds * 1000;
    this.table.notes.onHeartbeat(this, now);
  }

  settle(outcome: TaskOutcome, at: number = this.table.clock.now()): void {
    if (this.#closed) return;
    const order = this.#order;
    this.close();
    if (order.origin?.kind === 'activity' && this.#lease)
      this.table.traffic.ended(this.subject, at, this.#lease.since, failureOf(outcome));
    order.onSettled(outcome, at);
  }

  /**
   * Closes the task without an outcome, and drops its order: V8 keeps an outgrown table of a Map until it collects
   * all garbage, and the order would keep its whole execution.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#order = CLOSED;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.table.remove(this);
  }

  #due(): number {
    return Math.min(this.#deadline, this.#heartbeatDue);
  }

  /**
   * Sets the timer for the earliest deadline. A heartbeat moves the deadline but not the timer. If the timer fires
   * before the new deadline, it is set again.
   */
  #arm(): void {
    const due = this.#due();
    if (due === Number.POSITIVE_INFINITY) return;
    this.#cancelTimer = this.table.real.after(due - this.table.real.now(), () => {
      if (this.table.real.now() >= this.#due()) this.#timeOut();
      else this.#arm();
    });
  }

  #timeOut(): void {
    const missed = this.#deadline <= this.#heartbeatDue ? 'timeout' : 'heartbeat';
    this.settle({ kind: 'timedOut', missed }, this.#onClock(this.#due()));
  }

  /** Converts a real time to the time on the clock. */
  #onClock(at: number): number {
    const { clock, real } = this.table;
    return real === clock ? at : clock.now() + at - real.now();
  }
}

/** The order of a task that is closed. */
const CLOSED: TaskOrder = {
  input: '',
  timeoutSeconds: undefined,
  heartbeatSeconds: undefined,
  isWanted: () => false,
  onStarted: () => {},
  onSettled: () => {},
};

/** Returns the name of the error of a task that failed; undefined if it succeeded. */
function failureOf(outcome: TaskOutcome): string | undefined {
  if (outcome.kind === 'succeeded') return undefined;
  if (outcome.kind === 'failed') return outcome.error ?? '(no name)';
  return outcome.missed === 'heartbeat' ? 'States.HeartbeatTimeout' : 'States.Timeout';
}

/** The tasks whose tokens were issued and that haven't ended, by task token. */
export class TaskTable {
  readonly #open = new Map<string, OpenTask>();
  /** The log lines and the progress that workers send, and their heartbeats. */
  readonly notes = new TaskNotes();
  readonly traffic = new Traffic();

  constructor(
    readonly clock: Clock,
    private readonly mint = new TokenMint(),
    /** The real time, in which the deadlines of tasks run: workers keep real time. */
    readonly real: Clock = clock,
  ) {}

  [Symbol.iterator](): IterableIterator<OpenTask> {
    return this.#open.values();
  }

  /**
   * Creates a task with a new token.
   * @param subject the text in the error TaskTimedOut for a request with this token after the task has closed, such as
   * the activity's ARN
   */
  open(subject: string, order: TaskOrder): OpenTask {
    const token = this.mint.issue(subject);
    const task = new OpenTask(subject, token, order, this);
    this.#open.set(token, task);
    return task;
  }

  /** Called by a task when it is closed. */
  remove({ token }: OpenTask): void {
    this.#open.delete(token);
  }

  /**
   * Returns the task to which a token belongs, if it hasn't ended. `subject` is the text for the error TaskTimedOut
   * otherwise: the ARN of the activity that the token was issued for.
   * @throws ServiceError InvalidToken if this service never issued the token
   */
  lookUp(token: string): { subject: string; task: OpenTask | undefined } {
    const task = this.#open.get(token);
    if (task) return { subject: task.subject, task: task.isOpen() ? task : undefined };
    const subject = this.mint.subjectOf(token);
    if (subject === undefined) throw errors.invalidToken();
    return { subject, task: undefined };
  }
}
