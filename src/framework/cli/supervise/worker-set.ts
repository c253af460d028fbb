import type { Clock } from '../../base/time/clock.js';
import { showDuration } from '../../base/time/duration.js';
import type { Logger } from '../../base/log/log.js';
import { deferred, within } from '../../base/time/wait.js';
import type { PlanSummary } from './set-messages.js';
import { ProcessSlot, QUICK_MS } from './process-slot.js';
import {
  type ProcessExit,
  NotStarted,
  type RunOptions,
  showExit,
  type WorkerProcess,
} from './worker-process.js';

/** What a set is made of. */
export interface SetParts {
  readonly count: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** What each process is run with. */
  readonly run: Pick<RunOptions, 'flags' | 'log'>;
  readonly fork: () => WorkerProcess;
  /** @param isNew whether what it says may differ from what was said before. @returns as {@link RunOptions.onPlanned} does */
  readonly onPlanned: (planned: PlanSummary, isNew: boolean) => Promise<number | undefined>;
  /** How long a drain may take, in milliseconds. */
  readonly longestDrainMs: () => number;
  /** Called when a process has ended. */
  readonly onEnded: (worker: WorkerProcess) => void;
  /** How long a process may say nothing, which is its main thread's silence. */
  readonly stallAfterMs: () => number | false;
  /** Called once, when the first process takes tasks. */
  readonly onFirst: (worker: WorkerProcess) => void;
  /** Called when all do that are to, once. */
  readonly onAll: () => void;
}

/** So many quick ends of one slot in a row, and no process of the set that has run for a while, end it. */
const MOST_FAILURES = 5;
const TICK_MS = 1_000;
/** Processes say something each second. One that says nothing for longer has a main thread that is blocked. */
export const SILENT_MS = 5_000;
/** How long a process that a reload began may take until it is ready. */
const READY_LIMIT_MS = 10 * 60_000;
/** What is waited for, beyond the time that a drain may take, before a process is killed. */
const OVERTIME_MS = 1_000;
/** How long what is to end at once may take to end what it started. */
const LEAVE_MS = 1_000;

/**
 * Keeps a number of processes running, until it is told to stop. Where one ends another takes its slot; what ends
 * quickly is started again ever later. Each drains by itself, and none touches another.
 */
export class WorkerSet {
  readonly slots: readonly ProcessSlot[];
  /** Every process that has not ended. */
  readonly processes = new Set<WorkerProcess>();
  isStopping = false;
  readonly #parts: SetParts;
  readonly #silentMs = new WeakMap<WorkerProcess, number>();
  readonly #stopAsked = deferred<void>();
  readonly #firstRuns = deferred<void>();
  /** Whether any has run, and whether all have at once. */
  #hasRun = false;
  #haveAllRun = false;
  #failure: { readonly error: unknown } | undefined;
  #code = 0;
  /** What was last said to be wrong. */
  #said = '';
  /** Reloads that were asked for, and the one that goes on. */
  #asked = 0;
  #reloading: Promise<void> | undefined;

  constructor(parts: SetParts) {
    this.#parts = parts;
    this.slots = Array.from({ length: parts.count }, (_, index) => new ProcessSlot(index + 1, parts.clock));
  }

