/** A lease that is to be kept alive, as the main thread tells of it. */
export interface LedgerLease {
  readonly id: number;
  /** Which of the regions, in the order in which they were opened. */
  readonly region: number;
  readonly token: string;
  readonly everyMs: number;
  readonly leasedAt: number;
}

/** What has come since it was last read, but for leases that were over by then. */
export interface LedgerNews {
  readonly leases: readonly LedgerLease[];
  /** Leases of earlier news that are over. */
  readonly over: readonly number[];
}

const BYTES = 2 ** 21;
/** How far it is written, and how far it is read, in bytes since the beginning. */
const [WRITTEN, READ] = [0, 1];
const HEAD_BYTES = 8;
/** Length (0 for a lease that is over) and id; of a lease also its region, interval, and when it was leased. */
const OVER_BYTES = 8;
const LEASE_BYTES = 8 + 20;
const OVER = 0;
/** No token is longer; what is, is told by a message. */
const LONGEST_TOKEN = 4_096;

/** The memory that both threads hold. */
export const ledgerMemory = (): SharedArrayBuffer => new SharedArrayBuffer(HEAD_BYTES + BYTES);

/**
 * Leases that begin and end, written by the main thread into memory that both hold, and read by the thread of heartbeats
 * four times a second. Most tasks are over by then: a message for each would cost more than all else that is done for
 * one. What was written is read, whatever the main thread does after that.
 */
export class LeaseLedger {
  readonly #positions: Int32Array;
  readonly #bytes: Buffer;
  /** One entry, before it is copied where it belongs, which may be over the edge. */
  readonly #entry = Buffer.alloc(LEASE_BYTES + 3 * LONGEST_TOKEN);

  constructor(memory: SharedArrayBuffer) {
    this.#positions = new Int32Array(memory, 0, 2);
    this.#bytes = Buffer.from(memory, HEAD_BYTES, BYTES);
  }

  /** @returns false where there is no room for it, or its token is no plain text */
  begin({ id, region, token, everyMs, leasedAt }: LedgerLease): boolean {
    const entry = this.#entry;
    if (token.length > LONGEST_TOKEN) return false;
    const length = LEASE_BYTES + token.length;
    // Whoever does not write each letter as one byte is told of by a message.
    if (entry.write(token, LEASE_BYTES, 'utf8') !== token.length) return false;
    entry.writeUInt32LE(length, 0);
    entry.writeUInt32LE(id, 4);
    entry.writeUInt32LE(region, 8);
    entry.writeDoubleLE(everyMs, 12);
    entry.writeDoubleLE(leasedAt, 20);
    return this.#write(length);
  }

  /** @returns false where there is no room for it */
  end(id: number): boolean {
    this.#entry.writeUInt32LE(OVER, 0);
    this.#entry.writeUInt32LE(id, 4);
    return this.#write(OVER_BYTES);
  }

  read(): LedgerNews {
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
    // Only now can it be seen.
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
