import { type Store, StoreError } from '../../src/framework/base/store.js';
import { memoryStore } from '../../src/framework/worker/keep/memory.js';
import type { Chronicle } from './chronicle.js';
import type { PlannedEvent } from './plan.js';
import { stream } from './random.js';
import type { SimulatedProcess, Timeline } from './timeline.js';

type Trouble = Extract<PlannedEvent, { kind: 'store' }>;
/** The trouble that a worker has with one of its next calls. */
type AtCall = Extract<PlannedEvent, { kind: 'kill-at-call' | 'cut-at-call' }>;

/** The way of a call to the store, or of its answer, takes up to this long. */
const WAY_MS = 8;
/** A slow store takes up to this long for a call. */
const SLOW_MS = 12_000;
const WRITES = new Set(['put', 'putIfAbsent', 'replace']);

/**
 * A store on virtual time, which all workers of a simulation share. It outlives their processes. The plan decides when
 * it is slow, hangs, can't be reached, is full, or does what it is asked while its answer is lost.
 */
export class SimulatedStore {
  /** The records as they are, for invariants. */
  readonly records: Store;
  readonly #random: () => number;
  readonly #troubles = new Set<Trouble>();
  /** Called with each read that is asked for, and each change that was made. */
  readonly watchers: ((change: StoreChange) => void)[] = [];
  readonly #now = new Map<string, { readonly value: Uint8Array; readonly until: number }>();
  readonly #awaited: { calls: number; readonly of: AtCall; readonly run: () => void }[] = [];
  /** True once it was in trouble. */
  wasTroubled = false;
  /** The last instant at which it was in trouble. */
  troubledAt = Number.NEGATIVE_INFINITY;

  constructor(
    seed: number,
    private readonly timeline: Timeline,
    private readonly chronicle: Chronicle,
  ) {
    this.records = memoryStore({ now: () => timeline.now });
    this.#random = stream(seed, 'store');
  }

  /** Begins a trouble, which ends by itself. */
  begin(trouble: Trouble): void {
    this.#troubles.add(trouble);
    this.wasTroubled = true;
    this.timeline.at(this.timeline.now + trouble.ms, () => {
      this.#troubles.delete(trouble);
      this.troubledAt = this.timeline.now;
    });
  }

