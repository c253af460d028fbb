import type { Clock } from '../../../base/time/clock.js';
import { withResolvers } from '../../../base/time/wait.js';
import { NO_CHECKPOINT } from '../../../declare/checkpoint.js';
import { StoreError } from '../../../base/store.js';
import { Deferral, DeferredIdTaken, TaskAborted, type TaskContext } from '../../../declare/task-context.js';
import type { AskedTask, Wanted } from '../../keep/record.js';
import { AsyncTaskContext } from '../../handler/current-task.js';
import {
  TaskSignals,
  type PauseRequest,
  readPause,
  type LateUse,
  logLateUse,
  unawaited,
} from '../../task/context.js';
import { readDeferOptions } from '../../task/deferral.js';
import type { Checkpoints } from '../../keep/checkpoints.js';
import { Progress } from '../../task/progress.js';
import { remoteLog } from '../log-line.js';
import type { Answer, FromHost, SentTask, PlainError, ToHost } from '../pool-messages.js';

/**
 * If a handler requests a pause that ends less than this after the pause that it requested before, the request isn't
 * sent to the worker. So a handler that requests pauses in a loop sends few messages.
 */
const PAUSE_STEP_MS = 1_000;

type ToTask = Extract<ToHost, { kind: 'abort' | 'drain' | 'answer' }>;

const ENDED: PlainError = { name: 'Error', message: 'the task has ended' };

/** The functions that a task in a thread or process uses to send messages and log lines to the worker. */
export interface TaskOutput {
  readonly clock: Clock;
  readonly send: (message: FromHost) => void;
  readonly sendLine: (message: Extract<FromHost, { kind: 'log' | 'stray' }>) => void;
}

/**
 * A task inside the thread or process of a pool that runs its handler. What the handler does with the task's context is
 * sent to the worker, in a limited number of messages.
 */
export class HostedTask {
  readonly context: TaskContext;
  readonly #signals = new TaskSignals();
  readonly #inContext: AsyncTaskContext;
  readonly #progress: Progress;
  /**
   * Settles when the result of the requested heartbeat has arrived. If the handler requests another heartbeat before
   * that, it gets this promise again. Undefined while no heartbeat is requested.
   */
  #heartbeat: Promise<void> | undefined;
  /** The end of the longest pause of its handler that this task has requested. */
  #pausedUntil = Number.NEGATIVE_INFINITY;
  #closed = false;
  #isDeferred = false;
  /** What resolves the calls that the worker has not answered. */
  readonly #calls = new Map<number, (answer: Answer) => void>();
  #lastCall = 0;

  constructor(
    { handler, text, token, activityArn, workerName, receivedAt, scope }: SentTask,
    private readonly output: TaskOutput,
    checkpoints?: Checkpoints,
  ) {
    const { clock, send, sendLine } = output;
    this.#progress = new Progress({
      clock,
      emit: ({ fraction, message }) => send({ kind: 'progress', fraction, message }),
      outside: (fn) => fn(),
    });
    this.context = {
      signal: this.#signals.signal,
      shuttingDown: this.#signals.shuttingDown,
      heartbeat: () => this.#sendHeartbeat(),
      progress: (fraction, message) => {
        this.#onUse('progress');
        this.#progress.update(fraction, message);
      },
      pauseHandler: (duration, reason) => this.#pause(readPause(duration, reason), clock.now()),
      defer: (options) => this.#defer(token, options),
      log: remoteLog((line) =>
        sendLine(this.#closed ? { kind: 'stray', line, token } : { kind: 'log', line }),
      ),
      checkpoint: checkpoints ? checkpoints.make((ref) => send({ kind: 'checkpoint', ref })) : NO_CHECKPOINT,
      handler,
      activityArn,
      workerName,
      token,
      rawInput: text,
      receivedAt: new Date(receivedAt),
    };
    this.#inContext = new AsyncTaskContext(this.context, {
      scope,
      ask: (task) => this.#ask(task),
      isDeferred: () => this.#isDeferred,
      aborted: () => this.#signals.aborted,
    });
  }

  onMessage(message: ToTask): void {
    if (message.kind === 'answer') this.#answered(message.call, message);
    else if (message.kind === 'drain') this.#inContext.run(() => this.#signals.drain());
    else this.#inContext.run(() => this.#signals.abort(message.reason, message.message));
  }

  /**
   * Ends the task, because its handler has ended. If some of the handler's code is still running, its log lines no
   * longer count as the task's.
   */
  close(): void {
    this.#closed = true;
    this.#inContext.close();
    this.#progress.end();
    for (const call of this.#calls.keys()) this.#answered(call, { error: ENDED });
  }

  async #ask(about: AskedTask): Promise<Wanted> {
    const { wanted = 'unknown' } = await this.#call((call) => ({ kind: 'ask', call, about }));
    return wanted;
  }

  async #defer(token: string, given: unknown): Promise<Deferral> {
    const options = readDeferOptions(given);
    const { error } = await this.#call((call) => ({ kind: 'defer', call, options }));
    if (error) throw this.#signals.aborted ?? errorOf(error);
    this.#isDeferred = true;
    return new Deferral(token, options?.id);
  }

  /** Sends a message that the worker answers, and waits for the answer. */
  #call(make: (call: number) => FromHost): Promise<Answer> {
    const call = ++this.#lastCall;
    const answer = withResolvers<Answer>();
    this.#calls.set(call, answer.resolve);
    if (this.#closed) this.#answered(call, { error: ENDED });
    else this.output.send(make(call));
    return answer.promise;
  }

  #answered(call: number, answer: Answer): void {
    this.#calls.get(call)?.(answer);
    this.#calls.delete(call);
  }

  #pause({ forMs, reason }: PauseRequest, now: number): void {
    if (this.#closed || now + forMs < this.#pausedUntil + PAUSE_STEP_MS) return;
    this.#pausedUntil = now + forMs;
    this.output.send({ kind: 'pause', forMs, reason });
  }

  /** Called when code of the handler uses the task. Logs it if the handler has ended before. */
  #onUse(use: LateUse): void {
    const { handler, log } = this.context;
    if (this.#closed) logLateUse(this.output, { handler, use, log: () => log });
  }

  #sendHeartbeat(): Promise<void> {
    this.#onUse('heartbeat');
    if (this.#closed) return Promise.resolve();
    return (this.#heartbeat ??= unawaited(this.#beat()));
  }

  /** Waits for the result of a heartbeat. @throws TaskAborted if the service no longer wants the task */
  async #beat(): Promise<void> {
    const { wanted } = await this.#call((call) => ({ kind: 'heartbeat', call }));
    this.#heartbeat = undefined;
    if (wanted === 'gone')
      throw this.#signals.aborted ?? new TaskAborted('gone', 'the service no longer wants this task');
  }
}

function errorOf({ name, message, kind }: PlainError): Error {
  if (kind) return new StoreError(kind, message);
  return name === 'DeferredIdTaken' ? new DeferredIdTaken(message) : new TypeError(message);
}
