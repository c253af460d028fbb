import type { Work } from '../handlers.js';
import type { Lease, Outcome } from '../chronicle.js';
import type { Watched } from '../invariants.js';
import type { Member } from '../member.js';
import type { HandlerKey } from '../plan.js';
import type { SimulatedProcess } from '../timeline.js';
import { SavedCheckpoints } from './checkpoints.js';
import { WorkDoneOnce } from './once.js';
import { LargePayloads } from './payloads.js';

/** The failures by which a worker ends any task. */
const OF_WORKERS = new Set(
  ['WorkerShutdown', 'HandlerCrashed', 'DeadlineExceeded'].map((name) => `Stepwright.${name}`),
);

/** Holds what tasks leave in a store against what is promised of it. */
export class Uses {
  readonly payloads: LargePayloads;
  readonly checkpoints: SavedCheckpoints;
  readonly once: WorkDoneOnce;
  /** The leases whose worker is busy with them, before, while or after their handler runs. */
  readonly #busy = new Set<Lease>();

  constructor(
    private readonly watched: Watched,
    private readonly broken: (invariant: string, what: string) => void,
  ) {
    this.payloads = new LargePayloads(watched, broken);
    this.checkpoints = new SavedCheckpoints(watched, broken);
    this.once = new WorkDoneOnce(watched, broken);
  }

  follow({ it }: Member): void {
    it.on('task:received', ({ token }) => {
      const lease = this.watched.chronicle.lease(token);
      const { does, waits } = workOf(lease);
      if (!lease || (does !== 'once' && does !== 'large' && !waits)) return;
      this.#busy.add(lease);
    });
    it.on('task:settled', ({ token }) => {
      const lease = this.watched.chronicle.lease(token);
      if (lease) this.#busy.delete(lease);
    });
  }

  /** Returns how many tasks of a handler have a slot while their handler isn't running: the store is waited for. */
  waiting(process: SimulatedProcess, key: HandlerKey, running: ReadonlySet<Lease>): number {
    let count = 0;
    for (const lease of this.#busy)
      if (lease.to === process && lease.handler === key && !running.has(lease)) count++;
    return count;
  }

  began(lease: Lease): void {
    if (workOf(lease).does === 'once') this.once.began(lease);
  }

  ended(lease: Lease): void {
    this.once.ended(lease);
  }

  /** Checks a report that leaves the worker which had the task. @returns false for one that is none of these uses */
  reportLeft(lease: Lease, outcome: Outcome): boolean {
    const { does } = workOf(lease);
    if (does !== 'once' && does !== 'large' && does !== 'saves') return false;
    const name = outcome.status === 'failed' ? (outcome.text.split(' ')[0] ?? '') : '';
    if (OF_WORKERS.has(name)) return true;
    // A checkpoint is not taken over while the service does not answer.
    const isAsked = does === 'saves' && outcome.text.includes('it did not answer');
    if (name === 'StoreError' && !this.watched.store.wasTroubled && !isAsked)
      this.broken(
        'store',
        `#${lease.n} failed by ${outcome.text.slice(0, 200)}, and the store has no trouble`,
      );
    else if (does === 'once') this.once.reportLeft(lease, outcome, name);
    else if (does === 'large') this.payloads.reportLeft(lease, outcome, name);
    else this.checkpoints.reportLeft(lease, outcome, name);
    return true;
  }

  /** Checks what is left in the store, after all workers have stopped. */
  async checkEnd(): Promise<void> {
    if (!this.watched.plan.uses) return;
    await this.checkpoints.checkEnd();
    await this.once.checkEnd();
  }
}

export const workOf = (lease: Lease | undefined): Partial<Work> =>
  lease ? (JSON.parse(lease.input) as Work) : {};
