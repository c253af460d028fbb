import type { Clock } from '../clock.js';
import type { Logger } from '../log.js';
import type { ActivityPort } from '../service/port.js';
import { LAST_ATTEMPT_MS } from '../task/report.js';
import { type Lease, Task, type TaskHandler, type TaskWorld } from '../task/task.js';
import { type EventName, EventHub, type Listener, type WorkerState } from './observe/events.js';
import { type HeartbeatLoad, HeartbeatScheduler } from '../heartbeat/scheduler.js';
import { logEvents } from './observe/log-events.js';
import { Poller, POLL_LIMIT_MS } from './poller.js';
import { Slots } from './slots.js';
import { countEvents, type WorkerCounts } from './observe/counts.js';
import { unreadyReasons, type WorkerStatus } from './observe/status.js';

/** A handler that is ready to run: compiled, its activity found, its options resolved. */
export interface RunnableHandler extends TaskHandler {
  readonly port: ActivityPort;
  readonly concurrency: number;
  readonly pollers: { readonly min: number; readonly max: number };
}

/** What a worker is made of. `createWorker` puts it together. */
export interface WorkerParts {
  readonly name: string;
  readonly handlers: readonly RunnableHandler[];
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly heartbeatRate: number;
  readonly reportLimitMs: number;
  readonly graceMs: number;
  readonly drain: 'run' | 'fail';
  /** Closes the connections, after the last report. */
  readonly close: () => Promise<void>;
}

/** Between the first polls of two handlers, so that a start is no burst. */
const STAGGER_MS = 20;
/** How long after the grace a report is still offered. */
const REPORT_AFTER_GRACE_MS = 30_000;
/** How long a lease that came after the grace has for the report of its failure. */
const LATE_REPORT_MS = 10_000;

/** How long no heartbeat may fail before they are told to be well again: where every other fails, that is no news. */
const HEALTHY_MS = 30_000;
/** How long providers may take to be disposed of. */
const CLOSE_LIMIT_MS = 5_000;
const CLOSE_HANGS = `what the container holds was not disposed of within ${CLOSE_LIMIT_MS / 1000} s: the worker stops without`;
const CLOSE_FAILED = 'something in the container could not be disposed of';

interface Serving {
  readonly handler: RunnableHandler;
  readonly slots: Slots;
  readonly poller: Poller;
}

/**
 * Runs handlers until it is told to stop, and loses nothing on the way: see `stop`. Installs no signal handlers
 * and never ends the process.
 */
export class Worker {
  readonly #parts: WorkerParts;
  readonly #events: EventHub;
  readonly #serving: readonly Serving[];
  readonly #heartbeats: HeartbeatScheduler;
  readonly #tasks = new Map<Task, { lease: Lease; handler: RunnableHandler; ended: Promise<void> }>();
  readonly #counts: WorkerCounts;
  #state: WorkerState = 'created';
  #stopping: Promise<void> | undefined;
  #drainUntil: { grace: number; report: number } | undefined;
  #failure: { error: unknown } | undefined;
  #announceStop: () => void = () => {};
  #announceStopped: () => void = () => {};
  readonly #stopAsked: Promise<void>;
  readonly #stopped: Promise<void>;

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    this.#stopAsked = new Promise((resolve) => (this.#announceStop = resolve));
    this.#stopped = new Promise((resolve) => (this.#announceStopped = resolve));
    this.#events = new EventHub(parts.log);
    this.#counts = countEvents(this.#events);
    logEvents(this.#events, parts.log);
    this.#heartbeats = this.#makeHeartbeats();
    this.#serving = parts.handlers.map((handler) => this.#serve(handler));
  }

