/** A task for which the heartbeat thread has to send heartbeats. */
export interface LedgerLease {
  readonly id: number;
  /** The task's AWS region, as its index in the order in which regions were opened. */
  readonly region: number;
  readonly token: string;
  readonly everyMs: number;
  readonly leasedAt: number;
}

/**
 * The entries that were added to the ledger since it was last read. A lease (a task with its heartbeats) that both
 * began and ended since then is left out.
 */
export interface LedgerChanges {
  readonly leases: readonly LedgerLease[];
  /** The ids of leases (tasks with heartbeats) that have ended and whose beginning was read earlier. */
  readonly over: readonly number[];
}

const BYTES = 2 ** 21;
/**
 * The ledger's memory begins with two counters: the bytes written so far and the bytes read so far. These are the
 * counters' indexes.
 */
const [WRITTEN, READ] = [0, 1];
const HEAD_BYTES = 8;
/**
 * The size of an entry that ends a lease: it has a length, written as 0, and the lease's id. `LEASE_BYTES`: the size,
 * without the token, of an entry that begins a lease. Such an entry also has the region, the interval and the start.
 */
const OVER_BYTES = 8;
const LEASE_BYTES = 8 + 20;
const OVER = 0;
/**
 * The longest task token that an entry can contain. A task with a longer token is sent to the heartbeat thread as a
 * message instead.
 */
const LONGEST_TOKEN = 4_096;

/** Allocates the memory of a ledger, which the main thread and the heartbeat thread share. */
export const ledgerMemory = (): SharedArrayBuffer => new SharedArrayBuffer(HEAD_BYTES + BYTES);

/**
 * A list that shows the heartbeat thread which tasks need heartbeats. It is a ring buffer in shared memory: the main
 * thread writes an entry when a lease (a task with its heartbeats) begins and when it ends. The heartbeat thread reads
 * the entries four times per second; by then most tasks have ended and need no heartbeat.
 *
 * Messages aren't used, because a message for each task would cost more than all other work for it. Also, the heartbeat
 * thread can read an entry even if the main thread is blocked right after writing it.
 */
export class LeaseLedger {
  readonly #positions: Int32Array;
  readonly #bytes: Buffer;
  /**
   * The buffer for one entry. An entry is assembled here and then copied into the ring, where its end may have to
   * continue at the ring's beginning.
   */
  readonly #entry = Buffer.alloc(LEASE_BYTES + 3 * LONGEST_TOKEN);

  constructor(memory: SharedArrayBuffer) {
    this.#positions = new Int32Array(memory, 0, 2);
    this.#bytes = Buffer.from(memory, HEAD_BYTES, BYTES);
  }

  /**
   * Writes an entry that says that a task has begun and needs heartbeats. @returns false if there is no room, or if the
   * token can't be stored
   */
  begin({ id, region, token, everyMs, leasedAt }: LedgerLease): boolean {
    const entry = this.#entry;
    if (token.length > LONGEST_TOKEN) return false;
    const length = LEASE_BYTES + token.length;
    // A token that isn't ASCII is sent as a message instead.
    if (entry.write(token, LEASE_BYTES, 'utf8') !== token.length) return false;
    entry.writeUInt32LE(length, 0);
    entry.writeUInt32LE(id, 4);
    entry.writeUInt32LE(region, 8);
    entry.writeDoubleLE(everyMs, 12);
    entry.writeDoubleLE(leasedAt, 20);
    return this.#write(length);
  }

  /** Writes an entry that says that a task has ended. @returns false if there is no room */
  end(id: number): boolean {
    this.#entry.writeUInt32LE(OVER, 0);
    this.#entry.writeUInt32LE(id, 4);
    return this.#write(OVER_BYTES);
  }

  read(): LedgerChanges {
    const leases = new Map<number, LedgerLease>();
    const over: number[] = [];
    const written = Atomics.load(this.#positions, WRITTEN);
    let at = Atomics.load(this.#positions, READ);
    while (at !== written) {
      this.#copyOut(at, OVER_BYTES);
      const length = this.#entry.readUInt32LE(0);
      const id = this.#entry.readUInt32LE(4);
      if (length === OVER) {
        if (!leases.delete(id)) over.push(id);
      } else {
        this.#copyOut(at, length);
        leases.set(id, this.#lease(id, length));
      }
      at = (at + (length === OVER ? OVER_BYTES : length)) | 0;
    }
    Atomics.store(this.#positions, READ, at);
    return { leases: [...leases.values()], over };
  }

  #lease(id: number, length: number): LedgerLease {
    const entry = this.#entry;
    return {
      id,
      region: entry.readUInt32LE(8),
      everyMs: entry.readDoubleLE(12),
      leasedAt: entry.readDoubleLE(20),
      token: entry.toString('latin1', LEASE_BYTES, length),
    };
  }

  #write(length: number): boolean {
    const at = Atomics.load(this.#positions, WRITTEN);
    const free = BYTES - ((at - Atomics.load(this.#positions, READ)) >>> 0);
    if (length > free) return false;
    const from = at & (BYTES - 1);
    const first = Math.min(length, BYTES - from);
    this.#entry.copy(this.#bytes, from, 0, first);
    if (first < length) this.#entry.copy(this.#bytes, 0, first, length);
    // From now on, the reader can see the entry.
    Atomics.store(this.#positions, WRITTEN, (at + length) | 0);
    return true;
  }

  #copyOut(at: number, length: number): void {
    const from = at & (BYTES - 1);
    const first = Math.min(length, BYTES - from);
    this.#bytes.copy(this.#entry, 0, from, from + first);
    if (first < length) this.#bytes.copy(this.#entry, first, 0, length - first);
  }
}
