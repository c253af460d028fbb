import { Abort } from '../../base/abort.js';
import { fullJitter } from '../../base/time/backoff.js';
import { withResolvers, type Resolvers, within } from '../../base/time/wait.js';
import { StoreError } from '../../base/store/store-error.js';
import type { Heartbeats } from '../heartbeat/heartbeats.js';
import {
  DEFERRED_RESERVED,
  type DeferredRecord,
  DeferredRecords,
} from '../keep/deferred/deferred-records.js';
import { LAPSE_MS, RENEW_MS } from '../keep/lease.js';
import { type LeasesWorld, type Left, WorkerLeases } from '../keep/leases.js';
import { LimitedStore } from '../keep/limited-store.js';
import type { StoreTrouble } from '../../base/store/store-events.js';
import { KEY_PREFIX } from '../keep/record.js';
import { RecordReader } from '../keep/record-reader.js';
import { quietly } from '../keep/store-calls.js';
import { Report, type ReportWorld } from '../task/report.js';
import type { TaskToDefer } from '../task/task.js';
import type { Outcome } from '../handler/outcome/outcome.js';
import { DeferredTasks } from './deferred-tasks.js';
import { expiredFailure } from './expiry.js';

/**
 * The end of a deferred task for the worker that held it.
 * - `over`: the service no longer wants it, because somebody completed it, it timed out, or its execution has ended.
 * - `expired`: nobody completed it in time, and its failure was reported.
 */
export type DeferralEnd = 'over' | 'expired';

/** Is told of what happens to deferred tasks. No method may throw. */
export interface DeferralListener extends StoreTrouble {
  /** A deferred task has ended. */
  readonly taskEnded: (task: DeferredRecord, end: DeferralEnd) => void;
  /** This worker has taken over what another one had left. */
  readonly taken: (left: Left, tasks: number) => void;
}

/** The parts of a worker that its deferred tasks use. */
export interface DeferralsWorld extends LeasesWorld {
  /** The most deferred tasks that this worker holds. */
  readonly most: number;
  readonly heartbeats: Heartbeats;
  /** Returns what a report for the activity needs; undefined if this worker has no connection for it. */
  readonly reportsOf: (activityArn: string) => ReportWorld | undefined;
  readonly listener: DeferralListener;
  /** Called when the service has accepted an outcome that this worker has reported. */
  readonly onAccepted: (task: Pick<DeferredRecord, 'handler' | 'checkpoint'>, outcome: Outcome) => void;
}

/** A task that is held. */
interface Hold {
  /** Resolves when it is held no longer. */
  readonly released: Resolvers<void>;
  /** Ends it, and removes its records. */
  readonly end: (how: DeferralEnd) => Promise<void>;
}

/** If a task can't be kept, it is tried this often. */
const ATTEMPTS = 4;
const RETRY_MS = { base: 500, ceiling: 5_000 } as const;
/** The longest time for which a worker that stops waits for the store. */
const STOP_LIMIT_MS = 3_000;
/** If records of a dead worker can't be read, another attempt follows after this time. */
const AGAIN_MS = 10_000;

/**
 * The deferred tasks of a worker, and those that it has taken over from dead workers. It keeps them in a store, sends
 * their heartbeats until the service no longer wants them, and reports those as failed that nobody completes in time.
 * If a process that completes a task dies before the service has accepted the outcome, a worker reports it.
 */
export class Deferrals {
  readonly #world: DeferralsWorld;
  readonly #store: LimitedStore;
  readonly #records: DeferredRecords;
  readonly #leases: WorkerLeases;
  readonly #tasks = new DeferredTasks();
  readonly #stopped = new Abort();
  /** Resolves when there may be room for a task that waits because as many as allowed are held. */
  #change = withResolvers<void>();
  #keeping = 0;
  #isDraining = false;
  /** The keys of decided outcomes, with the time at which each was first seen. */
  readonly #decided = new Map<string, number>();
  readonly #reporting = new Set<string>();
  readonly #holds = new Map<string, Hold>();
  readonly #reports = new Set<Report>();

