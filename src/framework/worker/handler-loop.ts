import type { Heartbeats } from './heartbeat/heartbeats.js';
import { type Linked, LinkedList } from '../base/linked-list.js';
import type { ActivityPort } from '../aws/activity-port.js';
import { type Lease, Task, type TaskHandler, type TaskWorld } from './task/task.js';
import type { EventHub } from './observe/worker-events.js';
import { type HandlerSigns, isFull, isStuck, STUCK_MS, stuckBy } from './observe/readiness.js';
import type { HandlerStatus, TaskStatus } from './observe/status.js';
import type { Pace } from './poll/pace.js';
import { ReportsInFlight } from './task/reports-in-flight.js';
import { Poller } from './poll/poller.js';
import { type Slot, Slots } from './poll/slots.js';

/** A handler that is ready to run: compiled, its activity found, its options resolved. */
export interface RunnableHandler extends TaskHandler {
  readonly port: ActivityPort;
  readonly concurrency: number;
  readonly pollers: { readonly min: number; readonly max: number };
  /** The place where the handler runs: the main thread, or a thread or process of a pool. @default 'main' */
  readonly run?: 'main' | 'thread' | 'process';
}

/** The parts of a worker that the loops of its handlers use. */
export interface LoopWorld extends Omit<TaskWorld, 'port' | 'emit' | 'inFlight'> {
  readonly heartbeats: Heartbeats;
  readonly events: EventHub;
  /** The pace of all polls in the handler's region. */
  readonly pollPace: Pace;
  readonly drain: 'run' | 'fail';
  /**
   * Returns the earliest time at which the service may have leased a task, where a stall may have held its answer back;
   * otherwise undefined.
   * @param sentAt the time at which the poll was sent
   */
  readonly heldBackSince: (sentAt: number) => number | undefined;
  /** Called with an error of the framework itself, in code that throws none. */
  readonly onFault: (error: unknown) => void;
}

interface TaskAtWork extends Linked<TaskAtWork> {
  readonly task: Task;
  readonly lease: Lease;
  /** Resolves when nothing of the task is left; undefined while it begins. */
  ended: Promise<void> | undefined;
}

/** A task that arrives during a drain may be reported for this long after its receipt, even beyond `reportUntil`. */
export const LATE_REPORT_MS = 10_000;

/** The instants of a drain, in epoch milliseconds. */
export interface DrainPlan {
  /** Until this time running tasks may go on, and tasks that still arrive are run. */
  readonly graceUntil: number;
  /** Reports that are not accepted by this time are given up. */
  readonly reportUntil: number;
}

/** Runs one handler: its slots, its poller and its tasks. */
export class HandlerLoop {
  readonly #handler: RunnableHandler;
  readonly #world: LoopWorld;
  readonly #taskWorld: TaskWorld;
  readonly #slots: Slots;
  readonly #poller: Poller;
  /** The tasks that have not ended. */
  readonly #tasks = new LinkedList<TaskAtWork>();
  #draining: DrainPlan | undefined;
  #lastReportAt: number | undefined;
  /** The last time at which all slots were seen at work; undefined before. */
  #fullAt: number | undefined;
  /** Since when no slot can come free by itself, and whether `places:stuck` was emitted; undefined while slots can. */
  #stuck: { readonly since: number; emitted: boolean } | undefined;

