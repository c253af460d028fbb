import type { TaskContext } from 'stepwright';
import { decodeRecord, isText, KEY_PREFIX, tokenKey } from '../../../src/framework/worker/keep/record.js';
import type { Lease, Outcome } from '../chronicle.js';
import type { Watched } from '../invariants.js';
import type { StoreChange } from '../store.js';

/** The steps of a piece of work. */
export const STEPS = 5;
/** The record that a task saves after each step. */
export interface Saved {
  readonly piece: number;
  readonly done: number;
  readonly by: string;
}

/** The known facts about the checkpoint of one piece of work. */
interface Known {
  /** The values that were written, each once, in their order. */
  readonly written: string[];
  /** The last of them that a task was told to be saved; -1 if there is none since the record was removed. */
  acknowledged: number;
  /** The hashes of the tokens of the tasks that have taken the record, in their order. */
  takers: string[];
  /** When the last of them has taken it. */
  takenAt: number;
}

/** Holds checkpoints against what they promise. */
export class SavedCheckpoints {
  /** By the key of the record. */
  readonly #known = new Map<string, Known>();
  /** The key of the record that a task uses, and the lease of that task, by the hash of its token. */
  readonly #users = new Map<string, { readonly lease: Lease; key: string | undefined }>();

  constructor(
    private readonly watched: Watched,
    private readonly broken: (invariant: string, what: string) => void,
  ) {
    watched.store.watchers.push((change) => {
      if (change.how !== 'get' && change.key.startsWith(KEY_PREFIX.checkpoint)) this.#changed(change);
    });
  }

  /** Notes that a task begins to load. @returns a function to be called with what it has loaded */
  loads({ token }: TaskContext): (piece: number, loaded: Saved | undefined) => void {
    const by = tokenKey(token);
    const lease = this.watched.chronicle.lease(token);
    if (lease && !this.#users.has(by)) this.#users.set(by, { lease, key: undefined });
    // Its key is known once it has written the record.
    const before = new Map(Array.from(this.#known, ([key, { acknowledged }]) => [key, acknowledged]));
    return (piece, loaded) => {
      const { key = '' } = this.#users.get(by) ?? {};
      const known = this.#known.get(key);
      const about = `#${lease?.n}`;
      if (!known) return this.broken('checkpoint', `${about} has loaded, and not taken its record`);
      // A record that was removed meanwhile has nothing acknowledged.
      const least = Math.min(before.get(key) ?? -1, known.acknowledged);
      const at = loaded === undefined ? -1 : known.written.lastIndexOf(JSON.stringify(loaded));
      if (loaded !== undefined && (at < 0 || loaded.piece !== piece))
        this.broken(
          'checkpoint',
          `${about} has loaded what nobody saved for its work: ${JSON.stringify(loaded)}`,
        );
      if (at < least)
        this.broken(
          'checkpoint',
          `${about} has loaded an older value than was saved: ${JSON.stringify(loaded)}`,
        );
    };
  }

  /** Notes that a task was told that a value is saved. */
  saved({ token }: TaskContext, value: Saved): void {
    const { key = '' } = this.#users.get(tokenKey(token)) ?? {};
    const known = this.#known.get(key);
    const at = known?.written.lastIndexOf(JSON.stringify(value)) ?? -1;
    if (!known || at < 0)
      return this.broken(
        'checkpoint',
        `${JSON.stringify(value)} is said to be saved, and is not in the store`,
      );
    // The record may be gone by now: another task of the same work has succeeded.
    if (this.watched.store.peek(key)) known.acknowledged = Math.max(known.acknowledged, at);
  }

  reportLeft({ n, token }: Lease, { status, text }: Outcome, name: string): void {
    const user = this.#users.get(tokenKey(token));
    if (status === 'succeeded') {
      const { key = '' } = user ?? {};
      const isDone = this.#known.get(key)?.written.some((each) => (JSON.parse(each) as Saved).done === STEPS);
      if (!isDone) this.broken('checkpoint', `#${n} succeeded without its last step`);
      return;
    }
    const { takers = [] } = this.#known.get(user?.key ?? '') ?? {};
    const isTaken = takers.at(-1) !== tokenKey(token) || !this.watched.store.peek(user?.key ?? '');
    if (name === 'StoreError' || (name === 'CheckpointTaken' && isTaken)) return;
    this.broken('checkpoint', `#${n} failed by ${text.slice(0, 200)}`);
  }

  /** Checks that what is finished is gone. */
  async checkEnd(): Promise<void> {
    const { store } = this.watched;
    if (store.wasTroubled) return;
    const { keys } = await store.records.list(KEY_PREFIX.checkpoint);
    for (const key of keys) {
      const { takers = [] } = this.#known.get(key) ?? {};
      const lease = this.#users.get(takers.at(-1) ?? '')?.lease;
      if (lease?.ended === 'task:succeeded' && !lease.to.dead)
        this.broken('checkpoint gone', `the checkpoint of #${lease.n} is left, whose success was accepted`);
    }
  }

  #changed({ key, value }: StoreChange): void {
    const known = this.#known.get(key) ?? { written: [], acknowledged: -1, takers: [], takenAt: 0 };
    this.#known.set(key, known);
    if (!value) return this.#removed(key, known);
    const { by, json } = decodeRecord('checkpoint', key, { value, version: '' });
    const text = isText(json) ? json : undefined;
    const isTaken = known.takers.at(-1) !== by;
    if (isTaken) this.#taken(key, known, String(by));
    const last = known.acknowledged < 0 && known.takers.length < 2 ? undefined : known.written.at(-1);
    if (text === undefined || text === last) return;
    if (isTaken && last !== undefined)
      this.broken('checkpoint fenced', `whoever took ${key} has changed its value at once, to ${text}`);
    known.written.push(text);
  }

  /** A record is taken over only by a task of which the service has said that it is wanted, since it was last taken. */
  #taken(key: string, known: Known, by: string): void {
    const user = this.#users.get(by);
    if (!user) return this.broken('checkpoint', `${key} was taken by a task that has not loaded`);
    user.key = key;
    const { lease } = user;
    const before = this.#users.get(known.takers.at(-1) ?? '')?.lease;
    if (before && (lease.beatAt <= lease.leasedAt || lease.beatAt < known.takenAt))
      this.broken(
        'checkpoint fenced',
        `#${lease.n} has taken the checkpoint of #${before.n}, and the service has not said that it wants it`,
      );
    known.takenAt = this.watched.timeline.now;
    known.takers.push(by);
  }

  /** A record is removed once the success of its last task was accepted. */
  #removed(key: string, known: Known): void {
    const lease = this.#users.get(known.takers.at(-1) ?? '')?.lease;
    if (lease?.accepted?.status !== 'succeeded')
      this.broken('checkpoint kept', `the checkpoint ${key} was removed, and #${lease?.n} has not succeeded`);
    Object.assign(known, { acknowledged: -1, takers: [], takenAt: 0 });
  }
}