  /**
   * Runs them until `stop` aborts, and then until all have ended.
   * @returns 1 where one had to be killed at the end, or ended otherwise than with 0
   * @throws NotStarted where they can't be started, or end again and again
   * @throws what `onPlanned` throws
   */
  async run(stop: AbortSignal): Promise<number> {
    const { clock } = this.#parts;
    stop.addEventListener('abort', () => this.#stop());
    if (stop.aborted) this.#stop();
    const cancel = clock.every(TICK_MS, () => this.#watch());
    const [first, ...others] = this.slots;
    const kept = first ? [this.#keep(first)] : [];
    // What is wrong with all of them is told by one.
    await Promise.race([this.#firstRuns.promise, this.#stopAsked.promise]);
    kept.push(...others.map((slot) => this.#keep(slot)));
    await Promise.all(kept);
    await this.#reloading;
    await Promise.all([...this.processes].map(({ ended }) => ended));
    cancel();
    if (this.#failure) throw this.#failure.error;
    return this.#code;
  }

  /** Puts a new process in each slot, one after another, each ready before its old one takes no more tasks. */
  reload(): void {
    if (this.isStopping) return;
    this.#asked++;
    this.#reloading ??= this.#reloadAll().finally(() => (this.#reloading = undefined));
  }

  /** Ends all of them, with what they started. Resolves when they have ended. */
  async endAtOnce(): Promise<void> {
    const all = [...this.processes];
    for (const worker of all) worker.endAtOnce();
    const ended = Promise.all(all.map((worker) => worker.ended));
    if (!(await within(this.#parts.clock, LEAVE_MS, ended))) this.kill();
    await ended;
  }

  kill(): void {
    for (const worker of this.processes) worker.kill();
  }

  /** For how long a process has said nothing, in milliseconds. */
  silentMs(worker: WorkerProcess): number {
    return this.#silentMs.get(worker) ?? 0;
  }

  async #keep(slot: ProcessSlot): Promise<void> {
    while (!this.isStopping) {
      const worker = slot.current ?? (await this.#begin(slot));
      if (!worker) continue;
      const ending = await worker.ended;
      await slot.replaced;
      if (slot.current !== worker) continue;
      if (this.isStopping) return;
      await this.#lost(slot, `its process has ended (${showExit(ending)})`, worker.pid);
    }
  }

  /** @returns it, once it takes tasks; undefined where it does not, and it is time to try again. */
  async #begin(slot: ProcessSlot): Promise<WorkerProcess | undefined> {
    const starting = this.#start(slot, !this.#hasRun);
    const begun = starting.then((worker) => this.#runs(slot, worker));
    slot.begun = begun.catch(() => {});
    try {
      await begun;
      return await starting;
    } catch (error) {
      if (!this.isStopping) await this.#failed(slot, error);
      return undefined;
    }
  }

  #runs(slot: ProcessSlot, worker: WorkerProcess): void {
    const { onFirst, onAll, log, count } = this.#parts;
    slot.take(worker);
    if (slot.restarts > 0)
      log.info({ process: slot.number, pid: worker.pid }, `process ${slot.number} of ${count} runs again`);
    if (!this.#hasRun) onFirst(worker);
    this.#hasRun = true;
    this.#firstRuns.resolve();
    if (this.#haveAllRun || !this.slots.every(({ current }) => current)) return;
    this.#haveAllRun = true;
    onAll();
  }

  async #failed(slot: ProcessSlot, error: unknown): Promise<void> {
    if (!(error instanceof NotStarted)) return this.#giveUp(error);
    if (!this.#hasRun && error.said) return this.#giveUp(error);
    if (error.said && error.message !== this.#said) process.stderr.write(`${error.message}\n`);
    if (error.said) this.#said = error.message;
    await this.#lost(slot, error.said ? 'it does not start' : `it does not start: ${error.message}`);
  }

  /** A slot has lost its process, or got none. */
  async #lost(slot: ProcessSlot, why: string, pid?: number): Promise<void> {
    const { log, count } = this.#parts;
    const pauseMs = slot.lose(why);
    const name = `process ${slot.number} of ${count}`;
    if (slot.failures >= MOST_FAILURES && !this.slots.some(({ isSteady }) => isSteady)) {
      const often = `${slot.failures} times in a row it ended before it ran for ${showDuration(QUICK_MS)}, and no other runs`;
      return this.#giveUp(new NotStarted(`${name}: ${why}; ${often}`, true));
    }
    const when = pauseMs === 0 ? 'another starts' : `another starts in ${showDuration(pauseMs)}`;
    log.error({ process: slot.number, pid }, `${name}: ${why}; ${when}`);
    await slot.pause(pauseMs);
  }

  /** Runs a process in a slot. @throws NotStarted, and what `onPlanned` throws. */
  async #start(slot: ProcessSlot, isNew: boolean): Promise<WorkerProcess> {
    const { fork, run, onPlanned, count } = this.#parts;
    const worker = fork();
    this.processes.add(worker);
    void worker.ended.then((ending) => this.#ended(worker, ending));
    worker.onSaid(() => this.#silentMs.set(worker, 0));
    const member = { number: slot.number, of: count };
    await worker.run({ ...run, member, onPlanned: (planned) => onPlanned(planned, isNew) });
    return worker;
  }

  #ended(worker: WorkerProcess, { code }: ProcessExit): void {
    this.processes.delete(worker);
    this.#parts.onEnded(worker);
    if (this.isStopping && code !== 0) this.#code = 1;
  }

  #giveUp(error: unknown): void {
    this.#failure ??= { error };
    this.#stop();
  }

  #stop(): void {
    if (this.isStopping) return;
    this.isStopping = true;
    this.#stopAsked.resolve();
    for (const slot of this.slots) slot.endPause();
    for (const worker of this.processes) this.#drain(worker);
  }

  #drain(worker: WorkerProcess): void {
    const { clock, longestDrainMs, log } = this.#parts;
    const limit = longestDrainMs() + OVERTIME_MS;
    worker.drain();
    const cancel = clock.after(limit, () => {
      log.error({ pid: worker.pid }, `a process has not drained within ${showDuration(limit)}: it is killed`);
      worker.kill();
    });
    void worker.ended.then(cancel);
  }

  /** A main thread that is blocked for good would keep its slot for ever. Counted in turns of our own. */
  #watch(): void {
    const { log, stallAfterMs, count } = this.#parts;
    const limit = stallAfterMs();
    for (const { current: worker, number } of this.slots) {
      if (!worker) continue;
      const silent = this.silentMs(worker) + TICK_MS;
      this.#silentMs.set(worker, silent);
      if (limit === false || silent < limit + SILENT_MS) continue;
      const said = `process ${number} of ${count}: nothing was heard of it for ${showDuration(silent)}, so that its main thread is taken for stuck: it is killed`;
      log.error({ process: number, pid: worker.pid }, said);
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

  /** @returns whether all are new. */
  async #reloadOnce(): Promise<boolean> {
    const { log } = this.#parts;
    let isNew = true;
    for (const slot of this.slots) {
      // What starts now may have read the old code.
      await slot.begun;
      if (this.isStopping) return false;
      if (!slot.current) slot.endPause();
      else {
        const replacing = this.#replace(slot, isNew);
        slot.replaced = replacing;
        const why = await replacing;
        if (this.isStopping) return false;
        if (why !== undefined) {
          log.error({ process: slot.number }, `the reload ends here, and what runs goes on: ${why}`);
          return false;
        }
        isNew = false;
      }
    }
    return true;
  }

  /** @returns why it could not be done. */
  async #replace(slot: ProcessSlot, isNew: boolean): Promise<string | undefined> {
    const { clock, log, count } = this.#parts;
    const old = slot.current;
    let next: WorkerProcess | undefined;
    try {
      next = await this.#start(slot, isNew);
      const endedFirst = next.ended.then((ending) => {
        throw new NotStarted(`the new process has ended (${showExit(ending)})`, true);
      });
      const ready = Promise.race([next.ready, endedFirst, this.#stopAsked.promise]);
      if (!(await within(clock, READY_LIMIT_MS, ready)))
        throw new NotStarted(`the new process was not ready within ${showDuration(READY_LIMIT_MS)}`, true);
      if (this.isStopping) return undefined;
      slot.take(next);
      if (old) this.#drain(old);
      log.info({ process: slot.number, pid: next.pid }, `process ${slot.number} of ${count} is new`);
      return undefined;
    } catch (error) {
      if (next) this.#drain(next);
      return error instanceof Error ? error.message : String(error);
    }
  }
}
