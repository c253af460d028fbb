import { systemClock } from '../../src/framework/base/time/clock.js';
import {
  type Candidate,
  startWorker,
  type WorkerProcess,
  type WorkerSettings,
} from '../../bench/support/workers.js';
import type { Fate } from './judge.js';

const nameOf = (nth: number): string => `w${nth}`;

/** Two workers, always: whoever is told to go, or ends by itself, is replaced at once. */
export class Fleet {
  readonly fates: Fate[] = [];
  /** How many ended without having been told to. */
  crashes = 0;
  readonly #running: WorkerProcess[] = [];
  readonly #leaving = new Set<WorkerProcess>();
  #started = 0;
  #closing = false;

  constructor(
    private readonly candidate: Candidate,
    private readonly settings: Omit<WorkerSettings, 'name' | 'log'>,
    private readonly logOf: (worker: string) => string,
  ) {}

  /** All that were ever started. */
  get names(): readonly string[] {
    return Array.from({ length: this.#started }, (_, i) => nameOf(i + 1));
  }

  start(): void {
    const name = nameOf(++this.#started);
    const worker = startWorker(this.candidate, { ...this.settings, name, log: this.logOf(name) });
    this.#running.push(worker);
    void worker.ended.then(() => this.#onEnded(worker));
  }

  /** The oldest drains, or is killed; another takes its place. */
  replaceOldest(signal: 'SIGTERM' | 'SIGKILL'): void {
    const worker = this.#running.shift();
    if (worker) this.#dismiss(worker, signal);
    this.start();
  }

  /** Lets everybody drain. @returns how many had to be killed because they did not end in time. */
  async close(limitMs: number): Promise<number> {
    this.#closing = true;
    for (const worker of this.#running.splice(0)) this.#dismiss(worker, 'SIGTERM');
    const left = [...this.#leaving];
    await Promise.race([
      Promise.all(left.map(({ ended }) => ended)),
      systemClock.sleep(limitMs, AbortSignal.timeout(limitMs)),
    ]);
    const stuck = [...this.#leaving];
    for (const worker of stuck) worker.kill('SIGKILL');
    await Promise.all(stuck.map(({ ended }) => ended));
    return stuck.length;
  }

  #dismiss(worker: WorkerProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
    const now = systemClock.now();
    const how = signal === 'SIGKILL' ? { killedAt: now } : { drainedAt: now };
    this.fates.push({ worker: worker.name, ...how });
    this.#leaving.add(worker);
    worker.kill(signal);
  }

  #onEnded(worker: WorkerProcess): void {
    this.#leaving.delete(worker);
    const index = this.#running.indexOf(worker);
    if (index < 0) return;
    this.#running.splice(index, 1);
    this.crashes++;
    if (!this.#closing) this.start();
  }
}
