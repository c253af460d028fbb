import { AsyncResource } from 'node:async_hooks';
import type { Clock } from '../../base/time/clock.js';
import { withResolvers } from '../../base/time/wait.js';
import type { Checkpoints } from '../keep/checkpoints.js';
import { ABANDON_MS, type TaskAborted, type TaskContext } from '../../declare/task-context.js';
import { StoreError } from '../../base/store.js';
import { arbiterOf } from '../handler/context/current-task.js';
import { ownFailure, shutdownFailure } from '../handler/outcome/failure.js';
import type { HandlerEnd, Outcome } from '../handler/outcome/outcome.js';
import { OWN_ERROR } from '../handler/outcome/own-error.js';
import type { Host, HostExit } from './host.js';
import { writeLine } from './log-line.js';
import type { FromTask, ToHost } from './pool-messages.js';
import { type HostListener, type PooledHost, showExit } from './pool.js';
import { exitData } from './program-exit.js';

/**
 * How a task has ended in its thread or process (the host).
 * - `settled`: the task has ended completely, so the host can take another task.
 * - `spent`: the host can't take another task, because it has exited or the task didn't end in time.
 * - `not-begun`: the host exited before the task began, so the task can run in another host.
 */
export type RunEnd = 'settled' | 'spent' | 'not-begun';

/** The parts of the worker that tasks in its threads and processes use. */
export interface HostedWorld {
  readonly clock: Clock;
  readonly checkpoints?: Checkpoints | undefined;
}

/**
 * Runs one task in a thread or a process (the host). It sends the aborts of the task's signals to the host, and
 * receives the task's heartbeats, progress, log lines and outcome from it. The run ends when the host says that the
 * task has ended completely, when the host exits, or 5 s after the task's signal was aborted.
 */
export class HostedRun implements HostListener {
  readonly #pooled: PooledHost;
  readonly #context: TaskContext;
  readonly #clock: Clock;
  readonly #onEnd: (end: HandlerEnd) => void;
  readonly #checkpoints: Checkpoints | undefined;
  /** The async context of the task. Messages about the task that the thread or process sends are handled in it. */
  readonly #task = new AsyncResource('stepwright:hosted-task');
  readonly #ended = withResolvers<RunEnd>();
  #hasBegun = false;
  #hasOutcome = false;

  constructor(
    pooled: PooledHost,
    context: TaskContext,
    { clock, checkpoints }: HostedWorld,
    onEnd: (end: HandlerEnd) => void,
  ) {
    this.#pooled = pooled;
    this.#context = context;
    this.#clock = clock;
    this.#checkpoints = checkpoints;
    this.#onEnd = onEnd;
  }

  /**
   * Sends the task to the thread or process that runs it. Resolves when the task has ended there. Never rejects. If it
   * resolves to `not-begun`, the task has no outcome yet.
   * @param text the task's input
   */
  async run(text: string): Promise<RunEnd> {
    const pooled = this.#pooled;
    const over = new AbortController();
    pooled.listener = this;
    pooled.tasks++;
    if (pooled.exit) this.onExit(pooled.exit);
    this.#sendTask(text);
    this.#passSignals(over.signal);
    try {
      return await this.#ended.promise;
    } finally {
      pooled.listener = undefined;
      over.abort();
    }
  }

  onMessage(message: FromTask): void {
    this.#task.runInAsyncScope(() => this.#take(message));
  }

