import { createHash } from 'node:crypto';
import type { Beats } from './beats.js';
import type { HandlerKey, OperationName } from './plan.js';
import { EPOCH, type SimulatedProcess, type Timeline } from './timeline.js';

/** A lease, as the service and the wire saw it. Instants are epoch milliseconds. */
export interface Lease {
  /** The number that stands for its token. */
  readonly n: number;
  readonly token: string;
  readonly handler: HandlerKey;
  readonly input: string;
  readonly leasedAt: number;
  /** The process whose poll it answered. */
  readonly to: SimulatedProcess;
  /** When its token arrived there; undefined while or where it did not. */
  receivedAt: number | undefined;
  /** What kept the token from arriving. */
  lost: string | undefined;
  /** The last heartbeat that the service accepted, or the lease. */
  beatAt: number;
  /** The last time that the worker sent a heartbeat, or its receipt. */
  sentBeatAt: number;
  /** Undefined before its receipt, and where none are sent. */
  beats: Beats | undefined;
  /** The outcome that the service accepted. */
  accepted: Outcome | undefined;
  acceptedAt: number | undefined;
  /** When its process was told that its outcome was accepted. */
  toldAcceptedAt: number | undefined;
  /** When an answer told the worker that the task is gone. */
  toldGoneAt: number | undefined;
  /** The process or thread that an answer last told so. */
  goneTo: SimulatedProcess | undefined;
  /** The outcome that was last sent. */
  sent: Outcome | undefined;
  /** An outcome was refused by the service for its text. */
  refused: boolean;
  /** True once its handler was called. */
  begun: boolean;
  /** The event that ended it at the worker. */
  ended: string | undefined;
  /** The instant at which the service gave it up. */
  lapsedAt: number | undefined;
  /** True where its execution was stopped. */
  aborted: boolean;
  /** True once another task may have asked the service about it, by a heartbeat. */
  asked: boolean;
}

export interface Outcome {
  readonly status: 'succeeded' | 'failed';
  readonly text: string;
}

/** What may be hurt of a worker. */
export type Hurt = OperationName | 'process' | 'keys' | 'throttled heartbeats' | HandlerKey;

/** Everything that happened in a run: a hash of it all, its last lines, and each lease. */
export class Chronicle {
  readonly leases = new Map<string, Lease>();
  readonly byNumber: Lease[] = [];
  /** The leases of which something may still be checked. */
  readonly live = new Set<Lease>();
  readonly #hash = createHash('sha256');
  readonly #lines: string[] = [];
  #pending = '';
  #count = 0;
  /** The last trouble, by worker and operation. */
  readonly #troubles = new Map<string, number>();

  constructor(
    private readonly timeline: Timeline,
    private readonly keep: number,
  ) {}

  get lines(): readonly string[] {
    return this.#lines;
  }

  get count(): number {
    return this.#count;
  }

  /** Notes what happened. @param whole what goes into the hash with it, and is too long for the lines */
  add(who: string, what: string, whole = ''): void {
    const line = `${this.timeline.now - EPOCH} ${who} ${what}`;
    this.#count++;
    this.#pending += `${line}\n${whole}`;
    if (this.#pending.length > 8_192) this.#flush();
    if (this.keep === 0) return;
    this.#lines.push(line);
    if (this.#lines.length > 2 * this.keep) this.#lines.splice(0, this.keep);
  }

  /** Returns the hash of all lines. To be called once, at the end. */
  digest(): string {
    this.#flush();
    return this.#hash.digest('hex').slice(0, 16);
  }

  lease(token: string): Lease | undefined {
    return this.leases.get(token);
  }

  open(lease: Omit<Lease, 'n'>): Lease {
    const made = { ...lease, n: this.byNumber.length };
    this.leases.set(made.token, made);
    this.byNumber.push(made);
    this.live.add(made);
    return made;
  }

  /**
   * Notes that the plan has hurt a worker, which excuses what follows from it.
   * @param what an operation, `process` for all of it, or the one handler that is hurt
   * @param ms for how long it lasts
   */
  trouble(worker: number, what: Hurt, ms = 0): void {
    const until = this.timeline.now + ms;
    for (const key of [`${worker} ${what}`, `${worker}`])
      this.#troubles.set(key, Math.max(until, this.#troubles.get(key) ?? 0));
  }

  /** Returns how long ago the plan last hurt a worker, in one of these if any are given; Infinity where it never did. */
  sinceTrouble(worker: number, ...what: readonly Hurt[]): number {
    const keys = what.length > 0 ? what.map((each) => `${worker} ${each}`) : [`${worker}`];
    const last = Math.max(...keys.map((key) => this.#troubles.get(key) ?? Number.NEGATIVE_INFINITY));
    return this.timeline.now - last;
  }

  #flush(): void {
    this.#hash.update(this.#pending);
    this.#pending = '';
  }
}
