import { HEAP_BYTES } from '../../asl/values/heap.js';

const MIB = 1024 * 1024;

/** The share of the heap that everything may take that callers make the service keep. The rest is for its work. */
const KEPT_SHARE = 0.35;
/** A larger heap isn't used up: collecting its garbage would take long. */
const MOST = 1_024 * MIB;

/**
 * The memory that is counted for each execution in addition to its history, its variables and its values, in bytes.
 */
export const EXECUTION_BYTES = 6_000;

/**
 * The one account of what callers make the service keep: definitions, executions, bodies, tags. Each kind draws on it
 * through a {@link MemoryPart} with a limit of its own, so that no kind takes the room of all others.
 */
export class Memory {
  #bytes = 0;
  #giveUp: () => boolean = () => false;

  /** @param limit the most bytes of all kinds together */
  constructor(readonly limit = Math.min(HEAP_BYTES * KEPT_SHARE, MOST)) {}

  /** True if there is more than there may be, although all was given up that can be. */
  get isFull(): boolean {
    return !this.#hasRoom(0);
  }

  /**
   * Sets the function that gives up something of what is kept, such as the oldest finished execution. It is called
   * while there is no room for something new, until it returns false because there is nothing left to give up.
   */
  giveUpBy(giveUp: () => boolean): void {
    this.#giveUp = giveUp;
  }

  /** Counts these bytes if there is room for them, and returns true; otherwise returns false. */
  take(bytes: number): boolean {
    if (!this.#hasRoom(bytes)) return false;
    this.#bytes += bytes;
    return true;
  }

  /** Counts bytes that are taken already, or a negative number of them that are no longer. */
  grow(bytes: number): void {
    this.#bytes += bytes;
    if (bytes > 0) this.#hasRoom(0);
  }

  #hasRoom(bytes: number): boolean {
    while (this.#bytes + bytes > this.limit) if (!this.#giveUp()) return false;
    return true;
  }
}

/** The share of the account that one kind of thing takes. */
export class MemoryPart {
  #bytes = 0;

  constructor(
    private readonly memory: Memory,
    readonly limit: number,
  ) {}

  get bytes(): number {
    return this.#bytes;
  }

  /** True if this part, or the whole account, has more than it may. */
  get isFull(): boolean {
    return this.#bytes > this.limit || this.memory.isFull;
  }

  /** Counts these bytes if there is room for them, and returns true; otherwise returns false. */
  take(bytes: number): boolean {
    if (this.#bytes + bytes > this.limit || !this.memory.take(bytes)) return false;
    this.#bytes += bytes;
    return true;
  }

  /** Counts bytes that are taken already, or a negative number of them that are no longer. */
  grow(bytes: number): void {
    this.#bytes += bytes;
    this.memory.grow(bytes);
  }

  /** The most bytes of this part that one may take: half of it, so that there is room for the others. */
  get mostOfOne(): number {
    return this.limit / 2;
  }

  /**
   * Returns true if one that takes `bytes` of this part must end. If all together take too much, the small ones may go
   * on for longer.
   */
  isTooMuch(bytes: number): boolean {
    if (bytes > this.mostOfOne) return true;
    const isSmall = bytes <= this.limit / 100;
    return isSmall ? this.#bytes > 1.1 * this.limit : this.isFull;
  }
}
