import type { Heartbeats } from './heartbeat/heartbeats.js';
import { LinkedList } from '../base/collections.js';
import type { ActivityPort } from '../aws/activity-port.js';
import type { ReceivedTask } from './task/received-task.js';
import { Task, type TaskHandler, type TaskRuntime } from './task/task.js';
import type { EventHub } from './observe/event-hub.js';
import { type HandlerProof, type SlotHolders, STUCK_MS, stuckBy } from './observe/readiness.js';
import type { HandlerPause, HandlerStatus, TaskStatus } from '../base/worker-status.js';
import type { CallLimiter } from '../aws/call-limiter.js';
import { ReportsInFlight } from './task/report.js';
import { Admission } from './poll/admission.js';
import type { StallWatch } from './stall.js';
import type { Rate } from '../declare/option-rules.js';
import { type Configurable, readReconfiguration } from './reconfiguration.js';
import { Poller } from './poll/poller.js';
import { type Slot, Slots } from './poll/slots.js';

/** A handler that is ready to run: it is compiled, its activity was found, and its options are resolved. */
export interface RunnableHandler extends TaskHandler {
  readonly port: ActivityPort;
  readonly concurrency: number;
  readonly pollers: { readonly min: number; readonly max: number };
  /** Where the handler runs: on the main thread, or in the threads or processes of a pool. @default 'main' */
  readonly run?: 'main' | 'thread' | 'process';
  /** The most threads or processes in the handler's pool; undefined if the handler runs on the main thread. */
  readonly poolSize?: number | undefined;
  /** The most tasks that may begin in a period, such as 100 per minute. @default no limit */
  readonly rate?: Rate | undefined;
}

/** The parts of a worker that its {@link HandlerLoop} objects use. */
export interface HandlerRuntime extends Omit<
  TaskRuntime,
  'port' | 'emit' | 'inFlight' | 'pauseHandler' | 'scope'
> {
  readonly heartbeats: Heartbeats;
  readonly events: EventHub;
  /** Returns where tasks of an activity come from. */
  readonly scopeOf: (activityArn: string) => string;
  /** Limits the polls of all handlers in the handler's region. */
  readonly pollLimiter: CallLimiter;
  readonly drain: 'run' | 'fail';
  /**
   * Says if the process was blocked or stopped while a poll was open: its response may have waited unread in the socket
   * then, so that the task may be older than it seems.
   */
  readonly stalls: Pick<StallWatch, 'unreadSince'>;
  /** Called with an error that Stepwright's own code has thrown although it should never throw. */
  readonly onFault: (error: unknown) => void;
}

/**
 * A task that arrives after the worker was told to stop may be reported for this long after it was received, even if
 * `reportUntil` is over.
 */
export const LATE_REPORT_MS = 10_000;

/**
 * The limits for a drain, in epoch milliseconds. A worker drains after it was told to stop: it starts no new polls and
 * lets running tasks end.
 */
interface DrainPlan {
  /** Until this time, running tasks may continue, and tasks that still arrive are run. */
  readonly graceUntil: number;
  /** A report that isn't accepted by this time is given up. */
  readonly reportUntil: number;
}

/**
 * Runs one handler of a worker: polls for the handler's tasks and runs them. Each task uses a slot while it runs, and
 * the number of slots limits how many run at once.
 */
export class HandlerLoop {
  readonly #taskRuntime: TaskRuntime;
  readonly #slots: Slots;
  readonly #poller: Poller;
  readonly #admission: Admission;
  #pollers: RunnableHandler['pollers'];
  /** The tasks that aren't finished: the handler is still running, or the outcome isn't reported yet. */
  readonly #tasks = new LinkedList<Task>();
  #draining: DrainPlan | undefined;
  /** The last time at which a report was accepted, or at which nothing was asked of the service that could be answered. */
  #provedAt: number | undefined;
  /** The time at which a handler last settled. */
  #settledAt = Number.NEGATIVE_INFINITY;
  /**
   * Set while all slots are in use and none can become free by itself. `since`: the time at which that began. `emitted`:
   * true once the event `slots:stuck` was emitted.
   */
  #stuck: { readonly since: number; emitted: boolean } | undefined;

