import { turn } from '../../base/time/turn.js';
import { ABANDON_MS, TaskAborted, type AbortKind, type TaskContext } from '../../declare/task-context.js';
import type { CompiledHandler } from '../handler/compile.js';
import { AsyncTaskContext } from '../handler/context/current-task.js';
import { failureOf, ownFailure, shutdownFailure } from '../handler/outcome/failure.js';
import type { Outcome } from '../handler/outcome/outcome.js';
import { OWN_ERROR } from '../handler/outcome/own-error.js';
import { TaskSignals } from '../handler/context/task-signals.js';
import type { Logger } from '../../base/log/log.js';
import type { TaskPhase } from '../../base/worker-status.js';
import type { EmitTask, TaskRef } from './events.js';
import type { Heartbeat, Heartbeats } from '../heartbeat/heartbeats.js';
import { Progress, type TaskProgress } from './progress.js';
import { Report, type ReportEnd, type ReportRetry, type ReportWorld } from './report.js';
import { taskContext } from './context.js';
import { tokenHash } from '../../base/token-hash.js';
import type { TaskTrace, TaskTracing } from './tracing.js';
import { deferred, within } from '../../base/time/wait.js';

/** A token and its input, as they arrived. */
export interface Lease {
  readonly token: string;
  readonly input: string;
  /** Epoch milliseconds. */
  readonly receivedAt: number;
  /** When its poll was sent, where that is known. */
  readonly polledAt?: number;
  /**
   * Set where the process stood still before it arrived: how old the lease may be, in epoch milliseconds. It is beaten,
   * and the answer waited for, before its handler is called.
   */
  readonly heldBackSince?: number;
}

/** What a task needs to know of its handler. */
export interface TaskHandler {
  readonly name: string;
  readonly activityArn: string;
  readonly handle: CompiledHandler;
  readonly heartbeatMs: number | false;
  readonly timeoutMs: number | false;
}

/** What a task is given by its worker. */
export interface TaskWorld extends ReportWorld {
  readonly heartbeats: Heartbeats;
  readonly log: Logger;
  readonly emit: EmitTask;
  readonly workerName: string;
  /** @default nobody listens */
  readonly tracing?: TaskTracing;
  /** Runs what a handler asks of the worker in the worker's own asynchronous context. */
  readonly outside: <T>(fn: () => T) => T;
}

/** What is decided about a task: the outcome to send, or that nothing is to be sent. */
type Decision = Outcome | { readonly status: 'gone'; readonly error: Error };

/** What an input or a returned value fails by. */
const OF_NO_THROW: ReadonlySet<string> = new Set([
  OWN_ERROR.invalidInput,
  OWN_ERROR.invalidOutput,
  OWN_ERROR.outputTooLarge,
]);

/** How long a handler may run on after its signal aborted before the log names it. */
const IGNORED_ABORT_MS = 30_000;
/** How long the handler of a lease that was held back waits to hear that the service still wants the task. */
const STILL_WANTED_MS = 2_000;

/**
 * The life of one lease. Exactly one decision is made, by the first of these: the handler, the deadline, the stop, or
 * the service, which says that the task is gone. The decision is reported beside the handler, which may settle earlier
 * or later; heartbeats go on until the report has ended.
 */
export class Task {
  readonly context: TaskContext;
  readonly #lease: Lease;
  readonly #handler: TaskHandler;
  readonly #world: TaskWorld;
  readonly #inContext: AsyncTaskContext;
  readonly #signals = new TaskSignals();
  readonly #progress: Progress;
  readonly #decided = deferred<Decision>();
  readonly #settled = deferred<void>();
  #onSettled: (() => void) | undefined;
  #decision: Decision | undefined;
  #gone = false;
  #beat: Heartbeat | undefined;
  readonly #report: Report;
  #handlerSettled = false;
  /** When the slot could come free. */
  #settledAt: number | undefined;
  #decidedAt = 0;
  readonly #trace: TaskTrace | undefined;
  #retries = 0;
  #ignoresAbort = false;
  #phase: TaskPhase = 'handling';
  readonly #timers: (() => void)[] = [];

  constructor(lease: Lease, handler: TaskHandler, world: TaskWorld) {
    this.#lease = lease;
    this.#handler = handler;
    this.#world = world;
    this.#trace = world.tracing?.begin(lease, handler);
    const { clock, outside } = world;
    const tell = (said: TaskProgress): void => this.#emit('task:progress', { ...this.#ref(), ...said });
    this.#report = new Report(lease.token, world, (retry) => this.#onRetry(retry));
    this.#progress = new Progress({ clock, outside, tell });
    this.context = this.#makeContext();
    this.#inContext = new AsyncTaskContext(this.context);
  }

  get phase(): TaskPhase {
    return this.#phase;
  }

  /** When the service last took a heartbeat, in epoch milliseconds. */
  get lastHeartbeatAt(): number | undefined {
    return this.#beat?.lastAt;
  }

