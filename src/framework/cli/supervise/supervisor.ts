import { Abort } from '../../base/abort.js';
import type { Clock } from '../../base/time/clock.js';
import { showDuration } from '../../base/time/duration.js';
import type { Logger } from '../../base/log/log.js';
import { withResolvers, unlessAborted, within } from '../../base/time/wait.js';
import { CLOSE_LIMIT_MS, longestDrain } from '../../worker/worker.js';
import type { PlanSummary } from './plan-summary.js';
import { type SetMember, QUICK_MS } from './set-member.js';
import {
  NotStarted,
  OVERTIME_MS,
  type ProcessExit,
  type RunOptions,
  showExit,
  type WorkerProcess,
} from './worker-process.js';
import { type ReplaceOptions, ProcessSet } from './process-set.js';

/** The parts from which a supervisor is made. */
export interface SupervisorParts {
  /** The number of processes to keep running. */
  readonly count: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** The flags and the log settings with which every process is started. */
  readonly run: Pick<RunOptions, 'flags' | 'log'>;
  readonly fork: () => WorkerProcess;
  /**
   * Called with the plan (the settings and handlers) that a new process has read and checked.
   * @param isNew true if the plan may differ from the previous one
   * @returns the local service's port; undefined if the worker connects to another endpoint
   */
  readonly onPlanned: (plan: PlanSummary, isNew: boolean) => Promise<number | undefined>;
  /** Called once, when the first process takes tasks. */
  readonly onFirst: (worker: WorkerProcess) => void;
  /** Called once, when all processes take tasks. */
  readonly onAll: () => void;
  /** Called when a process has exited. */
  readonly onEnded: (worker: WorkerProcess) => void;
}

/**
 * If the process of one member has exited quickly this many times in a row, the supervisor stops with an error, unless
 * another member's process has been running for a while.
 */
const MOST_FAILURES = 5;
const TICK_MS = 1_000;
/**
 * Each process sends a message every second. If a process sends none for longer than this many milliseconds, its main
 * thread is blocked.
 */
export const SILENT_MS = 5_000;
/**
 * The most milliseconds that a new process may take to import the project and run `setup`. During a reload, it must
 * even be ready to take tasks within this time.
 */
const START_LIMIT_MS = 10 * 60_000;

/**
 * Keeps a number of worker processes running until it is told to stop. If a process exits, another is started; if it
 * exited quickly, that happens after a pause, which doubles each time. A failing process doesn't affect the others.
 */
export class Supervisor {
  readonly workers: ProcessSet;
  readonly #parts: SupervisorParts;
  readonly #stop = new AbortController();
  readonly #silentMs = new WeakMap<WorkerProcess, number>();
  readonly #firstRuns = withResolvers<void>();
  /** `#hasRun` is true once any process has run, `#haveAllRun` once all processes have run at the same time. */
  #hasRun = false;
  #haveAllRun = false;
  #failure: { readonly error: unknown } | undefined;
  #code = 0;
  /** The last reason for a failed start that was printed, so that the same reason isn't printed again. */
  #printed = '';
  /**
   * The number of requested reloads. If a reload is requested while another is running, all processes are replaced once
   * more after it.
   */
  #asked = 0;
  #reloading: Promise<void> | undefined;

  constructor(parts: SupervisorParts) {
    this.#parts = parts;
    const { count, clock, run } = parts;
    this.workers = new ProcessSet({
      ...{ count, clock },
      fork: () => this.#fork(),
      runOptions: ({ number }) => ({ ...run, member: { number, of: count } }),
      onDrain: (worker) => this.#limitDrain(worker),
      onExit: (worker, exit) => this.#exited(worker, exit),
    });
  }

  get isStopping(): boolean {
    return this.#stop.signal.aborted;
  }

