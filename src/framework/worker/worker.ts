import { AsyncResource } from 'node:async_hooks';
import type { Clock } from '../base/time/clock.js';
import type { EventName, LateHeartbeats, Listener, ObservedWorker } from '../declare/worker-events.js';
import type { HeartbeatListener, WorkerHeartbeats } from './thread/worker-heartbeats.js';
import type { Logger } from '../base/log/log.js';
import type { Ask } from './keep/record.js';
import type { Checkpoints } from './keep/checkpoints.js';
import { Outbox } from './keep/outbox.js';
import { offerOutcome } from './task/kept-report.js';
import { Deferrals } from './task/deferral.js';
import type { LimitedStore } from './keep/limited-store.js';
import type { StoreMonitor } from '../base/store.js';
import { LAST_ATTEMPT_MS, type ReportRoute, ReportsInFlight } from './task/report.js';
import type { TaskTracing } from './task/received-task.js';
import { HandlerLoop, LATE_REPORT_MS, type HandlerRuntime, type RunnableHandler } from './handler-loop.js';
import { didYouMean, tokenHash } from '../base/show.js';
import { plainReason } from '../aws/advice.js';
import { VERSION } from '../base/package.js';
import {
  type DrainStatus,
  type HeartbeatTrouble,
  MOST_TASKS,
  type TaskStatus,
  type WorkerCounts,
  type WorkerState,
  type WorkerStatus,
} from '../base/worker-status.js';
import type { ActivityPort } from '../aws/activity-port.js';
import { countEvents, EventHub } from './observe/event-hub.js';
import { logEvents } from './observe/log-events.js';
import { unreadyReasons } from './observe/readiness.js';
import type { Protection } from './protect/protection.js';
import { OutageTracker } from '../base/time/outage.js';
import { CallLimiter } from '../aws/call-limiter.js';
import { POLL_LIMIT_MS } from './poll/poll.js';
import { StallWatch } from './stall.js';
import type { Configurable } from './reconfiguration.js';
import { within, withResolvers } from '../base/time/wait.js';

/** The parts that a worker is made of. `createWorker` passes them to the constructor. */
export interface WorkerParts {
  readonly name: string;
  readonly handlers: readonly RunnableHandler[];
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly heartbeats: Pick<WorkerHeartbeats, 'follow' | 'track'>;
  readonly reportLimitMs: number;
  readonly graceMs: number;
  readonly drain: 'run' | 'fail';
  /**
   * Asks the platform (ECS or Kubernetes) not to remove the worker while a task has been running for long. @default the
   * platform isn't asked
   */
  readonly protection?: Pick<Protection, 'status' | 'follow' | 'close'>;
  /** Returns where tasks of an activity come from. */
  readonly scopeOf: (activityArn: string) => string;
  /** The store of deferred tasks' ids. @default no task can be deferred with an id */
  readonly deferred?: LimitedStore | undefined;
  /** Makes a trace (such as an OpenTelemetry span) for each task. @default tasks aren't traced */
  readonly tracing?: TaskTracing;
  /** The store of outcomes until the service has accepted them. @default an outcome dies with the worker */
  readonly outbox?: LimitedStore | undefined;
  /** Tells when stores that were opened for the worker begin to fail. @default there is none */
  readonly stores?: StoreMonitor | undefined;
  /**
   * Closes everything that was opened for the worker. Called after the last report. Takes at most `CLOSE_LIMIT_MS`, and
   * never rejects.
   */
  readonly close: () => Promise<void>;
}

/** The main thread is told at most this long after its event loop was blocked. */
const BLOCKED_TOLD_MS = 1_000;
/** The longest wait for the answer to a question about a task. */
const ASK_LIMIT_MS = 5_000;

/**
 * The handlers start to poll one after another, this much apart, so that a start isn't a burst of polls. `START_MS`:
 * with many handlers the steps are shorter, so that all of them poll by this time.
 */
const STAGGER_MS = 20;
const START_MS = 1_500;
/**
 * Reports are still repeated for this long after the grace period (the time that running tasks get to end when the
 * worker stops). Then they are given up.
 */
export const REPORT_AFTER_GRACE_MS = 30_000;
/** The longest time for which disposing of the user's providers may delay a stop. */
export const CLOSE_LIMIT_MS = 5_000;

/** The longest time in which the process ends after the worker has stopped: the last lines of the log, other resources. */
const EXIT_MS = 5_000;

/**
 * Returns the most milliseconds from the call of `stop` until the process has ended: a platform waits so long before it
 * kills the process.
 * @param graceMs the time that running tasks get to end
 */
