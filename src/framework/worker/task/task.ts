import type { Linked } from '../../base/collections.js';
import { limitCallAfter } from '../../base/time/call-limit.js';
import { turn } from '../../base/time/turn.js';
import { NO_CHECKPOINT } from '../../declare/checkpoint.js';
import {
  ABANDON_MS,
  type AbortKind,
  type Deferral,
  TaskAborted,
  type TaskContext,
} from '../../declare/task-context.js';
import type { CompiledHandler } from '../handler/compile.js';
import { AsyncTaskContext } from '../handler/current-task.js';
import {
  TaskSignals,
  type PauseRequest,
  readPause,
  taskContext,
  unawaited,
  type LateUse,
  logLateUse,
} from './context.js';
import { type Deferrals, openDeferral } from './deferral.js';
import {
  afterShutdown,
  deadlineMessage,
  failureOf,
  ownFailure,
  shutdownFailure,
  isThrown,
} from '../handler/outcome/failure.js';
import type { HandlerEnd, Outcome } from '../../declare/outcome.js';
import { OWN_ERROR } from '../handler/outcome/own-errors.js';
import type { Logger } from '../../base/log/log.js';
import type { Ask, Wanted, CheckpointRef, KeptOutcome } from '../keep/record.js';
import { sendKept, type TaskOutbox } from './kept-report.js';
import type { TaskPhase } from '../../base/worker-status.js';
import type { Emit, EventName, TaskProgress, TaskRef, WorkerEvents } from '../../declare/worker-events.js';
import type { ReceivedTask, TaskTrace, TaskTracing } from './received-task.js';
import type { Heartbeat, Heartbeats } from '../heartbeat/heartbeats.js';
import type { Checkpoints } from '../keep/checkpoints.js';
import { Progress } from './progress.js';
import { Report, type ReportEnd, type ReportRetry, type ReportRoute } from './report.js';
import { tokenHash } from '../../base/show.js';
import { within } from '../../base/time/wait.js';

/** The parts of a handler that its tasks use. */
export interface TaskHandler {
  readonly name: string;
  readonly activityArn: string;
  readonly handle: CompiledHandler;
  readonly heartbeatMs: number | false;
  readonly timeoutMs: number | false;
  /** The checkpoints of the handler's tasks. @default none: the option `checkpoint` is off */
  readonly checkpoints?: Checkpoints | undefined;
}

/** The parts of a worker that its tasks use. */
export interface TaskRuntime extends ReportRoute {
  readonly heartbeats: Heartbeats;
  readonly log: Logger;
  readonly emit: Emit;
  readonly workerName: string;
  /** Makes a trace (such as an OpenTelemetry span) for each task. @default tasks aren't traced */
  readonly tracing?: TaskTracing;
  /**
   * Runs a function in the async context of the worker instead of the task's. Used when a handler calls into the
   * worker, such as for a heartbeat, so that what this starts doesn't belong to the task.
   */
  readonly outside: <T>(fn: () => T) => T;
  /** Pauses the task's handler: the worker receives no tasks for it for a while. */
  readonly pauseHandler: (pause: PauseRequest) => void;
  /** Where the handler's tasks come from. */
  readonly scope: string;
  /** Asks the service about another task. */
  readonly ask: Ask;
  /** Writes deferred tasks under their ids. @default the config has no store for that */
  readonly deferrals?: Deferrals | undefined;
  /** Keeps outcomes until the service has accepted them. @default an outcome dies with its worker */
  readonly outbox?: TaskOutbox | undefined;
}

/**
 * The decision how a task ends: with an outcome that is reported, with a deferral or, if the service no longer wants the
 * task, with no report.
 */
type Decision = HandlerEnd | { readonly status: 'gone'; readonly error: Error };

/** The end of a task for this worker. A deferred task is ended later, by somebody else. */
type TaskEnd = ReportEnd | { readonly kind: 'deferred' };

/** If a handler is still running this long after its signal was aborted, `task:ignored-abort` is emitted. */
const IGNORED_ABORT_MS = 30_000;
/**
 * If the process was blocked or stopped, a task is handled only after a heartbeat has shown that the service still
 * wants it. If that heartbeat gets no response for this long, the handler is called nevertheless.
 */
const STILL_WANTED_MS = 2_000;
/** The longest wait for the answer to whether the service wants a task. */
const ASKED_MS = 5_000;
/** The time between two attempts to learn that. */
const ASKED_AGAIN_MS = 1_000;