  /** How far the handler is, as it last said; undefined where it says nothing. */
  get progress(): TaskProgress | undefined {
    return this.#progress.latest;
  }

  /** Whether the handler runs on although its signal aborted long ago: its slot may never come free. */
  get ignoresAbort(): boolean {
    return this.#ignoresAbort && !this.#handlerSettled;
  }

  /**
   * Handles the task and reports what is decided. Resolves when nothing of it is left. Never rejects.
   * @param onSettled called once when the slot may come free: the handler has settled, or was left behind.
   */
  async run(onSettled?: () => void): Promise<void> {
    this.#onSettled = onSettled;
    this.#begin();
    void this.#handle();
    await this.#sendReport();
    this.#phase = 'settling';
    await this.#settled.promise;
    this.#end();
  }

  /** Reports `Stepwright.WorkerShutdown` without calling the handler: for a lease that came too late. Never rejects. */
  async refuse(onSettled?: () => void): Promise<void> {
    this.#onSettled = onSettled;
    this.#begin();
    this.#settle();
    this.#decide(shutdownFailure('the worker stops and takes no new task'));
    await this.#sendReport();
    this.#end();
  }

  /** The worker begins to drain. @param reportBy when a report is given up, in epoch milliseconds. */
  beginDrain(reportBy: number): void {
    this.#report.endBy(reportBy);
    this.#inContext.run(() => this.#signals.drain());
  }

