// Loaded before the first story, as loading it takes real time.
import '../../../src/framework/worker/keep/once/once.js';
import { decodeRecord, KEY_PREFIX, keyPart, tokenKey } from '../../../src/framework/worker/keep/record.js';
import type { Lease, Outcome } from '../chronicle.js';
import type { Work } from '../handlers.js';
import type { Watched } from '../invariants.js';
import type { SimulatedProcess } from '../timeline.js';

/** The time for which outcomes are kept. No run takes so long. */
export const KEEP = '1d';
/** Work whose task has died is begun by a task that waits within this time. */
const FREED_MS = 45_000;
/** A task is taken for dead after this time at the earliest. */
const LAPSE_MS = 30_000;
/** A task knows within this time that another one is alive. */
const ALIVE_MS = 15_000;

/** Names the task that has done a piece of work. */
export const doneBy = (token: string): string => tokenKey(token).slice(0, 12);

interface Runner {
  readonly lease: Lease;
  readonly process: SimulatedProcess;
  readonly stalledMs: number;
}

/** Holds work that is done once against what it promises. */
export class WorkDoneOnce {
  readonly #watched: Watched;
  readonly #broken: (invariant: string, what: string) => void;
  /** The tasks that do a piece of work, by its key. */
  readonly #runners = new Map<string, Map<Lease, Runner>>();
  /** The tasks that wait to begin. */
  readonly #waiting = new Map<Lease, { readonly since: number; readonly process: SimulatedProcess }>();
  /** The outcomes that were kept. */
  readonly #outcomes = new Map<string, Readonly<Record<string, unknown>>>();
  /** The time at which each task last wrote a record, and the task that wrote it last. */
  readonly #writtenAt = new Map<string, Map<string, number>>();
  readonly #writers = new Map<string, string>();

  constructor(watched: Watched, broken: (invariant: string, what: string) => void) {
    this.#watched = watched;
    this.#broken = broken;
    watched.store.watchers.push(({ how, key, value }) => {
      if (!key.startsWith(KEY_PREFIX.once)) return;
      if (how.startsWith('delete')) this.#writers.delete(key);
      if (!value) return;
      const record = decodeRecord('once', value);
      if (record.is !== 'read') return broken('once', `${key} is no record of work any more`);
      const { state, by } = record.fields;
      this.#written(key, String(by));
      if (state !== 'running') this.#finished(key, record.fields);
    });
  }

  received(lease: Lease, process: SimulatedProcess): void {
    this.#waiting.set(lease, { since: this.#watched.timeline.now, process });
  }