  constructor(
    private readonly handler: RunnableHandler,
    private readonly runtime: HandlerRuntime,
  ) {
    const { name, activityArn, port, pollers, concurrency, rate } = handler;
    const { clock, random, workerName, pollLimiter, events } = runtime;
    this.#taskRuntime = this.#makeTaskRuntime();
    const ref = { handler: name, activityArn };
    this.#admission = new Admission({
      clock,
      rate,
      onRoom: () => this.#poller.fill(),
      onPaused: (pause) => events.emit('handler:paused', { ...ref, ...pause }),
      onResumed: () => events.emit('handler:resumed', ref),
    });
    this.#pollers = pollers;
    this.#slots = new Slots(concurrency, this.#admission);
    this.#poller = new Poller({
      port,
      pollers,
      limiter: pollLimiter,
      workerName,
      clock,
      random,
      emit: events.emit,
      slots: this.#slots,
      handler: { handler: name, activityArn },
      onTask: this.#take,
    });
  }

  get name(): string {
    return this.handler.name;
  }

  /** Returns true if a task of the handler has run on the main thread since this time, so that it can have blocked it. */
  ranHereSince(since: number): boolean {
    const isHere = (this.handler.run ?? 'main') === 'main';
    return isHere && (this.#slots.running > 0 || this.#settledAt >= since);
  }

  /**
   * Opens no new polls until `resume` is called. Running tasks continue, and a poll that is open already may still
   * return a task.
   */
  pause(reason: string): void {
    this.#admission.suspend('control', reason);
  }

  resume(): void {
    this.#admission.resume();
  }

  /**
   * Changes how many tasks may run at once (the slots), how many polls may be open, and the rate. Running tasks and
   * open polls aren't affected.
   * @throws RangeError if an option is invalid
   */
  configure(options: Configurable): void {
    const { name, poolSize } = this.handler;
    const { concurrency, pollers, rate } = readReconfiguration(name, options, poolSize);
    if (rate !== undefined) this.#admission.setRate(rate === false ? undefined : rate);
    const before = this.#slots.size;
    if (concurrency !== undefined) this.#slots.resize(concurrency);
    const { size } = this.#slots;
    const { min, max } = pollers ?? { ...this.#pollers, ...(this.#pollers.max === before && { max: size }) };
    this.#pollers = { min: Math.min(min, size), max: Math.min(max, size) };
    this.#poller.setPollers(this.#pollers);
  }

  /** Starts polling after `delayMs` milliseconds. */
  start(delayMs: number): void {
    this.#poller.start(delayMs);
  }

  /**
   * Begins the drain: starts no new poll, and aborts the `shuttingDown` signals of running tasks. Resolves when the
   * last open poll has ended.
   * @param options `polled`: false if the worker was stopped before it began to poll
   */
  async drain(plan: DrainPlan, { polled }: { readonly polled: boolean }): Promise<void> {
    // First, since a slot or a pause that ends below would open a poll, also in a worker that was never run.
    const stopped = this.#poller.stop(plan.graceUntil);
    this.#draining = plan;
    this.#admission.stop();
    for (const task of [...this.#tasks]) task.beginDrain(plan.reportUntil);
    if (polled) await stopped;
  }

  /**
   * Aborts the signals of running tasks, because the grace period (the time that they get when the worker stops) is
   * over.
   */
  endGrace(): void {
    for (const task of [...this.#tasks]) task.shutDown();
  }

  /**
   * Resolves when all current tasks have ended: their handlers, reports and cleanup are done. Undefined if there are
   * none.
   */
  ended(): Promise<unknown> | undefined {
    if (this.#tasks.size === 0) return undefined;
    return Promise.all([...this.#tasks].flatMap(({ ended }) => ended ?? []));
  }

  status(): HandlerStatus {
    const { name, activityArn } = this.handler;
    const { used, running, undelivered, size: concurrency } = this.#slots;
    const { status: polls, queue } = this.#poller;
    const { pause } = this.#admission;
    return {
      name,
      activityArn,
      concurrency,
      used,
      running,
      undelivered,
      polls,
      queue,
      ...(pause && { paused: statusOfPause(pause) }),
    };
  }

  /** Returns the status of all tasks that aren't finished, with their tokens. */
  tasks(): (Omit<TaskStatus, 'task'> & { readonly token: string })[] {
    const { name: handler } = this.handler;
    const now = this.runtime.clock.now();
    return Array.from(
      this.#tasks,
      ({ received: { token, receivedAt }, phase, lastHeartbeatAt, progress }) => {
        const ageMs = now - receivedAt;
        return { token, handler, ageMs, phase, progress: progress?.fraction, lastHeartbeatAt };
      },
    );
  }

  /** Returns the facts from which the worker's status computes if this handler is ready. */
  proof(): HandlerProof {
    const { status: polls } = this.#poller;
    const heartbeatsAt = Array.from(this.#tasks, ({ lastHeartbeatAt }) => lastHeartbeatAt);
    return {
      name: this.handler.name,
      polls,
      isStill: this.#isStill,
      holders: this.#holders,
      provedAt: latest([this.#provedAt, polls.lastAnswerAt, ...heartbeatsAt]),
      stuckSince: this.#stuck?.since,
    };
  }

  /**
   * Emits `slots:stuck` if for a while no slot could become free by itself, and `slots:freed` when one can again. To be
   * called every second.
   */
  watchSlots(): void {
    const now = this.runtime.clock.now();
    // What was answered before stays true while nothing is asked.
    if (this.#isStill && this.proof().provedAt !== undefined) this.#provedAt = now;
    // A draining handler takes no new tasks, so its slots don't matter.
    if (this.#draining || (this.#slots.vacant > 0 && !this.#stuck)) return;
    const { name: handler, activityArn } = this.handler;
    const { events } = this.runtime;
    const holders = this.#holders;
    // No slot can become free by itself: no poll is open, and all handlers that still run ignore their signal.
    if (!this.#isFull || this.#slots.running > holders.ignoring) {
      if (this.#stuck?.emitted) events.emit('slots:freed', { handler, activityArn });
      this.#stuck = undefined;
      return;
    }
    this.#stuck ??= { since: now, emitted: false };
    if (this.#stuck.emitted || now - this.#stuck.since < STUCK_MS) return;
    this.#stuck.emitted = true;
    events.emit('slots:stuck', { handler, activityArn, ...holders, reason: stuckBy(holders) });
  }

  get #holders(): SlotHolders {
    return {
      ignoring: [...this.#tasks].filter(({ runsAborted }) => runsAborted).length,
      undelivered: this.#slots.undelivered,
    };
  }

  /** True if all slots are in use by tasks, so that no poll is open. */
  get #isFull(): boolean {
    return this.#slots.vacant === 0 && this.#poller.status.open === 0;
  }

  /** True if nothing is asked of the service: because of a pause or a rate, or of running tasks without heartbeats. */
  get #isStill(): boolean {
    if (this.#poller.status.open > 0) return false;
    if (this.#slots.vacant > 0) return this.#slots.free === 0;
    return this.#slots.running > 0 && this.handler.heartbeatMs === false;
  }

  readonly #take = (polled: ReceivedTask, slot: Slot): void => {
    try {
      const unreadSince = this.runtime.stalls.unreadSince(polled.polledAt ?? polled.receivedAt);
      const received = unreadSince === undefined ? polled : { ...polled, unreadSince };
      const task = new Task(received, this.handler, this.#taskRuntime);
      const onSettled = (): void => {
        this.#settledAt = this.runtime.clock.now();
        slot.pass('report');
        this.#poller.fill();
      };
      const onEnded = (): void => {
        this.#tasks.remove(task);
        slot.pass('none');
        this.#poller.fill();
      };
      // Added before the task begins, because a listener of `task:received` may ask for it or stop the worker.
      this.#tasks.add(task);
      this.#admission.begin();
      const isRefused = this.#draining && this.#refuses(task, polled, this.#draining);
      task.ended = task.run(onSettled, isRefused).then(onEnded, (error: unknown) => {
        this.runtime.onFault(error);
        onEnded();
      });
    } catch (error) {
      this.runtime.onFault(error);
      slot.pass('none');
    }
  };

  /** Called for a task that arrives during the drain. @returns true if its handler isn't called */
  #refuses(task: Task, { receivedAt }: ReceivedTask, plan: DrainPlan): boolean {
    task.beginDrain(Math.max(plan.reportUntil, receivedAt + LATE_REPORT_MS));
    return this.runtime.drain === 'fail' || receivedAt >= plan.graceUntil;
  }

  #makeTaskRuntime(): TaskRuntime {
    const { events, clock } = this.runtime;
    return {
      ...this.runtime,
      port: this.handler.port,
      scope: this.runtime.scopeOf(this.handler.activityArn),
      inFlight: new ReportsInFlight(),
      pauseHandler: ({ forMs, reason }) => this.#admission.suspend('task', reason, forMs),
      emit: (event, payload) => {
        if (event === 'task:succeeded' || event === 'task:failed') this.#provedAt = clock.now();
        events.emit(event, payload);
      },
    };
  }
}

/** Returns a pause without the reason that a task has given, since that may contain data of the task. */
function statusOfPause({ reason, ...pause }: HandlerPause): HandlerPause {
  return pause.by === 'task' || reason === undefined ? pause : { ...pause, reason };
}

function latest(instants: readonly (number | undefined)[]): number | undefined {
  const known = instants.filter((each) => each !== undefined);
  return known.length > 0 ? Math.max(...known) : undefined;
}