  /**
   * Runs the processes until `stop` aborts, and then waits until all have exited.
   * @returns 1 if, after `stop` aborted, a process was killed or exited with a code other than 0; otherwise 0
   * @throws NotStarted if processes can't be started, or exit again and again
   * @throws whatever `onPlanned` throws
   */
  async run(stop: AbortSignal): Promise<number> {
    stop.addEventListener('abort', () => this.#drain());
    if (stop.aborted) this.#drain();
    const cancel = this.#parts.clock.every(TICK_MS, () => this.#watch());
    const [first, ...others] = this.workers.members;
    const kept = first ? [this.#keep(first)] : [];
    // The first process is started alone, so that a problem which all processes have is reported once.
    await unlessAborted(this.#stop.signal, this.#firstRuns.promise).catch(() => {});
    kept.push(...others.map((member) => this.#keep(member)));
    await Promise.all(kept);
    await this.#reloading;
    await this.workers.exited();
    cancel();
    if (this.#failure) throw this.#failure.error;
    return this.#code;
  }

  /**
   * Replaces all processes by new ones, one after another. Each old process drains (finishes its tasks and takes no
   * more) when the new one is ready.
   */
  reload(): void {
    if (this.isStopping) return;
    this.#asked++;
    this.#reloading ??= this.#reloadAll().finally(() => (this.#reloading = undefined));
  }

  /**
   * Returns the milliseconds since a process last sent a message. Time in which this process itself was stopped isn't
   * counted.
   */
  silentMs(worker: WorkerProcess): number {
    return this.#silentMs.get(worker) ?? 0;
  }

  #fork(): WorkerProcess {
    const worker = this.#parts.fork();
    worker.onMessage(() => this.#silentMs.set(worker, 0));
    return worker;
  }

  #exited(worker: WorkerProcess, { code }: ProcessExit): void {
    this.#parts.onEnded(worker);
    if (this.isStopping && code !== 0) this.#code = 1;
  }

  /** Keeps a process running for a member until the supervisor is told to stop. */
  async #keep(member: SetMember): Promise<void> {
    while (!this.isStopping) {
      const worker = member.current ?? (await this.#begin(member));
      if (!worker) continue;
      const exit = await worker.ended;
      if (member.current !== worker) continue;
      if (this.isStopping) return;
      await this.#lost(member, `its process has ended (${showExit(exit)})`, worker.pid);
    }
  }

  /**
   * Starts a process for a member without a process. If that fails, waits until the next attempt is due. @returns the process;
   * undefined if none was started
   */
  async #begin(member: SetMember): Promise<WorkerProcess | undefined> {
    const starting = this.#replace(member, !this.#hasRun);
    member.starting = starting.catch(() => {});
    try {
      const worker = await starting;
      this.#runs(member, worker);
      return worker;
    } catch (error) {
      if (!this.isStopping) await this.#failed(member, error);
      return undefined;
    }
  }

  /**
   * Starts a process for a member. The start fails if the process hasn't sent its plan (the settings and handlers) within
   * {@link START_LIMIT_MS} or, if `untilReady` is given, isn't ready by then. Without `untilReady` there is no limit
   * after the plan: a process may wait a long time until Step Functions can be reached.
   * @throws NotStarted if the limit is reached
   */
  async #replace(
    member: SetMember,
    isNew: boolean,
    untilReady?: ReplaceOptions['untilReady'],
  ): Promise<WorkerProcess> {
    const limit = new Abort();
    let why = CODE_HANGS;
    const cancel = this.#parts.clock.after(START_LIMIT_MS, () => limit.abort(new NotStarted(why, true)));
    const onPlanned: RunOptions['onPlanned'] = (plan) => {
      why = NOT_READY;
      if (!untilReady) cancel();
      return this.#parts.onPlanned(plan, isNew);
    };
    try {
      return await this.workers.replace(member, { onPlanned, untilReady, signal: limit });
    } finally {
      cancel();
    }
  }

  #runs({ number, restarts }: SetMember, worker: WorkerProcess): void {
    const { onFirst, onAll, log, count } = this.#parts;
    if (restarts > 0)
      log.info({ process: number, pid: worker.pid }, `process ${number} of ${count} runs again`);
    if (!this.#hasRun) onFirst(worker);
    this.#hasRun = true;
    this.#firstRuns.resolve();
    if (this.#haveAllRun || !this.workers.members.every(({ current }) => current)) return;
    this.#haveAllRun = true;
    onAll();
  }

  async #failed(member: SetMember, error: unknown): Promise<void> {
    if (!(error instanceof NotStarted)) return this.#giveUp(error);
    if (!this.#hasRun && error.isExplained) return this.#giveUp(error);
    if (error.isExplained && error.message !== this.#printed) process.stderr.write(`${error.message}\n`);
    if (error.isExplained) this.#printed = error.message;
    await this.#lost(member, error.isExplained ? 'it does not start' : `it does not start: ${error.message}`);
  }

  /**
   * Records that a member's process has exited or could not be started, and waits until the next start is due. If this
   * has happened too often in a row, the supervisor stops with an error.
   */
  async #lost(member: SetMember, why: string, pid?: number): Promise<void> {
    const { log, count } = this.#parts;
    const pauseMs = member.vacate(why);
    const name = `process ${member.number} of ${count}`;
    if (member.failures >= MOST_FAILURES && !this.workers.members.some(({ isSteady }) => isSteady)) {
      const often = `${member.failures} times in a row it ended before it ran for ${showDuration(QUICK_MS)}, and no other runs`;
      return this.#giveUp(new NotStarted(`${name}: ${why}; ${often}`, true));
    }
    const when = pauseMs === 0 ? 'another starts' : `another starts in ${showDuration(pauseMs)}`;
    log.error({ process: member.number, pid }, `${name}: ${why}; ${when}`);
    await member.pause(pauseMs);
  }

  #giveUp(error: unknown): void {
    this.#failure ??= { error };
    this.#drain();
  }

  #drain(): void {
    if (this.isStopping) return;
    this.#stop.abort();
    for (const member of this.workers.members) member.endPause();
    this.workers.drain();
  }

  /** Kills a process that drains for longer than its own grace allows, which a reload may have changed for others. */
  #limitDrain(worker: WorkerProcess): void {
    const { clock, log } = this.#parts;
    const { status, plan } = worker;
    // A process without a status is still starting, and has no tasks.
    const limit = (status && plan ? longestDrain(plan.graceMs) : CLOSE_LIMIT_MS) + OVERTIME_MS;
    const cancel = clock.after(limit, () => {
      log.error({ pid: worker.pid }, `a process has not drained within ${showDuration(limit)}: it is killed`);
      worker.kill();
    });
    void worker.ended.then(cancel);
  }

  /**
   * Called once a second. Kills a process that has sent no message for too long: its main thread is blocked, and it
   * would otherwise keep its place for ever. The time is counted by calls of this method, so that time in which the
   * supervising process itself was stopped doesn't count.
   */
  #watch(): void {
    const { log, count } = this.#parts;
    for (const { current: worker, number } of this.workers.members) {
      // A member keeps its process when that has exited in a drain.
      if (!worker || !this.workers.processes.has(worker)) continue;
      const silent = this.silentMs(worker) + TICK_MS;
      this.#silentMs.set(worker, silent);
      const limit = worker.plan?.stallAfterMs ?? false;
      if (limit === false || silent < limit + SILENT_MS) continue;
      const what = `process ${number} of ${count}: it sent nothing for ${showDuration(silent)}, so its main thread counts as stuck: it is killed`;
      log.error({ process: number, pid: worker.pid }, what);
      worker.kill();
    }
  }

