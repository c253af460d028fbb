import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** `heap_size_limit` includes V8's young generation, which `--max-old-space-size` does not. */
const YOUNG = 48 * 1024 * 1024;

/** The bytes that the heap of this process may have by `--max-old-space-size`, or by Node's default. */
export const HEAP_BYTES = getHeapStatistics().heap_size_limit - YOUNG;

/** The share of the heap up to which work that needs much memory is begun. */
const MOST = 0.7 * HEAP_BYTES;
/** The share of the heap above which garbage is collected, without waiting for V8 to do so. */
const HIGH = 0.55 * HEAP_BYTES;
/** Garbage is collected again only after this share of the heap was taken since the last collection. */
const WORTH = 0.08 * HEAP_BYTES;

/** Work that takes less is always begun, since others may have filled the heap of a process that the service shares. */
const LITTLE = HEAP_BYTES / 100;

/** The heap after the last collection. V8's own collections may have made it smaller meanwhile. */
let usedAfter = 0;
let gc: (() => void) | undefined;

const usedBytes = (): number => getHeapStatistics().used_heap_size;

/**
 * Collects garbage if the heap is large and has grown since the last call that did. V8 by itself lets garbage fill the
 * heap almost to its end, and then a burst of work no longer fits.
 */
export function relieveHeap(): void {
  const used = usedBytes();
  if (used > HIGH) collect(used);
  else usedAfter = Math.min(usedAfter, used);
}

/**
 * Returns true if the heap has room for work that takes so many bytes, or if that is next to nothing. Collects garbage if
 * that may make room.
 */
export function hasHeapFor(bytes: number): boolean {
  if (bytes < LITTLE) return true;
  const used = usedBytes();
  if (used + bytes <= MOST) return true;
  collect(used);
  return usedBytes() + bytes <= MOST;
}

function collect(used: number): void {
  if (used - usedAfter < WORTH) return;
  gc ??= collector();
  gc();
  usedAfter = usedBytes();
}

/** Returns V8's function that collects garbage. The flag is set only while a context is made that has the function. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  const made = runInNewContext('gc') as () => void;
  setFlagsFromString('--no-expose-gc');
  return made;
}

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
