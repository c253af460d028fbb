import { getHeapStatistics } from 'node:v8';

const MIB = 1024 * 1024;

/** Returns a share of the heap size that is allowed for this process, but at most `most` bytes. */
function shareOfHeap(share: number, most: number): number {
  return Math.min(Math.floor(getHeapStatistics().heap_size_limit * share), most);
}

/** The bytes that all running executions together may take, unless an option sets another limit. */
export const runningBytesByDefault = (): number => shareOfHeap(0.3, 512 * MIB);

/** The bytes that finished executions may take, unless an option sets another limit. */
export const keptBytesByDefault = (): number => shareOfHeap(0.12, 256 * MIB);

/** The bytes that a compiled machine takes, at most, for each character of its definition. */
const COMPILED = 48;

/** The most characters of all definitions together. */
export const mostDefinitions = (): number => shareOfHeap(0.2 / COMPILED, 64 * MIB);

/** The bytes that an execution takes besides its history, its variables and its waiting inputs. */
export const EXECUTION_BYTES = 6_000;

/** The bytes that all running executions take: their histories, their variables, and the inputs that wait in a Map. */
export class RunningMemory {
  #bytes = 0;

  constructor(private readonly limit = runningBytesByDefault()) {}

  /** True while the limit is exceeded. An execution that then records an event fails. */
  get isFull(): boolean {
    return this.#bytes > this.limit;
  }

  grow(bytes: number): void {
    this.#bytes += bytes;
  }
}