  async #reloadAll(): Promise<void> {
    const { log } = this.#parts;
    for (let done = 0; done < this.#asked && !this.isStopping;) {
      done = this.#asked;
      log.info('reload: each process is replaced, one after another');
      if (await this.#reloadOnce()) log.info('reloaded: all processes are new');
    }
    this.#asked = 0;
  }

  /** Replaces all processes by new ones, one after another. @returns true if all were replaced */
  async #reloadOnce(): Promise<boolean> {
    let isNew = true;
    for (const member of this.workers.members) {
      // A process that is starting now may have read the old code.
      await within(this.#parts.clock, START_LIMIT_MS, member.starting);
      if (this.isStopping) return false;
      if (!member.current) member.endPause();
      else {
        if (!(await this.#reloadMember(member, isNew))) return false;
        isNew = false;
      }
    }
    return true;
  }

  /**
   * Replaces the process of one member.
   * @returns false if the new process didn't start; the old one then keeps running
   */
  async #reloadMember(member: SetMember, isNew: boolean): Promise<boolean> {
    const { log, count } = this.#parts;
    const { number } = member;
    try {
      const { pid } = await this.#replace(member, isNew, (next) =>
        unlessAborted(this.#stop.signal, untilReady(next)),
      );
      log.info({ process: number, pid }, `process ${number} of ${count} is new`);
      return true;
    } catch (error) {
      if (this.isStopping) return false;
      const why = error instanceof Error ? error.message : String(error);
      log.error({ process: number }, `the reload ends here, and the running processes continue: ${why}`);
      return false;
    }
  }
}

/** Waits until a process is ready. @throws NotStarted if the process exits before that */
function untilReady(next: WorkerProcess): Promise<void> {
  const exited = next.ended.then((exit) => {
    throw new NotStarted(`the new process has ended (${showExit(exit)})`, true);
  });
  return Promise.race([next.ready, exited]);
}

const CODE_HANGS = `the new process did not get past the import of the config and the activities, and \`setup\`, within ${showDuration(START_LIMIT_MS)}: something there never ends`;
const NOT_READY = `the new process was not ready within ${showDuration(START_LIMIT_MS)}`;