  /** Checks that a handler may begin a piece of work. */
  began(lease: Lease, process: SimulatedProcess): void {
    this.#waiting.delete(lease);
    const key = keyOf(lease);
    const finished = this.#outcomes.get(key);
    if (finished)
      this.#broken('once', `#${lease.n} begins work that is finished: ${JSON.stringify(finished)}`);
    const runners = this.#runners.get(key) ?? new Map<Lease, Runner>();
    for (const { lease: other, process: its, stalledMs } of runners.values()) {
      const isExcused = its.dead || its.owner.dead || its.stalledMs > stalledMs;
      if (!isExcused && !this.#watched.store.wasTroubled)
        this.#broken('once at a time', `#${lease.n} begins work that #${other.n} is doing`);
    }
    this.#runners.set(key, runners.set(lease, { lease, process, stalledMs: process.stalledMs }));
  }

  /** The handler has ended. Its outcome may not be kept yet. */
  ended(lease: Lease): void {
    this.#runners.get(keyOf(lease))?.delete(lease);
  }

  settled(lease: Lease): void {
    this.#waiting.delete(lease);
  }

  reportLeft(lease: Lease, { status, text }: Outcome, name: string): void {
    const key = keyOf(lease);
    const { piece, waits } = JSON.parse(lease.input) as Work;
    if (name === 'StoreError') return;
    if (name === 'Stepwright.AlreadyRunning') return this.#refused(lease, key, waits !== false);
    const kept = this.#outcomes.get(key);
    const own = doneBy(lease.token);
    // Whoever stood still may have been taken for dead, and has its own outcome all the same.
    const isExcused = lease.to.stalledMs > 0 || this.#watched.store.wasTroubled;
    const ownText = status === 'succeeded' ? JSON.stringify({ piece, by: own }) : `as planned for ${own}`;
    const isOwn = lease.begun && (status === 'succeeded' ? text === ownText : text.includes(ownText));
    if (text !== (kept && textOf(kept)) && !(isOwn && isExcused))
      this.#broken(
        'once same',
        `#${lease.n} was offered ${text.slice(0, 160)}, and not what is kept of its work`,
      );
    if (lease.begun && !isOwn)
      this.#broken(
        'once same',
        `#${lease.n} was offered ${text.slice(0, 160)}, which is not its own outcome`,
      );
  }

  /** Checks that work whose task has died is begun anew. To be called each second. */
  check(): void {
    const { timeline, store } = this.#watched;
    if (store.isTroubled) return;
    for (const [lease, { since, process }] of this.#waiting) {
      if (
        lease.ended ||
        lease.saidGone ||
        process.dead ||
        (JSON.parse(lease.input) as Work).waits === false
      ) {
        this.#waiting.delete(lease);
        continue;
      }
      const key = keyOf(lease);
      const written = Math.max(...(this.#writtenAt.get(key)?.values() ?? [0]));
      const calmMs = timeline.now - Math.max(since, written, store.troubledAt, process.stalledUntil);
      if (calmMs > FREED_MS)
        this.#broken('once freed', `#${lease.n} has waited for ${calmMs} ms, and nobody does its work`);
    }
  }

  /** Checks that no work is left as begun, after all workers have stopped. */
  async checkEnd(): Promise<void> {
    const { plan, store } = this.#watched;
    const cuts = new Set(['store', 'kill', 'kill-at-call', 'host-crash', 'stop', 'stall']);
    if (plan.events.some(({ kind }) => cuts.has(kind))) return;
    const { keys } = await store.records.list(KEY_PREFIX.once);
    for (const key of keys)
      if (this.#read(key)?.['state'] === 'running') this.#broken('left over', `${key} is left as begun`);
  }

  /** A task writes over another's record only after that has not changed for 30 s. */
  #written(key: string, by: string): void {
    const { now } = this.#watched.timeline;
    const written = this.#writtenAt.get(key) ?? new Map<string, number>();
    const before = this.#writers.get(key);
    const silentMs = now - (written.get(before ?? '') ?? 0);
    if (before !== undefined && before !== by && (silentMs < LAPSE_MS || this.#outcomes.has(key)))
      this.#broken('once at a time', `${key} was written over ${silentMs} ms after another task's write`);
    this.#writtenAt.set(key, written.set(by, now));
    this.#writers.set(key, by);
  }

  #finished(key: string, outcome: Readonly<Record<string, unknown>>): void {
    const known = this.#outcomes.get(key);
    if (known) {
      if (known['by'] !== outcome['by'])
        this.#broken('once same', `the outcome of ${key} was replaced by another task's`);
      return;
    }
    this.#outcomes.set(key, outcome);
  }

  /** A task is refused while another one is alive. */
  #refused(lease: Lease, key: string, waits: boolean): void {
    const { timeline } = this.#watched;
    if (waits) this.#broken('once', `#${lease.n} did not wait for the task that does its work`);
    const others = [...(this.#writtenAt.get(key) ?? [])].filter(([by]) => by !== tokenKey(lease.token));
    const last = Math.max(...others.map(([, at]) => at));
    if (!(timeline.now - last < ALIVE_MS) && !this.#watched.store.wasTroubled)
      this.#broken(
        'once',
        `#${lease.n} was refused for a task that gave no sign for ${timeline.now - last} ms`,
      );
  }

  #read(key: string): Readonly<Record<string, unknown>> | undefined {
    const value = this.#watched.store.peek(key);
    const record = value && decodeRecord('once', value);
    return record?.is === 'read' ? record.fields : undefined;
  }
}

const keyOf = ({ handler, input }: Lease): string =>
  `${KEY_PREFIX.once}${keyPart(`Handlers.${handler}`)}/${keyPart(`piece-${(JSON.parse(input) as Work).piece}`)}`;

/** Returns an outcome as it is reported. */
const textOf = ({ state, output, error, cause }: Readonly<Record<string, unknown>>): string =>
  state === 'succeeded' ? JSON.stringify(output) : `${String(error)} ${String(cause)}`;
