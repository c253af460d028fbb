import { HEAP_BYTES } from './heap.js';

/** The share of the heap that histories take, and the most bytes: collecting the garbage of more would take long. */
const SHARE = 1 / 3;
const MOST_KEPT = 1_024 * 1024 * 1024;

/** An execution whose history is smaller than this share may go on when there is no room for a larger one. */
const SMALL = 0.01;

/**
 * Counts the bytes of all histories. While there are more than `most`, the oldest finished executions are forgotten.
 */
export class KeptBytes {
  #bytes = 0;
  #forgetOldest: () => boolean = () => false;

  /** @param most the bytes that there may be. @default a third of the heap, at most 1 GiB */
  constructor(private readonly most = Math.min(HEAP_BYTES * SHARE, MOST_KEPT)) {}

  /** Sets the function that forgets the oldest finished execution. It returns false if there is none. */
  forgetBy(forgetOldest: () => boolean): void {
    this.#forgetOldest = forgetOldest;
  }

  /** True if there are too many bytes, and no finished execution that could be forgotten. */
  get isFull(): boolean {
    while (this.#bytes > this.most) if (!this.#forgetOldest()) return true;
    return false;
  }

  /** Counts bytes, or a negative number of them. */
  add(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Returns true if an execution whose history takes this many bytes has to end, so that others have room. */
  isTooMuch(bytes: number): boolean {
    return bytes > this.most / 2 || (this.isFull && bytes > this.most * SMALL);
  }
}
