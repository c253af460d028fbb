import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import { parseSize, showSize } from '../../base/store/size.js';
import { BY_DEFAULT } from '../../config/resolve.js';
import { POLL_BYTES } from './bytes-in-flight.js';

/**
 * The part of the heap that the texts of inputs and results may take. A parsed input takes two to four times the bytes of
 * its text, and the instance that a handler gets as many.
 */
const SHARE_OF_HEAP = 1 / 8;

/** The bytes for which {@link BytesInFlight} allows two tasks at once to each handler, and for a whole process. */
const FOR_HANDLER = 2 * POLL_BYTES;
const FOR_PROCESS = 4 * POLL_BYTES;

/** The limit of one process. */
export interface InFlightLimit {
  readonly bytes: number;
  /** The source that set it, such as `--in-flight-bytes`. */
  readonly from: string;
}

export const NO_LIMIT: InFlightLimit = { bytes: Number.POSITIVE_INFINITY, from: BY_DEFAULT };

/**
 * Returns the value of the option `inFlightBytes` in bytes for one process; Infinity for no limit.
 * @param processes the number of processes that run the worker. They share the limit, or by default the memory
 */
export function inFlightLimit(option: string | false | undefined, processes = 1): number {
  if (option === false) return Number.POSITIVE_INFINITY;
  const bytes = parseSize(option);
  const limit = bytes === undefined ? heapOf(processes) * SHARE_OF_HEAP : bytes / processes;
  return Math.max(POLL_BYTES, Math.floor(limit));
}

/**
 * Returns the bytes that the heap of one process may have. V8 derives its limit from the memory of the machine or the
 * container, as if the process was alone in it, unless `--max-old-space-size` sets another limit.
 */
function heapOf(processes: number): number {
  const container = process.constrainedMemory() || Infinity;
  return Math.min(getHeapStatistics().heap_size_limit, Math.min(container, totalmem()) / processes);
}

/**
 * Returns a warning if the limit keeps handlers from running more than one task at a time: the polls that are counted for
 * them leave nothing of it. Returns undefined if it doesn't.
 * @param slots the most tasks that each handler runs at once
 */
export function tooLowFor(slots: readonly number[], limit: InFlightLimit): string | undefined {
  const handlers = slots.length;
  if (limit.bytes > handlers * POLL_BYTES || slots.every((each) => each === 1)) return undefined;
  const expected = Math.max(FOR_PROCESS, handlers * FOR_HANDLER);
  const sizes = `expected at least ${showSize(expected)} a process, got ${showSize(limit.bytes)} (${sourceOf(limit)})`;
  const cause = `${showSize(POLL_BYTES)} are kept for a poll of each handler (${handlers} here), so each runs one task at a time`;
  return `inFlightBytes: ${sizes}: ${cause}; ${moreRoom(limit)}`;
}

/** Returns the advice by which a worker runs more tasks at once. */
export const moreRoom = ({ from }: Pick<InFlightLimit, 'from'>): string =>
  from === BY_DEFAULT
    ? "give Node more memory (--max-old-space-size, or the container's) or set inFlightBytes"
    : `raise inFlightBytes (${from})`;

const sourceOf = ({ from }: InFlightLimit): string =>
  from === BY_DEFAULT ? 'an eighth of the memory' : from;