  constructor(world: DeferralsWorld) {
    this.#world = world;
    const { clock, log, listener } = world;
    this.#store = new LimitedStore(world.store, { clock, trouble: listener });
    this.#records = new DeferredRecords(this.#store, new RecordReader(log));
    this.#leases = new WorkerLeases({
      ...world,
      store: this.#store,
      use: 'deferred',
      records: KEY_PREFIX.deferred,
      reserved: DEFERRED_RESERVED,
      onTaken: (left) => this.#takeOver(left),
    });
  }

  /** The number of deferred tasks that this worker holds. */
  get held(): number {
    return this.#tasks.size;
  }

  start(): void {
    this.#leases.start();
    void this.#watchDecided();
  }

  /** Lets tasks that wait for room be kept without it, since other workers take them over. */
  drain(): void {
    this.#isDraining = true;
    this.#wake();
  }

  /** Sends no more heartbeats. Other workers take the tasks over at once. Takes at most 3 s, and never rejects. */
  async stop(): Promise<void> {
    this.#stopped.abort(undefined);
    const left = this.#leases.stop({ isEmpty: this.#tasks.size === 0 });
    for (const token of [...this.#holds.keys()]) this.#release(token);
    for (const report of this.#reports) report.cancel(new Error('the worker stops'));
    await within(this.#world.clock, STOP_LIMIT_MS, left);
    this.#store.close();
  }

  /**
   * Keeps a task that its handler has deferred, and holds it. Waits first while as many tasks are held as allowed. Keeps
   * nothing of a task that is gone.
   * @throws StoreError if the task can't be kept
   */
  async defer({ lease, handler, checkpoint, id, until, isGone, isWanted }: TaskToDefer): Promise<void> {
    while (this.#isFull && !this.#isDraining && !isGone()) await this.#change.promise;
    if (isGone()) return;
    const { token } = lease;
    const { name, activityArn, heartbeatMs } = handler;
    const deferredAt = this.#world.clock.now();
    const task = { id, token, handler: name, activityArn, heartbeatMs, deferredAt, until, checkpoint };
    this.#keeping++;
    try {
      const own = await this.#keep(task, isWanted);
      if (isGone()) await quietly(this.#records.remove(task, own));
      else void this.#hold(task, own);
    } finally {
      this.#keeping--;
      this.#wake();
    }
  }

  get #isFull(): boolean {
    return this.#tasks.size + this.#keeping >= this.#world.most;
  }

  /** Lets the tasks that wait for room look again. */
  #wake(): void {
    const { resolve } = this.#change;
    this.#change = withResolvers();
    resolve();
  }

  /** Returns the id of the lease below which the task is kept. */
  async #keep(task: DeferredRecord, isWanted: () => Promise<boolean>): Promise<string> {
    const { clock, random } = this.#world;
    for (let attempt = 1; ; attempt++) {
      const { own } = this.#leases;
      try {
        if (own === undefined)
          throw new StoreError('unavailable', `${this.#store.name} holds no lease of this worker`);
        await this.#records.keep(task, own, { now: clock.now(), isWanted });
        return own;
      } catch (error) {
        if (attempt >= ATTEMPTS) throw error;
        await clock.sleep(fullJitter(attempt, RETRY_MS.base, RETRY_MS.ceiling, random) + RETRY_MS.base);
      }
    }
  }

  /** Resolves when the task is over and its records are removed, or when it is released. */
  #hold(task: DeferredRecord, lease: string): Promise<void> {
    const { clock, heartbeats, reportsOf, listener } = this.#world;
    const reports = reportsOf(task.activityArn);
    if (!reports || this.#stopped.aborted) return Promise.resolve();
    const released = withResolvers<void>();
    const end = async (how: DeferralEnd): Promise<void> => {
      this.#tasks.release(task.token);
      listener.taskEnded(task, how);
      await quietly(this.#records.remove(task, lease));
      this.#release(task.token);
    };
    const world = { clock, heartbeats, port: reports.port };
    this.#tasks.hold(task, world, {
      onOver: () => void end('over'),
      onExpired: () => void this.#expire(task, reports),
    });
    this.#holds.set(task.token, { released, end });
    return released.promise;
  }

  /** Holds a task no longer, and lets another one take its place. */
  #release(token: string): void {
    this.#tasks.release(token);
    this.#holds.get(token)?.released.resolve();
    this.#holds.delete(token);
    this.#wake();
  }

  /** Reports a task as failed whose time is over, or as it was decided before. */
  async #expire(task: DeferredRecord, reports: ReportWorld): Promise<void> {
    const { clock } = this.#world;
    const failure = expiredFailure(task.until - task.deferredAt);
    const decided = await quietly(this.#records.decide(task, failure, clock.now()));
    const told = await this.#tell(task, decided?.outcome ?? failure, reports);
    const hold = this.#holds.get(task.token);
    if (told) return hold?.end(told === 'accepted' && decided?.isFirst !== false ? 'expired' : 'over');
    // An outcome that the store has is reported again from there.
    if (decided) return;
    await clock.sleep(AGAIN_MS, this.#stopped);
    if (hold && this.#holds.get(task.token) === hold) await this.#expire(task, reports);
  }

  /**
   * Reports an outcome that was decided, and removes its record when the service has accepted it or no longer wants the
   * task. Resolves to undefined if the report was given up: the record stays, and the outcome is reported again later.
   */
  async #tell(
    task: Pick<DeferredRecord, 'token' | 'handler' | 'checkpoint'>,
    outcome: Outcome,
    reports: ReportWorld,
  ): Promise<'accepted' | 'gone' | undefined> {
    if (this.#stopped.aborted) return undefined;
    const report = new Report(task.token, reports, () => {});
    this.#reports.add(report);
    const { kind } = await report.send(outcome);
    this.#reports.delete(report);
    if (kind === 'lost' || this.#stopped.aborted) return undefined;
    if (kind === 'accepted') this.#world.onAccepted(task, outcome);
    await quietly(this.#records.forget(task));
    return kind;
  }

  /** Holds the tasks that another worker has left. Resolves to true when none of them is left. */
  async #takeOver(left: Left): Promise<boolean> {
    const tasks = await this.#readLeft(left);
    if (!tasks) return false;
    this.#world.listener.taken(left, tasks.length);
    const release = (): void => tasks.forEach(({ token }) => this.#release(token));
    left.signal.addEventListener('abort', release);
    await Promise.all(tasks.map((task) => this.#hold(task, left.id)));
    left.signal.removeEventListener('abort', release);
    return !left.signal.aborted && tasks.every(({ activityArn }) => this.#world.reportsOf(activityArn));
  }

  async #readLeft({ id, signal }: Left): Promise<DeferredRecord[] | undefined> {
    while (!signal.aborted && !this.#stopped.aborted) {
      const tasks = await quietly(this.#records.heldBy(id));
      if (tasks) return tasks;
      await this.#world.clock.sleep(AGAIN_MS, signal);
    }
    return undefined;
  }

  /** Looks for outcomes that were decided long ago and are not accepted, and reports them. */
  async #watchDecided(): Promise<void> {
    const { clock } = this.#world;
    while (!this.#stopped.aborted) {
      const keys = await quietly(this.#records.decidedKeys());
      if (keys) this.#seen(keys);
      await clock.sleep(RENEW_MS, this.#stopped);
    }
  }

  #seen(keys: readonly string[]): void {
    const now = this.#world.clock.now();
    for (const key of this.#decided.keys()) if (!keys.includes(key)) this.#decided.delete(key);
    for (const key of keys) {
      const since = this.#decided.get(key) ?? now;
      this.#decided.set(key, since);
      if (now - since >= LAPSE_MS && !this.#reporting.has(key)) void this.#deliver(key);
    }
  }

  async #deliver(key: string): Promise<void> {
    this.#reporting.add(key);
    const kept = await quietly(this.#records.decided(key));
    const reports = kept && this.#world.reportsOf(kept.activityArn);
    const told = reports && (await this.#tell(kept, kept.outcome, reports));
    if (told) await this.#holds.get(kept.token)?.end('over');
    this.#reporting.delete(key);
  }
}