  /** The grace is over: aborts the signal, and goes on without the handler if it has not settled 5 s later. */
  shutDown(): void {
    if (this.#handlerSettled) return;
    this.#abort('shutdown', 'the worker stops and its grace is over');
    this.#timer(ABANDON_MS, () => this.#abandon());
  }

  #makeContext(): TaskContext {
    const { token, input, receivedAt } = this.#lease;
    const { name, activityArn } = this.#handler;
    const { workerName, outside } = this.#world;
    const makeLog = (): Logger => {
      const fields = { handler: name, activity: activityArn, task: tokenHash(token) };
      return this.#world.log.child({ ...fields, ...this.#trace?.logFields });
    };
    let log: Logger | undefined;
    return taskContext(
      {
        handler: name,
        ...{ activityArn, workerName, token, rawInput: input },
        receivedAt: new Date(receivedAt),
        heartbeat: () => {
          const beat = outside(() => this.#heartbeatNow());
          // Whoever does not await it learns of gone from the signal.
          beat.catch(() => {});
          return beat;
        },
        progress: (fraction, message) => this.#progress.say(fraction, message),
      },
      {
        signal: () => this.#signals.signal,
        shuttingDown: () => this.#signals.shuttingDown,
        log: () => (log ??= makeLog()),
      },
    );
  }

  #begin(): void {
    const { heartbeatMs, timeoutMs } = this.#handler;
    const { port, heartbeats, clock } = this.#world;
    const { token, receivedAt, heldBackSince } = this.#lease;
    this.#emit('task:received', { ...this.#ref(), receivedAt: new Date(receivedAt) });
    this.#beat = heartbeats.track({
      port,
      token,
      everyMs: heartbeatMs === false ? Number.POSITIVE_INFINITY : heartbeatMs,
      leasedAt: heldBackSince ?? receivedAt,
      onGone: (error) => this.#onGone(error),
    });
    if (timeoutMs !== false)
      this.#timer(receivedAt + timeoutMs - clock.now(), () => this.#onDeadline(timeoutMs));
  }

  async #handle(): Promise<void> {
    const decide = (outcome: Outcome): void => void this.#decide(this.#afterShutdown(outcome));
    // Not before who took the task has noted it, and has sent the next poll: the handler may block.
    if (await this.#isWanted()) {
      const handle = (): Promise<void> => this.#handler.handle(this.#lease.input, this.context, decide);
      try {
        await (this.#trace ? this.#trace.run(handle) : handle());
      } catch (error) {
        decide(ownFault(error));
      }
    }
    this.#settle();
  }

  /** Whether to call the handler at all: a lease that was held back may have been given to somebody else by now. */
  #isWanted(): boolean | Promise<boolean> {
    return this.#lease.heldBackSince === undefined || this.#isStillWanted();
  }

  async #isStillWanted(): Promise<boolean> {
    if (this.#beat) await within(this.#world.clock, STILL_WANTED_MS, this.#beat.now());
    return this.#decision === undefined;
  }

  #settle(): void {
    this.#handlerSettled = true;
    this.#emitSettled();
    this.#inContext.close();
    this.#letGo();
  }

  /** The slot may come free. */
  #letGo(): void {
    this.#settled.resolve();
    this.#onSettled?.();
    this.#onSettled = undefined;
  }

  #emitSettled(): void {
    if (this.#settledAt !== undefined) return;
    this.#settledAt = this.#world.clock.now();
    this.#emit('task:settled', { ...this.#ref(), handlerMs: this.#settledAt - this.#lease.receivedAt });
  }

  /** After the shutdown abort a returned value is still a success; what the handler throws then is the stop's doing. */
  #afterShutdown(outcome: Outcome): Outcome {
    const stopped = this.#signals.aborted?.kind === 'shutdown';
    if (!stopped || outcome.status === 'succeeded' || OF_NO_THROW.has(outcome.error)) return outcome;
    return shutdownFailure(`the worker stopped while the handler ran; it then threw ${outcome.error}`);
  }

  #onDeadline(timeoutMs: number): void {
    const message = `the handler did not end within its timeout of ${timeoutMs} ms`;
    if (!this.#decide(ownFailure(OWN_ERROR.deadlineExceeded, message))) return;
    this.#abort('deadline', message);
  }

  #onGone(error: Error): void {
    this.#gone = true;
    this.#report.cancel(error);
    this.#decide({ status: 'gone', error });
    this.#abort('gone', `the service no longer wants this task: ${error.message}`);
  }

  #abandon(): void {
    if (this.#handlerSettled) return;
    this.#emitIgnored(ABANDON_MS, true);
    this.#decide(shutdownFailure('the worker stopped and the handler did not end when its signal aborted'));
    this.#emitSettled();
    this.#letGo();
  }

  #abort(kind: AbortKind, message: string): void {
    if (this.#handlerSettled || this.#signals.aborted) return;
    this.#inContext.run(() => this.#signals.abort(kind, message));
    if (kind !== 'shutdown') this.#timer(IGNORED_ABORT_MS, () => this.#emitIgnored(IGNORED_ABORT_MS, false));
  }

  #emitIgnored(afterMs: number, abandoned: boolean): void {
    if (this.#handlerSettled) return;
    this.#ignoresAbort = true;
    this.#emit('task:ignored-abort', { ...this.#ref(), afterMs, abandoned });
  }

  /** The first decision is the only one. @returns whether this was it. */
  #decide(decision: Decision): boolean {
    if (this.#decision) return false;
    this.#decision = decision;
    this.#decidedAt = this.#world.clock.now();
    this.#decided.resolve(decision);
    return true;
  }

  async #sendReport(): Promise<void> {
    const decision = await this.#decided.promise;
    this.#phase = 'reporting';
    const end: ReportEnd =
      decision.status === 'gone'
        ? { kind: 'gone', probablyDelivered: false, error: decision.error }
        : await this.#report.send(decision);
    this.#beat?.release();
    if (end.kind === 'gone') this.#onGone(end.error);
    this.#emitEnd(end);
  }

  #onRetry(retry: ReportRetry): void {
    this.#retries++;
    this.#emit('report:retried', { ...this.#ref(), ...retry });
  }

  #emitEnd(end: ReportEnd): void {
    this.#progress.end();
    const now = this.#world.clock.now();
    this.#endTrace(end, now);
    const ended = { ...this.#ref(), durationMs: now - this.#lease.receivedAt };
    const reported = { ...ended, reportMs: now - this.#decidedAt };
    if (end.kind === 'gone') {
      const { probablyDelivered, error } = end;
      this.#emit('task:gone', { ...ended, probablyDelivered, error });
    } else if (end.kind === 'lost') {
      const { attempts, outcome, error } = end;
      this.#emit('report:lost', { ...reported, attempts, outcome, error });
    } else if (end.outcome.status === 'failed') {
      const { error, cause } = end.outcome;
      this.#emit('task:failed', { ...reported, error, cause });
    } else {
      this.#emit('task:succeeded', reported);
    }
  }

  #endTrace(end: ReportEnd, at: number): void {
    if (!this.#trace) return;
    this.#trace.ended({
      outcome: end.kind === 'accepted' ? end.outcome.status : end.kind,
      error: end.kind === 'gone' || end.outcome.status === 'succeeded' ? undefined : end.outcome.error,
      // What is gone before anything was decided is not reported.
      decidedAt: this.#decision?.status === 'gone' ? undefined : this.#decidedAt,
      retries: this.#retries,
      at,
    });
  }

  async #heartbeatNow(): Promise<void> {
    await this.#beat?.now();
    // A handler that asks in a loop would else keep the event loop, and with it its own heartbeat, from turning.
    await turn.share();
    if (!this.#gone) return;
    throw this.#signals.aborted ?? new TaskAborted('gone', 'the service no longer wants this task');
  }

  #end(): void {
    for (const cancel of this.#timers) cancel();
    this.#inContext.close();
    this.#phase = 'done';
  }

  #timer(ms: number, fn: () => void): void {
    this.#timers.push(this.#world.clock.after(ms, fn));
  }

  readonly #emit: EmitTask = (event, payload) => this.#inContext.run(() => this.#world.emit(event, payload));

  #ref(): TaskRef {
    return { handler: this.#handler.name, activityArn: this.#handler.activityArn, token: this.#lease.token };
  }
}

/** A compiled handler never rejects; if it did, its task would still end. */
const ownFault = (error: unknown): Outcome => failureOf(error, () => {});
