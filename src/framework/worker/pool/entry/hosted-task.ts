import type { Clock } from '../../../base/time/clock.js';
import { type Deferred, deferred } from '../../../base/time/wait.js';
import { TaskAborted, type TaskContext } from '../../../declare/task-context.js';
import { AsyncTaskContext } from '../../handler/context/current-task.js';
import { TaskSignals } from '../../handler/context/task-signals.js';
import { type PauseRequest, readPause } from '../../task/pause-request.js';
import { Progress } from '../../task/progress.js';
import { remoteLog } from '../log-line.js';
import type { FromHost, HostedLease, ToHost } from '../pool-messages.js';

/** A pause that ends less than this after the one before changes nothing. */
const PAUSE_STEP_MS = 1_000;

/** The functions with which a task's messages and log lines are sent to the worker. */
export interface TaskOutput {
  readonly clock: Clock;
  readonly send: (message: FromHost) => void;
  readonly sendLine: (message: Extract<FromHost, { kind: 'log' | 'stray' }>) => void;
}

/**
 * A task in the thread or process in which its handler runs. When the handler uses the task's context, messages are
 * sent to the worker. However often it does, there are never more messages on the way than the worker can process.
 */
export class HostedTask {
  readonly context: TaskContext;
  readonly #send: (message: FromHost) => void;
  readonly #signals = new TaskSignals();
  readonly #inContext: AsyncTaskContext;
  readonly #progress: Progress;
  /**
   * Resolves when a heartbeat that was requested is answered: with true if the service no longer wants the task.
   * Undefined while no heartbeat is on its way.
   */
  #answer: Deferred<boolean> | undefined;
  /**
   * Settles when the last requested heartbeat is answered. If the handler requests another one before that, it gets
   * this promise.
   */
  #heartbeat: Promise<void> = Promise.resolve();
  /** The time until which this task has asked for a pause of its handler. */
  #pausedUntil = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(
    { handler, text, token, activityArn, workerName, receivedAt }: HostedLease,
    { clock, send, sendLine }: TaskOutput,
  ) {
    this.#send = send;
    this.#progress = new Progress({
      clock,
      emit: ({ fraction, message }) => send({ kind: 'progress', fraction, message }),
      outside: (fn) => fn(),
    });
    this.context = {
      signal: this.#signals.signal,
      shuttingDown: this.#signals.shuttingDown,
      heartbeat: () => this.#sendHeartbeat(),
      progress: (fraction, message) => this.#progress.update(fraction, message),
      pauseHandler: (duration, reason) => this.#pause(readPause(duration, reason), clock.now()),
      log: remoteLog((line) =>
        sendLine(this.#closed ? { kind: 'stray', line, token } : { kind: 'log', line }),
      ),
      ...{ handler, activityArn, workerName, token },
      rawInput: text,
      receivedAt: new Date(receivedAt),
    };
    this.#inContext = new AsyncTaskContext(this.context);
  }

  onMessage(message: Extract<ToHost, { kind: 'abort' | 'drain' | 'heartbeat-answer' }>): void {
    if (message.kind === 'heartbeat-answer') this.#onAnswer(message.gone);
    else if (message.kind === 'drain') this.#inContext.run(() => this.#signals.drain());
    else this.#inContext.run(() => this.#signals.abort(message.reason, message.message));
  }

  /** Ends the task, because its handler has settled. Code that is still running belongs to no task any more. */
  close(): void {
    this.#closed = true;
    this.#inContext.close();
    this.#progress.end();
    this.#onAnswer(false);
  }

  #pause({ forMs, reason }: PauseRequest, now: number): void {
    if (this.#closed || now + forMs < this.#pausedUntil + PAUSE_STEP_MS) return;
    this.#pausedUntil = now + forMs;
    this.#send({ kind: 'pause', forMs, reason });
  }

  #sendHeartbeat(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    if (this.#answer) return this.#heartbeat;
    this.#answer = deferred<boolean>();
    this.#heartbeat = this.#isStillWanted(this.#answer.promise);
    // If the handler doesn't await it, the signal tells it that the task is gone.
    this.#heartbeat.catch(() => {});
    this.#send({ kind: 'heartbeat' });
    return this.#heartbeat;
  }

  /**
   * Waits for the answer to a heartbeat.
   * @throws the reason of the task's signal if the service no longer wants the task
   */
  async #isStillWanted(answer: Promise<boolean>): Promise<void> {
    if (await answer)
      throw this.#signals.aborted ?? new TaskAborted('gone', 'the service no longer wants this task');
  }

  #onAnswer(gone: boolean): void {
    this.#answer?.resolve(gone);
    this.#answer = undefined;
  }
}