  /** Ends all troubles. */
  end(): void {
    if (this.#troubles.size > 0) this.troubledAt = this.timeline.now;
    this.#troubles.clear();
  }

  /** True while it is in trouble for anybody. */
  get isTroubled(): boolean {
    return this.#troubles.size > 0;
  }

  /** Does something at one of the next calls of a worker. */
  atCall(event: AtCall, run: () => void): void {
    this.#awaited.push({ calls: event.calls, of: event, run });
  }

  /** Returns a record as it is now. */
  peek(key: string): Uint8Array | undefined {
    const found = this.#now.get(key);
    return found && found.until > this.timeline.now ? found.value : undefined;
  }

  /** Returns the keys of all records that begin so. */
  keysOf(prefix: string): string[] {
    return [...this.#now.keys()].filter((key) => key.startsWith(prefix));
  }

  /** Puts a record there, as nobody of the workers does. */
  async plant(key: string, value: Uint8Array): Promise<void> {
    this.#now.set(key, { value, until: Infinity });
    await this.records.put(key, value);
  }

  /** Returns the store as one process meets it. */
  open(process: SimulatedProcess, worker: number): Store {
    const call = <T>(
      name: StoreChange['how'],
      key: string,
      signal: AbortSignal | undefined,
      run: () => Promise<T>,
    ) => this.#call({ process, worker, name, key, signal }, run);
    const { records } = this;
    const write = async (
      how: StoreChange['how'],
      key: string,
      { value, ttlMs = Infinity }: { readonly value: Uint8Array; readonly ttlMs?: number | undefined },
      written: Promise<string | undefined>,
    ): Promise<string | undefined> => {
      const version = await written;
      if (version === undefined) return undefined;
      this.#now.set(key, { value, until: this.timeline.now + ttlMs });
      this.#changed({ how, key, value });
      return version;
    };
    const removed = (how: StoreChange['how'], key: string): void => {
      this.#now.delete(key);
      this.#changed({ how, key, value: undefined });
    };
    return {
      name: 'simulated',
      uri: 'simulated:',
      maxBytes: records.maxBytes,
      put: (key, value, { signal, ...options } = {}) =>
        call('put', key, signal, async () => {
          const version = await records.put(key, value, options);
          await write('put', key, { value, ...options }, Promise.resolve(version));
          return version;
        }),
      putIfAbsent: (key, value, { signal, ...options } = {}) =>
        call('putIfAbsent', key, signal, () =>
          write('putIfAbsent', key, { value, ...options }, records.putIfAbsent(key, value, options)),
        ),
      replace: (key, value, version, { signal, ...options } = {}) =>
        call('replace', key, signal, () =>
          write('replace', key, { value, ...options }, records.replace(key, value, version, options)),
        ),
      get: (key, { signal, ...options } = {}) => {
        this.#changed({ how: 'get', key, value: undefined });
        return call('get', key, signal, () => records.get(key, options));
      },
      delete: (key, { signal } = {}) =>
        call('delete', key, signal, async () => {
          await records.delete(key);
          removed('delete', key);
        }),
      deleteIf: (key, version, { signal } = {}) =>
        call('deleteIf', key, signal, async () => {
          const isDeleted = await records.deleteIf(key, version);
          if (isDeleted) removed('deleteIf', key);
          return isDeleted;
        }),
      list: (prefix, { signal, ...options } = {}) =>
        call('list', prefix, signal, () => records.list(prefix, options)),
    };
  }

  #changed(change: StoreChange): void {
    for (const watch of this.watchers) watch(change);
  }

  /** Returns what comes with this call, if something does. */
  #awaitedAt(worker: number, name: string): { readonly of: AtCall; readonly run: () => void } | undefined {
    const index = this.#awaited.findIndex(
      ({ of }) => of.worker === worker && (of.kind === 'cut-at-call' || WRITES.has(name)),
    );
    const found = this.#awaited[index];
    if (!found || --found.calls > 0) return undefined;
    this.#awaited.splice(index, 1);
    return found;
  }

  #call<T>({ process, worker, name, key, signal }: StoreCall, run: () => Promise<T>): Promise<T> {
    const awaited = this.#awaitedAt(worker, name);
    if (awaited?.of.kind === 'cut-at-call') awaited.run();
    const killed = awaited?.of.kind === 'kill-at-call' ? awaited : undefined;
    if (killed?.of.kind === 'kill-at-call' && !killed.of.isDone) {
      this.timeline.at(this.timeline.now, killed.run);
      return new Promise(() => {});
    }
    const how = this.#troubleOf(worker, name);
    this.chronicle.add(process.name, `asks the store to ${name} ${key}${how ? `, which is ${how}` : ''}`);
    return new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      const answer = (fn: () => void): void => void process.input(1 + this.#ms(WAY_MS), fn);
      const refuse = (kind: 'unavailable' | 'full', what: string): void =>
        answer(() => reject(new StoreError(kind, what)));
      if (how === 'unavailable') return refuse('unavailable', 'the store can not be reached');
      if (how === 'full') return refuse('full', 'the store has no room');
      if (how === 'hanging') return;
      const wayMs = 1 + this.#ms(how === 'slow' ? SLOW_MS : WAY_MS);
      // What is on its way is done, whatever becomes of the process that asked for it.
      this.timeline.at(this.timeline.now + wayMs, () => {
        run().then(
          (result) =>
            killed
              ? killed.run()
              : how === 'torn'
                ? refuse('unavailable', 'the connection ended before the answer')
                : answer(() => resolve(result)),
          (error: unknown) => answer(() => reject(error)),
        );
      });
    });
  }

  #troubleOf(worker: number, name: string): Trouble['how'] | undefined {
    for (const trouble of this.#troubles) {
      if (trouble.worker !== undefined && trouble.worker !== worker) continue;
      if (trouble.how === 'full' && !WRITES.has(name)) continue;
      // Some calls get through all the same.
      if (this.#random() < 0.8) return trouble.how;
    }
    return undefined;
  }

  #ms(most: number): number {
    return Math.floor(this.#random() * most);
  }
}

/** A call that was asked for or done. */
export interface StoreChange {
  readonly how: 'put' | 'putIfAbsent' | 'replace' | 'get' | 'delete' | 'deleteIf' | 'list';
  readonly key: string;
  /** The bytes of a write; undefined for what writes nothing. */
  readonly value: Uint8Array | undefined;
}

interface StoreCall {
  readonly process: SimulatedProcess;
  readonly worker: number;
  readonly name: StoreChange['how'];
  readonly key: string;
  readonly signal: AbortSignal | undefined;
}