/**
 * Handles one task from its receipt to its end. How it ends is decided once, by what comes first: the handler's end, the
 * deadline, the worker's stop, or the service, which no longer wants it. That is reported at once, even while the
 * handler still runs. Heartbeats continue until the report has ended.
 */
export class Task implements Linked<Task> {
  readonly context: TaskContext;
  /** Resolves when the handler, the report and the cleanup are all done. Undefined only for a moment, while it begins. */
  ended: Promise<void> | undefined;
  previous: Task | undefined;
  next: Task | undefined;
  /**
   * The fields that name the task in events. Events of every task list them instead of copying the object by `...`,
   * for which V8 makes a hidden class each time.
   */
  readonly #ref: TaskRef;
  readonly #inContext: AsyncTaskContext;
  readonly #signals = new TaskSignals();
  /** Undefined until the handler reports progress. */
  #progress: Progress | undefined;
  #onReleased: (() => void) | undefined;
  #onSettled: (() => void) | undefined;
  #decision: Decision | undefined;
  #onDecision: ((decision: Decision) => void) | undefined;
  /** The error by which the service said that it no longer wants the task. */
  #gone: Error | undefined;
  #heartbeat: Heartbeat | undefined;
  /**
   * Settles when the heartbeat that the handler has requested is answered. Undefined while it has requested none. If it
   * requests another one before that, it gets this promise again: a loop of requests doesn't fill the memory.
   */
  #answer: Promise<void> | undefined;
  readonly #report: Report;
  #handlerSettled = false;
  /**
   * The time at which the task's slot became free, because the handler has ended or the worker has stopped waiting for
   * it; undefined before that.
   */
  #settledAt: number | undefined;
  #decidedAt = 0;
  /** Set once the handler has deferred the task: nothing that it does is reported any more, but an error. */
  #deferral: Deferral | undefined;
  readonly #trace: TaskTrace | undefined;
  #retries = 0;
  #phase: TaskPhase = 'handling';
  readonly #timers: (() => void)[] = [];