  onExit(exit: HostExit): void {
    if (!this.#hasBegun && !this.#hasOutcome) this.#ended.resolve('not-begun');
    else this.#task.runInAsyncScope(() => this.#finish(crashFailure(this.#pooled.host.kind, exit), 'spent'));
  }

  #take(message: FromTask): void {
    if (message.kind === 'begun') this.#hasBegun = true;
    else if (message.kind === 'outcome') this.#decide(message.outcome);
    else if (message.kind === 'settled') {
      this.#pooled.memoryMb = message.memoryMb;
      this.#finish(message.outcome ?? NO_OUTCOME, 'settled');
    } else if (message.kind === 'heartbeat') void this.#heartbeat();
    else if (message.kind === 'ask') void this.#ask(message);
    else if (message.kind === 'defer') void this.#defer(message);
    else if (message.kind === 'pause') this.#context.pauseHandler(`${message.forMs}ms`, message.reason);
    else if (message.kind === 'checkpoint') this.#checkpoints?.adopt(this.#context, message.ref);
    else if (message.kind === 'progress') this.#context.progress(message.fraction, message.message);
    else writeLine(this.#context.log, message.line);
  }

  #sendTask(text: string): void {
    const { handler, token, activityArn, workerName, receivedAt } = this.#context;
    const { scope } = arbiterOf(this.#context);
    const lease = { handler, text, token, activityArn, workerName, scope, receivedAt: receivedAt.getTime() };
    this.#pooled.host.send({ kind: 'task', ...lease });
  }

  /**
   * When one of the task's signals aborts, sends a message about that to the thread or process that runs the task.
   * @param over aborts when the task has ended
   */
  #passSignals(over: AbortSignal): void {
    const { signal, shuttingDown } = this.#context;
    const once = { once: true, signal: over };
    const drain = (): void => this.#pooled.host.send({ kind: 'drain' });
    if (shuttingDown.aborted) drain();
    else shuttingDown.addEventListener('abort', drain, once);
    const abort = (): void => this.#abort(over);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, once);
  }

  async #heartbeat(): Promise<void> {
    const gone = await this.#context.heartbeat().then(
      () => false,
      () => true,
    );
    this.#answer({ kind: 'heartbeat-answer', gone });
  }

  async #ask({ call, about }: Extract<FromTask, { kind: 'ask' }>): Promise<void> {
    const wanted = await arbiterOf(this.#context).ask(about);
    this.#answer({ kind: 'asked', call, wanted });
  }

  async #defer({ call, options }: Extract<FromTask, { kind: 'defer' }>): Promise<void> {
    try {
      await this.#context.defer(options);
      this.#answer({ kind: 'deferred', call });
    } catch (thrown) {
      const { name, message } = thrown as Error;
      const kind = thrown instanceof StoreError ? { kind: thrown.kind } : {};
      this.#answer({ kind: 'deferred', call, error: { name, message, ...kind } });
    }
  }

  #answer(message: ToHost): void {
    // Another task may be running there by now.
    if (this.#pooled.listener === this) this.#pooled.host.send(message);
  }

  #abort(over: AbortSignal): void {
    const { kind, message } = this.#context.signal.reason as TaskAborted;
    this.#pooled.host.send({ kind: 'abort', reason: kind, message });
    void this.#clock.sleep(ABANDON_MS, over).then(() => {
      if (!over.aborted) this.#abandon();
    });
  }

  #abandon(): void {
    const { kind } = this.#pooled.host;
    this.#context.log.warn(
      `the handler did not end within ${ABANDON_MS / 1000} s of its signal: its ${kind} is ended, and its finally blocks do not run`,
    );
    this.#finish(
      shutdownFailure(
        `the worker stopped, and the handler did not end when its signal aborted: its ${kind} is ended`,
      ),
      'spent',
    );
  }

  /** Ends the task. @param otherwise the task's outcome, if the thread or process hasn't sent one */
  #finish(otherwise: HandlerEnd, end: RunEnd): void {
    this.#decide(otherwise);
    this.#ended.resolve(end);
  }

  #decide(outcome: HandlerEnd): void {
    if (this.#hasOutcome) return;
    this.#hasOutcome = true;
    this.#onEnd(outcome);
  }
}

/** Makes the failure of a task whose thread or process has exited while the task was running. */
function crashFailure(kind: Host['kind'], exit: HostExit): Outcome {
  const { error } = exit;
  const message = `the handler's ${kind} came to its end while it ran: ${showExit(exit)}`;
  const data = { ...exitData(exit), ...(error && { error: `${error.name}: ${error.message}` }) };
  return ownFailure(OWN_ERROR.handlerCrashed, message, data);
}

const NO_OUTCOME = ownFailure(OWN_ERROR.handlerCrashed, 'the handler settled without an outcome');
