import { getHeapStatistics } from 'node:v8';
import { parseSize } from '../../base/store/size.js';

/**
 * The part of the heap that the texts of inputs and results may take. A parsed input takes two to four times the bytes of
 * its text, and the instance that a handler gets as many.
 */
const SHARE_OF_HEAP = 1 / 8;

/**
 * Returns the value of the option `inFlightBytes` in bytes; Infinity for no limit. The default depends on V8's limit of
 * the heap, which Node derives from the memory of the machine or the container.
 */
export function inFlightLimit(option: string | false | undefined): number {
  if (option === false) return Number.POSITIVE_INFINITY;
  return parseSize(option) ?? Math.floor(memory() * SHARE_OF_HEAP);
}

/** A container may have less memory than `--max-old-space-size` allows. */
function memory(): number {
  const container = process.constrainedMemory();
  const heap = getHeapStatistics().heap_size_limit;
  return container > 0 ? Math.min(heap, container) : heap;
}