  constructor(
    readonly received: ReceivedTask,
    private readonly handler: TaskHandler,
    private readonly runtime: TaskRuntime,
  ) {
    this.#ref = { handler: handler.name, activityArn: handler.activityArn, token: received.token };
    this.#trace = runtime.tracing?.traces?.begin(received, this.#ref);
    const { outside } = runtime;
    this.#report = new Report(received.token, runtime, (retry) => this.#onRetry(retry));
    this.context = this.#makeContext();
    const ask: Ask = (task) => (task.token === received.token ? this.#askAboutThis() : runtime.ask(task));
    this.#inContext = new AsyncTaskContext(this.context, {
      scope: runtime.scope,
      ask: (task) => outside(() => ask(task)),
      isDeferred: () => this.#deferral !== undefined,
      aborted: () => this.#signals.aborted,
    });
  }

  get phase(): TaskPhase {
    return this.#phase;
  }

  /** The time, in epoch milliseconds, at which the last accepted heartbeat was sent; undefined before the first. */
  get lastHeartbeatAt(): number | undefined {
    return this.#heartbeat?.lastAt;
  }

  /** The progress that the handler last reported; undefined if it has reported none. */
  get progress(): TaskProgress | undefined {
    return this.#progress?.latest;
  }

  /** True while the handler is still running although its signal was aborted. */
  get runsAborted(): boolean {
    return this.#signals.aborted !== undefined && !this.#handlerSettled;
  }

  /**
   * Handles the task and reports its outcome. Resolves when the handler and the report have both ended. Never rejects.
   * @param onSettled called once, when the handler has ended or the worker stops waiting for it, so that another task
   * may take its place
   * @param isRefused true if the handler isn't called and `Stepwright.WorkerShutdown` is reported, because the task
   * arrived after the worker was told to stop
   */
  async run(onSettled?: () => void, isRefused = false): Promise<void> {
    // All that every task awaits is awaited here, since each promise costs a task much.
    this.#onSettled = onSettled;
    this.#begin();
    if (isRefused) {
      this.#settle();
      this.#decide(shutdownFailure('the worker stops and takes no new task'));
    } else void this.#handle();
    const decision = this.#decision ?? (await new Promise<Decision>((decide) => (this.#onDecision = decide)));
    this.#phase = 'reporting';
    const end = await this.#deliver(decision);
    this.#heartbeat?.release();
    if (end.kind === 'gone') this.#onGone(end.error);
    this.#emitEnd(end);
    this.#phase = 'settling';
    if (this.#settledAt === undefined) await new Promise<void>((resolve) => (this.#onReleased = resolve));
    for (const cancel of this.#timers) cancel();
    this.#inContext.close();
    this.#phase = 'done';
  }

  /**
   * Aborts the task's signal `shuttingDown`, because the worker was told to stop.
   * @param reportBy the time at which the task's report is given up, in epoch milliseconds
   */
  beginDrain(reportBy: number): void {
    this.#report.endBy(reportBy);
    this.#inContext.run(() => this.#signals.drain());
  }

  /**
   * Aborts the task's signal, because the grace period (the time that running tasks get when the worker stops) is over.
   * If the handler hasn't ended 5 s later, the worker stops waiting for it.
   */
  shutDown(): void {
    if (this.#handlerSettled) return;
    this.#abort('shutdown', 'the worker stops and its grace is over');
    this.#timer(ABANDON_MS, () => this.#abandon());
  }

  #makeContext(): TaskContext {
    const { token, input, receivedAt } = this.received;
    const { name, activityArn, checkpoints } = this.handler;
    const { workerName, outside } = this.runtime;
    let log: Logger | undefined;
    return taskContext(
      {
        handler: name,
        activityArn,
        workerName,
        token,
        rawInput: input,
        receivedAt: new Date(receivedAt),
        checkpoint: checkpoints ? checkpoints.make() : NO_CHECKPOINT,
        heartbeat: () => {
          this.#onUse('heartbeat');
          return (this.#answer ??= unawaited(outside(() => this.#heartbeatNow())));
        },
        progress: (fraction, message) => {
          this.#onUse('progress');
          this.#reportProgress(fraction, message);
        },
        defer: (options) => outside(() => this.#defer(options)),
        pauseHandler: (duration, reason) => {
          const pause = readPause(duration, reason);
          outside(() => this.runtime.pauseHandler(pause));
        },
      },
      {
        signal: () => this.#signals.signal,
        shuttingDown: () => this.#signals.shuttingDown,
        log: () => {
          this.#onUse('log');
          return (log ??= this.runtime.log.child({
            handler: name,
            activity: activityArn,
            task: tokenHash(token),
            ...this.#trace?.logFields,
          }));
        },
      },
    );
  }

  /** Called when code of the handler uses the task. Logs it if the handler has ended before. */
  #onUse(use: LateUse): void {
    if (!this.#handlerSettled) return;
    logLateUse(this.runtime, { handler: this.handler.name, use, log: () => this.context.log });
  }

  #begin(): void {
    const { heartbeatMs, timeoutMs } = this.handler;
    const { port, heartbeats, clock } = this.runtime;
    const { token, receivedAt, unreadSince } = this.received;
    const { handler, activityArn } = this.#ref;
    this.#emit('task:received', { handler, activityArn, token, receivedAt: new Date(receivedAt) });
    this.#heartbeat = heartbeats.track({
      port,
      token,
      everyMs: heartbeatMs === false ? Number.POSITIVE_INFINITY : heartbeatMs,
      leasedAt: unreadSince ?? receivedAt,
      onGone: (error) => this.#onGone(error),
    });
    if (timeoutMs !== false)
      // If the process stood still meanwhile, a result that came in time is read before the deadline counts.
      this.#timers.push(
        limitCallAfter(clock, receivedAt + timeoutMs - clock.now(), () => this.#onDeadline(timeoutMs)),
      );
  }

  async #handle(): Promise<void> {
    const decide = (end: HandlerEnd): void => {
      const { aborted } = this.#signals;
      if (this.#deferral && (aborted || !isThrown(end))) this.#decide({ status: 'deferred' });
      else this.#decide(aborted?.kind === 'shutdown' && end.status !== 'deferred' ? afterShutdown(end) : end);
    };
    // Because of this await, the poller sends its next poll before the handler runs, which may block.
    await this.#heartbeat?.known;
    if (this.received.unreadSince === undefined || (await this.#mayBegin())) {
      const { handle } = this.handler;
      const { input } = this.received;
      try {
        await (this.#trace
          ? this.#trace.run(() => handle(input, this.context, decide))
          : handle(input, this.context, decide));
      } catch (error) {
        // A compiled handler never rejects; if one did, the task would have no end.
        decide(failureOf(error, { handler: this.handler.name, warn: () => {} }));
      }
    }
    this.#settle();
  }

  /**
   * Sends a heartbeat for a task that may have timed out while it waited unread. Resolves to true if the handler is to
   * be called, also if the heartbeat gets no response.
   */
  async #mayBegin(): Promise<boolean> {
    if (this.#heartbeat) await within(this.runtime.clock, STILL_WANTED_MS, this.#heartbeat.now());
    return this.#gone === undefined && this.#decision === undefined;
  }

  /** Finds out if the service still wants this task: by a heartbeat that is sent after this call, and answered. */
  async #askAboutThis(): Promise<Wanted> {
    const { clock } = this.runtime;
    const since = clock.now();
    for (;;) {
      if (this.#heartbeat) await within(clock, ASKED_MS, this.#heartbeat.now());
      if (this.#gone) return 'gone';
      if ((this.#heartbeat?.lastAt ?? Number.NEGATIVE_INFINITY) >= since) return 'wanted';
      if (clock.now() - since >= ASKED_MS || this.context.signal.aborted) return 'unknown';
      // Shortly after a heartbeat no other is sent.
      await clock.sleep(ASKED_AGAIN_MS, this.context.signal);
    }
  }

  /** Records that the handler has ended, or won't be called. */
  #settle(): void {
    this.#handlerSettled = true;
    this.#releaseSlot();
    this.#inContext.close();
  }

  /** Lets the task's slot become free for another task. */
  #releaseSlot(): void {
    if (this.#settledAt !== undefined) return;
    const { handler, activityArn, token } = this.#ref;
    this.#settledAt = this.runtime.clock.now();
    const handlerMs = this.#settledAt - this.received.receivedAt;
    this.#emit('task:settled', { handler, activityArn, token, handlerMs });
    this.#onReleased?.();
    this.#onSettled?.();
    this.#onSettled = undefined;
  }

  #onDeadline(timeoutMs: number): void {
    const message = deadlineMessage(timeoutMs);
    if (this.#decide(this.#orDeferred(ownFailure(OWN_ERROR.deadlineExceeded, message))))
      this.#abort('deadline', message);
  }

  #onGone(error: Error): void {
    this.#gone = error;
    this.#report.cancel(error);
    this.#decide({ status: 'gone', error });
    this.#abort('gone', `the service no longer wants this task: ${error.message}`);
  }

  #abandon(): void {
    if (this.#handlerSettled) return;
    this.#emitIgnored(ABANDON_MS, true);
    const failure = shutdownFailure('the worker stopped and the handler did not end when its signal aborted');
    this.#decide(this.#orDeferred(failure));
    this.#releaseSlot();
  }

  #abort(kind: AbortKind, message: string): void {
    if (this.#handlerSettled || this.#signals.aborted) return;
    this.#inContext.run(() => this.#signals.abort(kind, message));
    if (kind !== 'shutdown') this.#timer(IGNORED_ABORT_MS, () => this.#emitIgnored(IGNORED_ABORT_MS, false));
  }

  #emitIgnored(afterMs: number, abandoned: boolean): void {
    if (this.#handlerSettled) return;
    this.#emit('task:ignored-abort', { ...this.#ref, afterMs, abandoned });
  }

  /** Decides how the task ends, unless that was decided before. @returns true if it wasn't decided before */
  #decide(decision: Decision): boolean {
    if (this.#decision) return false;
    this.#decision = decision;
    this.#decidedAt = this.runtime.clock.now();
    this.#onDecision?.(decision);
    return true;
  }

  /** The checkpoint that the task has taken; undefined if it has taken none. */
  get #checkpoint(): CheckpointRef | undefined {
    return this.handler.checkpoints?.of(this.context)?.ref;
  }

  #orDeferred(outcome: Outcome): HandlerEnd {
    return this.#deferral ? { status: 'deferred' } : outcome;
  }

  /** @throws as {@link openDeferral}; the signal's reason if the task has ended meanwhile */
  async #defer(given: unknown): Promise<Deferral> {
    const { deferrals } = this.runtime;
    const task = { ...this.#ref, checkpoint: this.#checkpoint };
    const deferral = await openDeferral(given, task, deferrals, this.context.signal);
    if (!this.#decision) return (this.#deferral = deferral);
    if (deferral.id !== undefined) void deferrals?.drop(deferral.id, task.token);
    throw this.#signals.aborted ?? new TaskAborted('gone', 'the task has ended before it was deferred');
  }

  /** Reports the task's outcome, unless it is gone or deferred. */
  #deliver(decision: Decision): Promise<TaskEnd> | TaskEnd {
    if (decision.status === 'gone') return { kind: 'gone', probablyDelivered: false, error: decision.error };
    if (decision.status === 'deferred') return { kind: 'deferred' };
    if (this.#deferral) return this.#failDeferred(this.#deferral, decision);
    return this.runtime.outbox ? this.#sendKept(this.runtime.outbox, decision) : this.#report.send(decision);
  }

  /** Fails a deferred task, because its handler has thrown, unless somebody was first to complete it. */
  async #failDeferred({ id }: Deferral, failure: Outcome): Promise<TaskEnd> {
    const { deferrals, outbox, outside } = this.runtime;
    const token = this.received.token;
    const close = (told?: 'accepted' | 'gone'): Promise<boolean> | undefined =>
      id === undefined ? undefined : outside(() => deferrals?.close(id, token, failure, told));
    if ((await close()) === false) return { kind: 'deferred' };
    const end = await (outbox ? this.#sendKept(outbox, failure) : this.#report.send(failure));
    this.#heartbeat?.release();
    if (end.kind !== 'lost') await close(end.kind);
    return end;
  }

  #sendKept(outbox: TaskOutbox, outcome: Outcome): Promise<ReportEnd> {
    const { outside, scope, clock } = this.runtime;
    const { name: handler, activityArn, heartbeatMs } = this.handler;
    const kept: KeptOutcome = {
      token: this.received.token,
      handler,
      activityArn,
      scope,
      heartbeatMs,
      checkpoint: this.#checkpoint,
      decidedAt: clock.date(),
      outcome,
    };
    return outside(() => sendKept(kept, this.#report, outbox, () => this.#heartbeat?.release()));
  }

  #onRetry(retry: ReportRetry): void {
    this.#retries++;
    this.#emit('report:retried', { ...this.#ref, ...retry });
  }

  #emitEnd(end: TaskEnd): void {
    this.#progress?.end();
    const now = this.runtime.clock.now();
    if (this.#trace) this.#endTrace(this.#trace, end, now);
    const { handler, activityArn, token } = this.#ref;
    const durationMs = now - this.received.receivedAt;
    const reported = { handler, activityArn, token, durationMs, reportMs: now - this.#decidedAt };
    if (end.kind === 'gone') {
      const { probablyDelivered, error } = end;
      this.#emit('task:gone', { handler, activityArn, token, durationMs, probablyDelivered, error });
    } else if (end.kind === 'lost') {
      const { attempts, outcome, error, isKept: kept = false } = end;
      this.#emit('report:lost', { ...reported, attempts, outcome, error, kept });
    } else if (end.kind === 'deferred') {
      this.#emit('task:deferred', { ...reported, id: this.#deferral?.id });
    } else if (end.outcome.status === 'failed') {
      const { error, cause } = end.outcome;
      this.#emit('task:failed', { ...reported, error, cause });
    } else {
      const { checkpoints } = this.handler;
      if (checkpoints && this.#checkpoint) checkpoints.accepted(this.#checkpoint);
      this.#emit('task:succeeded', reported);
    }
  }

  #endTrace(trace: TaskTrace, end: TaskEnd, at: number): void {
    const status = this.#decision?.status;
    trace.ended({
      outcome: end.kind === 'accepted' ? end.outcome.status : end.kind,
      error: 'outcome' in end && end.outcome.status === 'failed' ? end.outcome.error : undefined,
      // If the decision is that the task is gone or deferred, nothing was reported.
      decidedAt: status === 'gone' || status === 'deferred' ? undefined : this.#decidedAt,
      retries: this.#retries,
      at,
    });
  }

  async #heartbeatNow(): Promise<void> {
    await this.#heartbeat?.now();
    // Without this, a handler that awaits heartbeats in a loop would block the event loop, and with it those
    // heartbeats.
    await turn.share();
    this.#answer = undefined;
    if (!this.#gone) return;
    throw this.#signals.aborted ?? new TaskAborted('gone', 'the service no longer wants this task');
  }

  #reportProgress(fraction: number | undefined, message: string | undefined): void {
    if (this.#phase === 'settling' || this.#phase === 'done') return;
    const { clock, outside } = this.runtime;
    this.#progress ??= new Progress({
      clock,
      outside,
      emit: (latest) => this.#emit('task:progress', { ...this.#ref, ...latest }),
    });
    this.#progress.update(fraction, message);
  }

  #timer(ms: number, fn: () => void): void {
    this.#timers.push(this.runtime.clock.after(ms, fn));
  }

  #emit<K extends EventName>(event: K, payload: WorkerEvents[K]): void {
    this.#inContext.run(this.runtime.emit, event, payload);
  }
}
