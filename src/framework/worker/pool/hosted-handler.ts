import { AsyncResource } from 'node:async_hooks';
import type { Clock } from '../../base/time/clock.js';
import { ABANDON_MS, type TaskAborted, type TaskContext } from '../../declare/task-context.js';
import type { CompiledHandler } from '../handler/compile.js';
import type { Checkpoints } from '../keep/checkpoints.js';
import type { HandlerEnd, Outcome } from '../../declare/outcome.js';
import { ownFailure, shutdownFailure } from '../handler/outcome/failure.js';
import { OWN_ERROR } from '../handler/outcome/own-errors.js';
import { withResolvers } from '../../base/time/wait.js';
import { HostNotStarted, type Pool, type PooledHost, showExit, type TaskListener } from './pool.js';
import { StoreError } from '../../base/store.js';
import { arbiterOf } from '../handler/current-task.js';
import type { Host, HostExit } from './host.js';
import { writeLine } from './log-line.js';
import type { Answer, FromTask } from './pool-messages.js';
import { exitData } from './program-exit.js';

/** The most threads or processes that are tried for one task, if each of them exits before the task has begun. */
const MOST_HOSTS = 3;

/**
 * Makes a handler whose tasks run in the threads or processes of a pool. It is called in the same way as a handler that
 * runs on the main thread.
 */
export function hostedHandler(pool: Pool, clock: Clock, checkpoints?: Checkpoints): CompiledHandler {
  return async (text, context, onEnd) => {
    for (let hosts = 0; hosts < MOST_HOSTS; hosts++) {
      let pooled: PooledHost;
      try {
        pooled = await pool.acquire(context.signal);
      } catch (error) {
        onEnd(failureToBegin(error));
        if (error instanceof HostNotStarted) await pool.backOff(context.signal);
        return;
      }
      const end = await new HostedRun(pooled, context, clock, checkpoints, onEnd).run(text);
      if (end === 'settled') pool.release(pooled);
      else pool.kill(pooled);
      if (end !== 'not-begun') return;
      // An idle host may exit at any time, even while a task is being sent to it.
      context.log.debug(`its ${pooled.host.kind} exited before the handler was called: another one runs it`);
    }
    onEnd(ownFailure(OWN_ERROR.handlerCrashed, NEVER_BEGUN));
  };
}

const NEVER_BEGUN = `the handler was not called: ${MOST_HOSTS} threads or processes exited, one after another, before it began`;

/** Makes the failure of a task for which no thread or process could be started, or whose signal aborted before that. */
function failureToBegin(error: unknown): Outcome {
  if (error instanceof HostNotStarted)
    return ownFailure(
      OWN_ERROR.handlerCrashed,
      `the handler's thread or process could not be started: ${error.message}`,
    );
  return shutdownFailure('the worker stopped, and the handler was not called any more');
}

/**
 * How a task has ended in its thread or process (the host).
 * - `settled`: the task has ended completely, so the host can take another task.
 * - `spent`: the host can't take another task, because it has exited or the task didn't end in time.
 * - `not-begun`: the host exited before the task began, so the task can run in another host.
 */
type RunEnd = 'settled' | 'spent' | 'not-begun';

/**
 * Runs one task in a thread or a process (the host). Passes on the aborts of the task's signals, and what the handler
 * does with its context. Ends when the host says that the task has ended, when the host exits, or 5 s after the task's
 * signal was aborted.
 */
class HostedRun implements TaskListener {
  /** The async context of the task. Messages about the task that the thread or process sends are handled in it. */
  readonly #task = new AsyncResource('stepwright:hosted-task');
  readonly #ended = withResolvers<RunEnd>();
  #hasBegun = false;
  #hasOutcome = false;

  constructor(
    private readonly pooled: PooledHost,
    private readonly context: TaskContext,
    private readonly clock: Clock,
    private readonly checkpoints: Checkpoints | undefined,
    private readonly onEnd: (end: HandlerEnd) => void,
  ) {}

  /**
   * Sends the task to the thread or process that runs it. Resolves when the task has ended there. Never rejects. If it
   * resolves to `not-begun`, the task has no outcome yet.
   * @param text the task's input
   */
  async run(text: string): Promise<RunEnd> {
    const pooled = this.pooled;
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
    else this.#task.runInAsyncScope(() => this.#finish(crashFailure(this.pooled.host.kind, exit), 'spent'));
  }

  #take(message: FromTask): void {
    if (message.kind === 'begun') this.#hasBegun = true;
    else if (message.kind === 'outcome') this.#decide(message.outcome);
    else if (message.kind === 'settled') {
      this.pooled.memoryMb = message.memoryMb;
      this.#finish(message.outcome ?? NO_OUTCOME, 'settled');
    } else if (message.kind === 'heartbeat') void this.#heartbeat(message.call);
    else if (message.kind === 'ask') void this.#ask(message);
    else if (message.kind === 'defer') void this.#defer(message);
    else if (message.kind === 'pause') this.context.pauseHandler(`${message.forMs}ms`, message.reason);
    else if (message.kind === 'checkpoint') this.checkpoints?.of(this.context)?.adopt(message.ref);
    else if (message.kind === 'progress') this.context.progress(message.fraction, message.message);
    else writeLine(this.context.log, message.line);
  }

  #sendTask(text: string): void {
    const { handler, token, activityArn, workerName, receivedAt } = this.context;
    const { scope } = arbiterOf(this.context);
    this.pooled.host.send({
      kind: 'task',
      handler,
      text,
      token,
      activityArn,
      workerName,
      scope,
      receivedAt: receivedAt.getTime(),
    });
  }

  /**
   * When one of the task's signals aborts, sends a message about that to the thread or process that runs the task.
   * @param over aborts when the task has ended
   */
  #passSignals(over: AbortSignal): void {
    const { signal, shuttingDown } = this.context;
    const once = { once: true, signal: over };
    const drain = (): void => this.pooled.host.send({ kind: 'drain' });
    if (shuttingDown.aborted) drain();
    else shuttingDown.addEventListener('abort', drain, once);
    const abort = (): void => this.#abort(over);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, once);
  }

  async #heartbeat(call: number): Promise<void> {
    const wanted = await this.context.heartbeat().then(
      () => 'wanted' as const,
      () => 'gone' as const,
    );
    this.#answer(call, { wanted });
  }

  async #ask({ call, about }: Extract<FromTask, { kind: 'ask' }>): Promise<void> {
    this.#answer(call, { wanted: await arbiterOf(this.context).ask(about) });
  }

  async #defer({ call, options }: Extract<FromTask, { kind: 'defer' }>): Promise<void> {
    try {
      await this.context.defer(options);
      this.#answer(call, {});
    } catch (thrown) {
      const { name, message } = thrown as Error;
      const kind = thrown instanceof StoreError ? { kind: thrown.kind } : {};
      this.#answer(call, { error: { name, message, ...kind } });
    }
  }

  #answer(call: number, answer: Answer): void {
    // Another task may be running there by now.
    if (this.pooled.listener === this) this.pooled.host.send({ kind: 'answer', call, ...answer });
  }

  #abort(over: AbortSignal): void {
    const { kind, message } = this.context.signal.reason as TaskAborted;
    this.pooled.host.send({ kind: 'abort', reason: kind, message });
    void this.clock.sleep(ABANDON_MS, over).then(() => {
      if (!over.aborted) this.#abandon();
    });
  }

  #abandon(): void {
    const { kind } = this.pooled.host;
    this.context.log.warn(
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
    this.onEnd(outcome);
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
