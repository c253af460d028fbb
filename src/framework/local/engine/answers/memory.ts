import { getHeapStatistics } from 'node:v8';

const MIB = 1024 * 1024;

/** Returns a share of the largest heap that this process may have, in bytes, but at most `most`. */
function shareOfHeap(share: number, most: number): number {
  return Math.min(Math.floor(getHeapStatistics().heap_size_limit * share), most);
}

/** The default limit for the memory of all running executions together, in bytes. */
export const runningBytesByDefault = (): number => shareOfHeap(0.3, 512 * MIB);

/** The default limit for the memory of the finished executions that are kept, in bytes. */
export const keptBytesByDefault = (): number => shareOfHeap(0.12, 256 * MIB);

/** The most bytes of memory that a compiled machine takes for each character of its definition. */
const COMPILED = 48;

/** Returns the most characters that the definitions of all machines together may have. */
export const mostDefinitions = (): number => shareOfHeap(0.2 / COMPILED, 64 * MIB);

/**
 * The memory that is counted for each execution in addition to its history, its variables and the inputs of its Map
 * iterations, in bytes.
 */
export const EXECUTION_BYTES = 6_000;

/**
 * Adds up the memory that the running executions take: their histories, their variables, and the inputs of Map
 * iterations that haven't started.
 */
export class RunningMemory {
  #bytes = 0;

  constructor(private readonly limit = runningBytesByDefault()) {}

  /** True while the executions take more memory than they may. No execution can be started then. */
  get isFull(): boolean {
    return this.#bytes > this.limit;
  }

  /**
   * Returns true if an execution that takes `bytes` must end. One execution may take half of the memory, so that it
   * leaves room for the others. If all together take too much, the small ones may go on for longer.
   */
  isTooMuch(bytes: number): boolean {
    if (bytes > this.limit / 2) return true;
    return this.#bytes > (bytes > this.limit / 100 ? 1 : 1.1) * this.limit;
  }

  grow(bytes: number): void {
    this.#bytes += bytes;
  }
}