  constructor(handler: RunnableHandler, world: LoopWorld) {
    const { name, activityArn, port, pollers, concurrency } = handler;
    const { clock, random, workerName, pollPace: pace, events } = world;
    this.#handler = handler;
    this.#world = world;
    this.#taskWorld = this.#makeTaskWorld();
    this.#slots = new Slots(concurrency);
    this.#poller = new Poller({
      ...{ port, pollers, pace, workerName, clock, random, emit: events.emitPoll, slots: this.#slots },
      handler: { handler: name, activityArn },
      onLease: (lease, slot, sentAt) => this.#take(lease, slot, sentAt),
    });
  }

  get name(): string {
    return this.#handler.name;
  }

  /** True where the handler runs on the main thread, and so may block its event loop. */
  get runsHere(): boolean {
    return (this.#handler.run ?? 'main') === 'main';
  }

  /** The number of tasks whose handlers have not settled. */
  get running(): number {
    return this.#slots.running;
  }

  /** Starts polling after a delay, in milliseconds. */
  start(delayMs: number): void {
    this.#poller.start(delayMs);
  }

  /** Starts no new poll and fires the `shuttingDown` signals of tasks. Resolves when the last open poll has ended. */
  async drain(plan: DrainPlan, { polled }: { readonly polled: boolean }): Promise<void> {
    this.#draining = plan;
    for (const { task } of [...this.#tasks]) task.beginDrain(plan.reportUntil);
    if (polled) await this.#poller.stop(plan.graceUntil);
  }

  /** Aborts the signals of running tasks: the grace is over. */
  endGrace(): void {
    for (const { task } of [...this.#tasks]) task.shutDown();
  }

  /** Resolves when the tasks that there are now have ended; undefined where there are none. */
  ended(): Promise<unknown> | undefined {
    if (this.#tasks.size === 0) return undefined;
    return Promise.all([...this.#tasks].flatMap(({ ended }) => ended ?? []));
  }

  status(): HandlerStatus {
    const { name, activityArn, concurrency } = this.#handler;
    const { used, running, undelivered } = this.#slots;
    const { status: polls, queue } = this.#poller;
    return { name, activityArn, concurrency, used, running, undelivered, polls, queue };
  }

  tasks(): TaskStatus[] {
    const { name: handler, activityArn } = this.#handler;
    const now = this.#world.clock.now();
    return Array.from(this.#tasks, ({ task, lease: { token, receivedAt } }) => {
      const { phase, lastHeartbeatAt, progress } = task;
      return { handler, activityArn, token, ageMs: now - receivedAt, phase, lastHeartbeatAt, progress };
    });
  }

  /** Returns the facts that readiness is derived from. */
  signs(): HandlerSigns {
    const tasks = Array.from(this.#tasks, ({ task }) => task);
    const heartbeatsAt = tasks.flatMap(({ lastHeartbeatAt }) => lastHeartbeatAt ?? []);
    const acceptedAt =
      this.#lastReportAt === undefined ? heartbeatsAt : [...heartbeatsAt, this.#lastReportAt];
    const slots = { polls: this.#poller.status, freeSlots: this.#slots.free, running: this.#slots.running };
    return {
      ...slots,
      name: this.#handler.name,
      fullAt: isFull(slots) ? this.#world.clock.now() : this.#fullAt,
      ignoring: tasks.filter(({ runsAborted }) => runsAborted).length,
      undelivered: this.#slots.undelivered,
      lastAcceptedAt: acceptedAt.length > 0 ? Math.max(...acceptedAt) : undefined,
      heartbeats: this.#handler.heartbeatMs !== false,
      stuckSince: this.#stuck?.since,
    };
  }

  /**
   * Notes when all slots are at work. Emits `places:stuck` once no slot has been able to come free for a while, and
   * `places:freed` when one can again. To be called each second.
   */
  watchSlots(): void {
    // A draining handler takes no tasks, so its slots do not matter.
    if (this.#draining || (this.#slots.free > 0 && !this.#stuck)) return;
    const signs = this.signs();
    this.#fullAt = signs.fullAt;
    const { name: handler, activityArn } = this.#handler;
    const { clock, events } = this.#world;
    if (!isStuck(signs)) {
      if (this.#stuck?.emitted) events.emit('places:freed', { handler, activityArn });
      this.#stuck = undefined;
      return;
    }
    this.#stuck ??= { since: clock.now(), emitted: false };
    if (this.#stuck.emitted || clock.now() - this.#stuck.since < STUCK_MS) return;
    this.#stuck.emitted = true;
    const { ignoring, undelivered } = signs;
    events.emit('places:stuck', { handler, activityArn, ignoring, undelivered, reason: stuckBy(signs) });
  }

  #take(lease: Lease, slot: Slot, sentAt: number): void {
    try {
      const heldBackSince = this.#world.heldBackSince(sentAt);
      const aged = heldBackSince === undefined ? lease : { ...lease, heldBackSince };
      const task = new Task(aged, this.#handler, this.#taskWorld);
      const atWork: TaskAtWork = { task, lease, ended: undefined, previous: undefined, next: undefined };
      const onSettled = (): void => {
        slot.settle();
        this.#poller.fill();
      };
      const onEnded = (): void => {
        this.#tasks.remove(atWork);
        slot.free();
        this.#poller.fill();
      };
      // Added before the task begins, because a listener of `task:received` may ask for it or stop the worker.
      this.#tasks.add(atWork);
      atWork.ended = this.#run(task, lease, onSettled).then(onEnded, (error: unknown) => {
        this.#world.onFault(error);
        onEnded();
      });
    } catch (error) {
      this.#world.onFault(error);
      slot.free();
    }
  }

  #run(task: Task, { receivedAt }: Lease, onSettled: () => void): Promise<void> {
    const plan = this.#draining;
    if (!plan) return task.run(onSettled);
    task.beginDrain(Math.max(plan.reportUntil, receivedAt + LATE_REPORT_MS));
    const late = this.#world.drain === 'fail' || receivedAt >= plan.graceUntil;
    return late ? task.refuse(onSettled) : task.run(onSettled);
  }

  #makeTaskWorld(): TaskWorld {
    const { events, clock } = this.#world;
    return {
      ...this.#world,
      port: this.#handler.port,
      inFlight: new ReportsInFlight(),
      emit: (event, payload) => {
        if (event === 'task:succeeded' || event === 'task:failed') this.#lastReportAt = clock.now();
        events.emitTask(event, payload);
      },
    };
  }
}
