// Loaded before the first story, as loading it takes real time.
import '../../../src/framework/worker/keep/limited-store.js';
import '../../../src/framework/worker/keep/once.js';
import {
  decodeRecord,
  KEY_PREFIX,
  keyPart,
  type RecordFields,
  tokenKey,
} from '../../../src/framework/worker/keep/record.js';
import type { Lease, Outcome } from '../chronicle.js';
import type { Work } from '../handlers.js';
import type { Watched } from '../invariants.js';
import type { StoreChange } from '../store.js';

/** The time for which outcomes are kept. No run takes so long. */
export const KEEP = '1d';

/** Names the task that has done a piece of work. */
export const doneBy = (token: string): string => tokenKey(token).slice(0, 12);

/** When somebody last asked the service about the task that does a piece of work, and when it may be asked again. */
interface Asked {
  readonly of: string;
  readonly at: number;
  readonly gapMs: number;
}

/** Holds work that is done once against what it promises. */
export class WorkDoneOnce {
  /** The tasks that have begun a piece of work and have not ended by themselves, by its key. */
  readonly #runners = new Map<string, Set<Lease>>();
  /** The outcomes that were kept. */
  readonly #outcomes = new Map<string, RecordFields>();
  readonly #asked = new Map<string, Asked>();

  constructor(
    private readonly watched: Watched,
    private readonly broken: (invariant: string, what: string) => void,
  ) {
    watched.store.watchers.push((change) => {
      if (change.key.startsWith(KEY_PREFIX.once) && change.value) this.#written(change, change.value);
    });
  }

  /** Checks that a handler may begin a piece of work: nobody does it whom the service still waits for. */
  began(lease: Lease): void {
    const key = keyOf(lease);
    const finished = this.#outcomes.get(key);
    if (finished)
      this.broken('once', `#${lease.n} begins work that is finished: ${JSON.stringify(finished)}`);
    const runners = this.#runners.get(key) ?? new Set();
    for (const other of runners)
      if (this.watched.service.isOpen(other))
        this.broken('once at a time', `#${lease.n} begins the work of #${other.n}, which is still wanted`);
    this.#runners.set(key, runners.add(lease));
  }

  /** The handler has ended, though not with its thread or its process. */
  ended(lease: Lease): void {
    this.#runners.get(keyOf(lease))?.delete(lease);
  }

  reportLeft(lease: Lease, { status, text }: Outcome, name: string): void {
    const key = keyOf(lease);
    const { piece } = JSON.parse(lease.input) as Work;
    if (name === 'StoreError') return;
    if (name === 'Stepwright.AlreadyRunning') {
      if (lease.begun) this.broken('once', `#${lease.n} has begun, and is told that another works`);
      return;
    }
    const kept = this.#outcomes.get(key);
    const own = doneBy(lease.token);
    const ownText = status === 'succeeded' ? JSON.stringify({ piece, by: own }) : `as planned for ${own}`;
    const isOwn = lease.begun && (status === 'succeeded' ? text === ownText : text.includes(ownText));
    // A task that the service has let go has its own outcome, and so has one whose outcome could not be kept.
    const isExcused = !this.watched.service.isOpen(lease) || this.watched.store.wasTroubled;
    if (text !== (kept && textOf(kept)) && !(isOwn && isExcused))
      this.broken(
        'once same',
        `#${lease.n} was offered ${text.slice(0, 160)}, and not what is kept of its work`,
      );
    if (lease.begun && !isOwn)
      this.broken('once same', `#${lease.n} was offered ${text.slice(0, 160)}, which is not its own outcome`);
  }

  /** Checks that no work is left as begun, after all workers have stopped. */
  async checkEnd(): Promise<void> {
    const { plan, store } = this.watched;
    const cuts = new Set(['store', 'kill', 'kill-at-call', 'cut-at-call', 'host-crash', 'stop', 'stall']);
    if (plan.events.some(({ kind }) => cuts.has(kind)) || store.wasTroubled) return;
    for (const key of store.keysOf(KEY_PREFIX.once)) {
      const value = store.peek(key);
      const fields = value && decodeRecord('once', key, { value, version: '' });
      if (fields?.['state'] === 'running' && !this.#isLeft(String(fields['token'])))
        this.broken('left over', `${key} is left as begun`);
    }
  }

  /** A task that the service has let go leaves its record to the next one. */
  #isLeft(token: string): boolean {
    return this.watched.chronicle.lease(token)?.ended !== 'task:succeeded';
  }

  #written({ key, how }: StoreChange, value: Uint8Array): void {
    const fields = decodeRecord('once', key, { value, version: '' });
    if (fields['state'] !== 'running') return this.#finished(key, fields);
    const { token, askedAt, gapMs } = fields;
    const lease = this.watched.chronicle.lease(String(token));
    if (this.#outcomes.has(key)) this.broken('once', `${key} is begun again by #${lease?.n} (${how})`);
    if (askedAt !== undefined && lease) this.#wasAsked(key, lease, Number(gapMs));
  }

  /** The service is asked about a task after twice the time before, as the question lengthens its lease. */
  #wasAsked(key: string, lease: Lease, gapMs: number): void {
    const { now } = this.watched.timeline;
    const last = this.#asked.get(key);
    const isSame = last?.of === lease.token;
    if (isSame && (now - last.at < last.gapMs - WALL_MS || gapMs < 2 * last.gapMs))
      this.broken('once asked', `#${lease.n} is asked about again after ${now - last.at} ms`);
    lease.asked = true;
    this.#asked.set(key, { of: lease.token, at: now, gapMs });
  }

  #finished(key: string, outcome: RecordFields): void {
    const known = this.#outcomes.get(key);
    if (known && known['by'] !== outcome['by'])
      this.broken('once same', `the outcome of ${key} was replaced by another task's`);
    this.#outcomes.set(key, known ?? outcome);
  }
}

/** A record is written so long after its date was taken. */
const WALL_MS = 1_000;

const keyOf = ({ handler, input }: Lease): string =>
  `${KEY_PREFIX.once}${keyPart(`Handlers.${handler}`)}/${keyPart(`piece-${(JSON.parse(input) as Work).piece}`)}`;

/** Returns an outcome as it is reported. */
const textOf = ({ state, output, error, cause }: RecordFields): string =>
  state === 'succeeded' ? JSON.stringify(output) : `${String(error)} ${String(cause)}`;
