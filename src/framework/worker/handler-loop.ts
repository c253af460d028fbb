import type { Heartbeats } from './heartbeat/heartbeats.js';
import { type Linked, LinkedList } from '../base/linked-list.js';
import type { ActivityPort } from '../aws/port.js';
import { type Lease, Task, type TaskHandler, type TaskWorld } from './task/task.js';
import type { EventHub } from './observe/events.js';
import { type HandlerSigns, isFull, isStuck, STUCK_MS, stuckBy } from './observe/readiness.js';
import type { HandlerStatus, TaskStatus } from './observe/status.js';
import type { Pace } from './poll/pace.js';
import { Poller } from './poll/poller.js';
import { type Slot, Slots } from './poll/slots.js';

/** A handler that is ready to run: compiled, its activity found, its options resolved. */
export interface RunnableHandler extends TaskHandler {
  readonly port: ActivityPort;
  readonly concurrency: number;
  readonly pollers: { readonly min: number; readonly max: number };
  /** @default 'main' */
  readonly run?: 'main' | 'thread' | 'process';
}

/** What a loop is given by its worker. */
export interface LoopWorld extends Omit<TaskWorld, 'port' | 'emit'> {
  readonly heartbeats: Heartbeats;
  readonly events: EventHub;
  /** Of the polls in the port's region. */
  readonly pollPace: Pace;
  readonly drain: 'run' | 'fail';
  /** How old a lease may be whose poll was sent then, where the process stood still; undefined where it did not. */
  readonly heldBackSince: (sentAt: number) => number | undefined;
  /** A fault of our own. */
  readonly onFault: (error: unknown) => void;
}

interface TaskAtWork extends Linked<TaskAtWork> {
  readonly task: Task;
  readonly lease: Lease;
  /** Resolves when nothing is left of it; undefined while it begins. */
  ended: Promise<void> | undefined;
}

/** How long a lease that came after the grace has for the report of its failure. */
export const LATE_REPORT_MS = 10_000;

/** Instants of a drain, in epoch milliseconds. */
export interface DrainPlan {
  /** Running tasks may go on until then, and what still arrives is run. */
  readonly graceUntil: number;
  /** When a report is given up. */
  readonly reportUntil: number;
}

/** One handler at work: its slots, its polls, its tasks. */
export class HandlerLoop {
  readonly #handler: RunnableHandler;
  readonly #world: LoopWorld;
  readonly #taskWorld: TaskWorld;
  readonly #slots: Slots;
  readonly #poller: Poller;
  /** All tasks of which anything is left. */
  readonly #tasks = new LinkedList<TaskAtWork>();
  #draining: DrainPlan | undefined;
  #lastReportAt: number | undefined;
  #fullAt: number | undefined;
  /** Since when no place can come free by itself, and whether that was told. */
  #stuck: { readonly since: number; told: boolean } | undefined;

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

  /** Whether its handler runs on the main thread, where it may block the event loop. */
  get runsHere(): boolean {
    return (this.#handler.run ?? 'main') === 'main';
  }

  /** Handlers that have not settled. */
  get running(): number {
    return this.#slots.running;
  }

  /** Begins to poll, after a wait. */
  start(delayMs: number): void {
    this.#poller.start(delayMs);
  }

  /** Polls no more; running tasks are told. Resolves when the last open poll has ended. */
  async drain(plan: DrainPlan, { polled }: { readonly polled: boolean }): Promise<void> {
    this.#draining = plan;
    for (const { task } of [...this.#tasks]) task.beginDrain(plan.reportUntil);
    if (polled) await this.#poller.stop(plan.graceUntil);
  }

  /** The grace is over: the signals of running tasks abort. */
  endGrace(): void {
    for (const { task } of [...this.#tasks]) task.shutDown();
  }

  /** Resolves when nothing is left of any task that is there now; undefined where there is none. */
  ended(): Promise<unknown> | undefined {
    if (this.#tasks.size === 0) return undefined;
    return Promise.all([...this.#tasks].flatMap(({ ended }) => ended ?? []));
  }

  status(): HandlerStatus {
    const { name, activityArn, concurrency } = this.#handler;
    const { used, running, undelivered } = this.#slots;
    return { name, activityArn, concurrency, used, running, undelivered, polls: this.#poller.status };
  }

  tasks(): TaskStatus[] {
    const { name: handler, activityArn } = this.#handler;
    const now = this.#world.clock.now();
    return Array.from(this.#tasks, ({ task, lease: { token, receivedAt } }) => {
      const { phase, lastHeartbeatAt, progress } = task;
      return { handler, activityArn, token, ageMs: now - receivedAt, phase, lastHeartbeatAt, progress };
    });
  }

  /** What readiness is read off. */
  signs(): HandlerSigns {
    const tasks = Array.from(this.#tasks, ({ task }) => task);
    const beatenAt = tasks.flatMap(({ lastHeartbeatAt }) => lastHeartbeatAt ?? []);
    const acceptedAt = this.#lastReportAt === undefined ? beatenAt : [...beatenAt, this.#lastReportAt];
    const places = { polls: this.#poller.status, freeSlots: this.#slots.free, running: this.#slots.running };
    return {
      ...places,
      name: this.#handler.name,
      fullAt: isFull(places) ? this.#world.clock.now() : this.#fullAt,
      ignoring: tasks.filter(({ ignoresAbort }) => ignoresAbort).length,
      undelivered: this.#slots.undelivered,
      lastAcceptedAt: acceptedAt.length > 0 ? Math.max(...acceptedAt) : undefined,
      heartbeats: this.#handler.heartbeatMs !== false,
      stuckSince: this.#stuck?.since,
    };
  }

  /**
   * Notes when all places are at work, and tells, once each time, that none can come free any more unless somebody acts.
   * To be called each second.
   */
  watchPlaces(): void {
    // While it drains nobody would ask for a task anyway.
    if (this.#draining || (this.#slots.free > 0 && !this.#stuck)) return;
    const signs = this.signs();
    this.#fullAt = signs.fullAt;
    const { name: handler, activityArn } = this.#handler;
    const { clock, events } = this.#world;
    if (!isStuck(signs)) {
      if (this.#stuck?.told) events.emit('places:freed', { handler, activityArn });
      this.#stuck = undefined;
      return;
    }
    this.#stuck ??= { since: clock.now(), told: false };
    if (this.#stuck.told || clock.now() - this.#stuck.since < STUCK_MS) return;
    this.#stuck.told = true;
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
      // Before it begins: whoever is told that it was received may ask for it, or stop the worker.
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
      emit: (event, payload) => {
        if (event === 'task:succeeded' || event === 'task:failed') this.#lastReportAt = clock.now();
        events.emitTask(event, payload);
      },
    };
  }
}