export function longestDrain(graceMs: number): number {
  const lastReport = Math.max(graceMs + REPORT_AFTER_GRACE_MS, POLL_LIMIT_MS + LATE_REPORT_MS);
  return lastReport + LAST_ATTEMPT_MS + CLOSE_LIMIT_MS + EXIT_MS;
}

/**
 * A worker: it polls for tasks and runs handlers until it is told to stop. Then it lets running tasks end (see `stop`).
 * It installs no signal handlers, and never ends the process.
 */
export class Worker implements ObservedWorker {
  readonly #parts: WorkerParts;
  readonly #events: EventHub;
  readonly #loops: readonly HandlerLoop[];
  readonly #deferrals: Deferrals | undefined;
  /** The parts that a report uses, for each region, by its connection. */
  readonly #reportRoutes = new Map<ActivityPort, ReportRoute>();
  readonly #heartbeatOutage: OutageTracker<'failed'>;
  readonly #stalls: StallWatch;
  readonly #outbox: Outbox | undefined;
  readonly #counts: WorkerCounts;
  /** The async context in which the worker was made. Code that belongs to no task runs in it. */
  readonly #context = new AsyncResource('stepwright:worker');
  readonly #startedAt: number;
  #state: WorkerState = 'created';
  #drainStatus: DrainStatus | undefined;
  #stopping: Promise<void> | undefined;
  #failure: { error: unknown } | undefined;
  readonly #stopAsked = withResolvers<void>();
  readonly #stopped = withResolvers<void>();

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    this.#startedAt = parts.clock.now();
    this.#events = new EventHub(parts.log);
    this.#counts = countEvents(this.#events);
    logEvents(this.#events, parts.log, parts.clock);
    this.#heartbeatOutage = new OutageTracker(parts.clock, {
      began: (_, error) => this.#events.emit('heartbeat:failed', { error }),
      ended: () => this.#events.emit('heartbeat:recovered', {}),
    });
    this.#stalls = new StallWatch(parts.clock, () => {
      for (const loop of this.#loops) loop.watchSlots();
    });
    if (parts.stores)
      parts.stores.tell = ({ event, ...payload }) => this.#outside(() => this.#events.emit(event, payload));
    const { deferred: store, clock, random, scopeOf } = parts;
    this.#deferrals = store && new Deferrals({ store, clock, random, scopeOf, ask: this.#ask });
    this.#outbox = parts.outbox && this.#makeOutbox(parts.outbox);
    this.#loops = this.#makeLoops();
  }

  /**
   * The most milliseconds that the worker takes to stop, from the call of `stop`. Set the termination grace period in
   * Kubernetes, or `stopTimeout` in ECS, to at least this.
   */
  get longestDrainMs(): number {
    return longestDrain(this.#parts.graceMs);
  }

  /**
   * Calls the listener with each event of this name. If the listener throws, that is logged.
   * @returns a function that removes the listener.
   */
  on<K extends EventName>(event: K, listener: Listener<K>): () => void {
    return this.#events.on(event, listener);
  }

  /**
   * Polls and works until `signal` aborts or `stop` is called. Resolves when the worker has stopped, after the last
   * report.
   * @throws Error if the worker was run or stopped before, since a worker can run only once
   * @throws the framework's own error that stopped the worker, if there was one
   */
  async run({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
    if (this.#state !== 'created')
      throw new Error(`this worker is ${this.#state}: a worker runs once, create another`);
    this.#outside(() => this.#enter('running'));
    const stop = (): void => void this.stop();
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
    this.#outside(() => this.#start());
    await this.#stopAsked.promise;
    signal?.removeEventListener('abort', stop);
    await this.#stopping;
    if (this.#failure) throw this.#failure.error;
  }

  /**
   * Drains the worker: starts no new poll and waits for the open ones to end, for up to 75 s or the grace period,
   * whichever is longer. Tasks that those polls still return are run or failed, depending on the `drain` option.
   *
   * Running tasks get the grace period to end. Then their signals abort, and after another 5 s the worker stops waiting
   * for them.
   *
   * Resolves when the worker has stopped, after the last report. Each call returns the same promise. It never rejects.
   */
  stop(): Promise<void> {
    if (!this.#stopping) {
      // Set before the drain begins, because listeners of its events may call stop() again.
      this.#stopping = this.#stopped.promise;
      void this.#outside(() => this.#drain()).then(this.#stopped.resolve);
      this.#stopAsked.resolve();
    }
    return this.#stopping;
  }

  /**
   * Pauses a handler until `resume` is called: no new polls are opened for it. Running tasks continue. A poll that is
   * already open may still return a task (polls stay open for up to a minute); that task is run.
   * @param handler the handler's name. `Class.method` names each handler of a method with several activities
   * @throws RangeError if there is no such handler
   */
  pause(handler: string): void {
    this.#outside(() => this.#loopsOf(handler).forEach((loop) => loop.pause('asked for')));
  }

  /**
   * Ends the pause of a handler, whatever caused it: `pause`, or one of its tasks.
   * @throws RangeError if there is no such handler
   */
  resume(handler: string): void {
    this.#outside(() => this.#loopsOf(handler).forEach((loop) => loop.resume()));
  }

  /**
   * Changes options of a handler. Running tasks aren't stopped: if more are running than the new `concurrency` allows,
   * new tasks are received only after enough have ended. An HTTP agent of your own (`sdk.requestHandler`) must allow
   * connections for the polls that are added: its `maxSockets` is compared with the options only at the start.
   * @throws RangeError if there is no such handler, or an option is invalid
   */
  configure(handler: string, options: Configurable): void {
    this.#outside(() => this.#loopsOf(handler).forEach((loop) => loop.configure(options)));
  }

  status(): WorkerStatus {
    const now = this.#parts.clock.now();
    const proofs = this.#loops.map((loop) => loop.proof());
    const reasons = unreadyReasons(this.#state, proofs, now);
    const tasks = this.#loops.flatMap((loop) => loop.tasks());
    return {
      name: this.#parts.name,
      version: VERSION,
      startedAt: this.#startedAt,
      state: this.#state,
      drain: this.#drainStatus,
      ready: reasons.length === 0,
      reasons,
      handlers: this.#loops.map((loop) => loop.status()),
      tasks: tasks
        .toSorted((one, other) => other.ageMs - one.ageMs)
        .slice(0, MOST_TASKS)
        .map(statusOfTask),
      tasksInFlight: tasks.length,
      counts: { ...this.#counts },
      protection: this.#parts.protection?.status,
      heartbeats: this.#heartbeatTrouble(),
      outbox: this.#outbox?.state,
    };
  }

  #start(): void {
    if (this.#stopping) return;
    this.#stalls.start();
    this.#parts.heartbeats.follow(this.#heartbeatListener());
    this.#followProtection();
    this.#outbox?.start();
    const stepMs = Math.min(STAGGER_MS, START_MS / this.#loops.length);
    for (const [index, loop] of this.#loops.entries()) loop.start(index * stepMs);
  }

  async #drain(): Promise<void> {
    const { clock, graceMs } = this.#parts;
    const polled = this.#state === 'running';
    const since = clock.now();
    const graceUntil = since + graceMs;
    this.#drainStatus = { since, graceUntil };
    this.#enter('draining');
    const plan = { graceUntil, reportUntil: graceUntil + REPORT_AFTER_GRACE_MS };
    const cancelGrace = clock.after(graceMs, () => {
      for (const loop of this.#loops) loop.endGrace();
    });
    await Promise.all(this.#loops.map((loop) => loop.drain(plan, { polled })));
    for (let open = this.#unended(); open.length > 0; open = this.#unended()) await Promise.all(open);
    cancelGrace();
    this.#stalls.stop();
    this.#heartbeatOutage.stop();
    await this.#parts.protection?.close();
    // At the same time, so that a stop takes no longer.
    this.#deferrals?.stop();
    await Promise.all([this.#outbox?.stop(), this.#parts.close()]);
    this.#enter(this.#failure ? 'failed' : 'stopped');
  }

  #unended(): Promise<unknown>[] {
    return this.#loops.flatMap((loop) => loop.ended() ?? []);
  }

  #makeOutbox(store: LimitedStore): Outbox {
    const { clock, random, log, handlers, heartbeats, scopeOf } = this.#parts;
    const checkpointsOf = (handler: string): Checkpoints | undefined =>
      handlers.find(({ name }) => name === handler)?.checkpoints;
    return new Outbox({
      store,
      clock,
      random,
      log,
      scopes: new Set(handlers.map(({ activityArn }) => scopeOf(activityArn))),
      emit: this.#events.emit,
      offer: (kept, signal) => {
        const reports = this.#reportsOf(kept.activityArn);
        return reports && offerOutcome(kept, { ...reports, heartbeats, checkpointsOf }, signal);
      },
    });
  }

  #makeLoops(): HandlerLoop[] {
    const { handlers, clock, random, reportLimitMs, name: workerName } = this.#parts;
    // All handlers of a region share its port and its limiters.
    const ports = new Set(handlers.map(({ port }) => port));
    const quotas = new Map(
      [...ports].map((port) => [
        port,
        { pollLimiter: new CallLimiter(clock, random), limiter: new CallLimiter(clock, random) },
      ]),
    );
    for (const [port, { limiter }] of quotas)
      this.#reportRoutes.set(port, {
        port,
        limiter,
        clock,
        random,
        reportLimitMs,
        inFlight: new ReportsInFlight(),
      });
    const runtime: Omit<HandlerRuntime, 'pollLimiter' | 'limiter'> = {
      ...this.#parts,
      workerName,
      outbox: this.#outbox,
      deferrals: this.#deferrals,
      events: this.#events,
      outside: this.#outside,
      ask: this.#ask,
      stalls: this.#stalls,
      onFault: (error) => this.#fail(error),
    };
    return handlers.map((handler) => {
      const shared = quotas.get(handler.port);
      if (!shared) throw new Error('every port has its quotas');
      return new HandlerLoop(handler, { ...runtime, ...shared });
    });
  }

  /** Returns what a report for an activity needs; undefined if no handler is in the activity's region and account. */
  #reportsOf(activityArn: string): ReportRoute | undefined {
    const handler = this.#parts.handlers.find((each) => placeIn(each.activityArn) === placeIn(activityArn));
    return handler && this.#reportRoutes.get(handler.port);
  }

  /**
   * Asks the service if it still wants a task that may be another worker's: by one heartbeat, which counts as any other
   * for the worker's rate.
   */
  readonly #ask: Ask = async ({ token, activityArn, scope }) => {
    const reports = scope === this.#parts.scopeOf(activityArn) ? this.#reportsOf(activityArn) : undefined;
    if (!reports) return 'unknown';
    const { clock, heartbeats } = this.#parts;
    let isGone = false;
    const heartbeat = heartbeats.track({
      port: reports.port,
      token,
      everyMs: Number.POSITIVE_INFINITY,
      leasedAt: clock.now(),
      onGone: () => (isGone = true),
    });
    await within(clock, ASK_LIMIT_MS, heartbeat.now());
    heartbeat.release();
    if (isGone) return 'gone';
    return heartbeat.lastAt === undefined ? 'unknown' : 'wanted';
  };

  readonly #outside = <T>(fn: () => T): T => this.#context.runInAsyncScope(fn);

  /** Stops the worker after an error in Stepwright's own code. The promise of `run` then rejects with this error. */
  #fail(error: unknown): void {
    this.#failure ??= { error };
    void this.stop();
  }

  #enter(to: WorkerState): void {
    const from = this.#state;
    this.#state = to;
    this.#events.emit('state', { from, to });
  }

  #heartbeatListener(): HeartbeatListener {
    const onAnswer = (error?: Error): void => {
      if (error) this.#heartbeatOutage.failed('failed', error);
      else this.#heartbeatOutage.answered({ atOnce: false });
    };
    const onLate = (late: LateHeartbeats): void => this.#events.emit('heartbeat:late', late);
    const onSent = (lateMs: number): void => this.#events.emit('heartbeat:sent', { lateMs });
    const onBlocked = (blockedMs: number, gaveUp: boolean): void =>
      this.#events.emit('loop:blocked', { blockedMs, gaveUp, handlers: this.#ranHere(blockedMs) });
    const onFailed = (error: Error): void => this.#fail(error);
    return { onLate, onAnswer, onSent, onBlocked, onFailed };
  }

  #heartbeatTrouble(): HeartbeatTrouble | undefined {
    const { current } = this.#heartbeatOutage;
    return current && { since: current.since, reason: plainReason(current.error) };
  }

  #loopsOf(handler: string): readonly HandlerLoop[] {
    const loops = this.#loops.filter(({ name }) => name === handler || name.startsWith(`${handler}@`));
    const names = this.#loops.map(({ name }) => name);
    if (loops.length === 0)
      throw new RangeError(`there is no handler '${handler}': ${didYouMean(handler, names)}`);
    return loops;
  }

  #followProtection(): void {
    const { protection } = this.#parts;
    if (!protection) return;
    protection.follow((change) => {
      const platform = protection.status?.platform ?? 'ecs';
      if (change === 'granted' || change === 'released')
        this.#events.emit(`protection:${change}`, { platform });
      else this.#events.emit('protection:failed', { platform, error: new Error(change.failed) });
    });
  }

  /** Returns the names of the handlers that had tasks on the main thread in the last `ms` milliseconds. */
  #ranHere(ms: number): string[] {
    const since = this.#parts.clock.now() - ms - BLOCKED_TOLD_MS;
    return this.#loops.flatMap((loop) => (loop.ranHereSince(since) ? loop.name : []));
  }
}

const statusOfTask = ({ token, ...task }: ReturnType<HandlerLoop['tasks']>[number]): TaskStatus => ({
  task: tokenHash(token),
  ...task,
});

const placeIn = (arn: string): string => arn.split(':').slice(3, 5).join(':');