  /** The longest time that a drain can take, in milliseconds: what Kubernetes and ECS must be told. */
  get longestDrainMs(): number {
    const lastReport = Math.max(this.#parts.graceMs + REPORT_AFTER_GRACE_MS, POLL_LIMIT_MS + LATE_REPORT_MS);
    return lastReport + LAST_ATTEMPT_MS + CLOSE_LIMIT_MS;
  }

  /** @returns a function that takes the listener away again. A listener that throws is logged and hurts nobody. */
  on<K extends EventName>(event: K, listener: Listener<K>): () => void {
    return this.#events.on(event, listener);
  }

  /**
   * Polls and works until `signal` aborts or `stop` is called, and resolves when the last report has left.
   * @throws Error if it was run or stopped before. A worker runs once.
   */
  async run({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
    if (this.#state !== 'created')
      throw new Error(`this worker is ${this.#state}: a worker runs once, create another`);
    this.#enter('running');
    const stop = (): void => void this.stop();
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
    for (const [index, { poller }] of this.#serving.entries()) poller.start(index * STAGGER_MS);
    await this.#stopAsked;
    signal?.removeEventListener('abort', stop);
    await this.#stopping;
    if (this.#failure) throw this.#failure.error;
  }

  /**
   * Drains. No new poll starts; open polls end by themselves (75 s at most); what they still bring is run or failed,
   * as `drain` says. Running tasks get their grace, then their signals abort, and 5 s later the drain goes on without
   * them. Resolves when the last report has left. Always the same promise; never rejects.
   */
  stop(): Promise<void> {
    if (!this.#stopping) {
      // It is there before anything happens: whoever is told of the drain may call stop() again.
      this.#stopping = this.#stopped;
      void this.#drain().then(this.#announceStopped);
      this.#announceStop();
    }
    return this.#stopping;
  }

  status(): WorkerStatus {
    const now = this.#parts.clock.now();
    const handlers = this.#serving.map(({ handler, slots, poller }) => ({
      name: handler.name,
      activityArn: handler.activityArn,
      concurrency: handler.concurrency,
      used: slots.used,
      polls: poller.status,
    }));
    const reasons = unreadyReasons(this.#state, handlers, now);
    const tasks = [...this.#tasks].map(([task, { lease, handler }]) => ({
      handler: handler.name,
      activityArn: handler.activityArn,
      token: lease.token,
      ageMs: now - lease.receivedAt,
      phase: task.phase,
      lastHeartbeatAt: task.lastHeartbeatAt,
    }));
    const counts = { ...this.#counts };
    return {
      name: this.#parts.name,
      state: this.#state,
      ready: reasons.length === 0,
      reasons,
      handlers,
      tasks,
      counts,
    };
  }

  async #drain(): Promise<void> {
    const { clock, graceMs } = this.#parts;
    const polled = this.#state === 'running';
    this.#enter('draining');
    const grace = clock.now() + graceMs;
    this.#drainUntil = { grace, report: grace + REPORT_AFTER_GRACE_MS };
    for (const task of this.#tasks.keys()) task.beginDrain(this.#drainUntil.report);
    const cancelGrace = clock.after(graceMs, () => this.#endGrace());
    if (polled) await Promise.all(this.#serving.map(({ poller }) => poller.stop(grace)));
    while (this.#tasks.size > 0) await Promise.all([...this.#tasks.values()].map(({ ended }) => ended));
    cancelGrace();
    await this.#close();
    this.#enter(this.#failure ? 'failed' : 'stopped');
  }

  /** What a user's provider does when it is disposed must not keep a worker from stopping. */
  async #close(): Promise<void> {
    const { close, clock, log } = this.#parts;
    const given = new AbortController();
    const tooLong = clock
      .sleep(CLOSE_LIMIT_MS, given.signal)
      .then(() => given.signal.aborted || log.warn(CLOSE_HANGS));
    await Promise.race([close().catch((error: unknown) => log.error({ err: error }, CLOSE_FAILED)), tooLong]);
    given.abort();
  }

  #endGrace(): void {
    for (const task of this.#tasks.keys()) task.shutDown();
  }

  #serve(handler: RunnableHandler): Serving {
    const { name, activityArn, port, pollers } = handler;
    const { clock, random } = this.#parts;
    const slots = new Slots(handler.concurrency);
    const poller = new Poller({
      handler: { handler: name, activityArn },
      port,
      slots,
      pollers,
      workerName: this.#parts.name,
      clock,
      random,
      emit: this.#events.emit,
      onLease: (lease, freeSlot) =>
        this.#work(handler, lease, () => {
          freeSlot();
          poller.fill();
        }),
    });
    return { handler, slots, poller };
  }

  #work(handler: RunnableHandler, lease: Lease, freeSlot: () => void): void {
    try {
      const task = new Task(lease, handler, this.#world(handler));
      const ended = this.#runTask(task, lease)
        .catch((error: unknown) => this.#fail(error))
        .then(() => {
          this.#tasks.delete(task);
          freeSlot();
        });
      this.#tasks.set(task, { lease, handler, ended });
    } catch (error) {
      this.#fail(error);
      freeSlot();
    }
  }

  #runTask(task: Task, { receivedAt }: Lease): Promise<void> {
    const until = this.#drainUntil;
    if (!until) return task.run();
    task.beginDrain(Math.max(until.report, receivedAt + LATE_REPORT_MS));
    return this.#parts.drain === 'fail' || receivedAt >= until.grace ? task.refuse() : task.run();
  }

  #world(handler: RunnableHandler): TaskWorld {
    const { clock, random, log, reportLimitMs, name } = this.#parts;
    const { emitTask: emit } = this.#events;
    return {
      port: handler.port,
      clock,
      random,
      log,
      emit,
      reportLimitMs,
      workerName: name,
      heartbeats: this.#heartbeats,
    };
  }

  /** A fault of our own: stop as well as can be, and let `run` reject with it. */
  #fail(error: unknown): void {
    this.#failure ??= { error };
    void this.stop();
  }

  #enter(to: WorkerState): void {
    const from = this.#state;
    this.#state = to;
    this.#events.emit('state', { from, to });
  }

  #makeHeartbeats(): HeartbeatScheduler {
    const { clock, random, heartbeatRate } = this.#parts;
    let failedAt: number | undefined;
    const onAnswer = (error?: Error): void => {
      const now = clock.now();
      if (error && failedAt === undefined) this.#events.emit('heartbeat:failed', { error });
      if (error) failedAt = now;
      else if (failedAt !== undefined && now - failedAt >= HEALTHY_MS) {
        failedAt = undefined;
        this.#events.emit('heartbeat:recovered', {});
      }
    };
    const onStretch = (stretched: boolean, load: HeartbeatLoad): void =>
      this.#events.emit(stretched ? 'heartbeat:stretched' : 'heartbeat:restored', load);
    return new HeartbeatScheduler({ clock, random, rate: heartbeatRate, onStretch, onAnswer });
  }
}
