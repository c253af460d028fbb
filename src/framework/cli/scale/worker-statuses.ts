import type { Clock } from '../../base/time/clock.js';
import { isPlainObject } from '../../base/plain-object.js';
import type { Address } from '../../config/address.js';
import { showAddress } from '../../config/address.js';
import { askWorkers } from '../workers/ask-workers.js';
import type { SeenHandler, SeenWorker } from './estimate.js';

/** The workers that were found at the given addresses. `workers` has the status of those that returned one. */
export interface FoundWorkers {
  readonly workers: readonly SeenWorker[];
  /** A text for each worker whose status can't be read: its address and the reason. */
  readonly unreadable: readonly string[];
}

/** Thrown if the addresses of the workers can't be looked up, so that it isn't known which workers there are. */
export class WorkersUnknown extends Error {
  override readonly name = 'WorkersUnknown';
}

const OTHER_VERSION = 'what answers there is no Stepwright worker of this version';

/**
 * Reads the status of every worker at these health ports. If a host name has several addresses, there is a worker at
 * each of them; if it has none, no worker runs.
 * @throws WorkersUnknown if a host name can't be looked up
 */
export async function readWorkers(places: readonly Address[], clock: Clock): Promise<FoundWorkers> {
  const { answers, lost } = await askWorkers(places, clock);
  const unknown = lost.find(({ isEmpty }) => !isEmpty);
  if (unknown) throw new WorkersUnknown(unknown.why);
  const read = answers.map(
    ({ address, status, why = OTHER_VERSION }) => seenIn(status) ?? `${showAddress(address)}: ${why}`,
  );
  return {
    workers: read.filter((each) => typeof each !== 'string'),
    unreadable: read.filter((each) => typeof each === 'string'),
  };
}

/**
 * Returns the part of a worker's status that the scaler needs. Returns undefined if the value isn't the status of a
 * worker, since any program may listen on the port.
 */
export function seenIn(status: unknown): SeenWorker | undefined {
  if (!isPlainObject(status)) return undefined;
  const { state, handlers } = status as Partial<SeenWorker>;
  if (typeof state !== 'string' || !Array.isArray(handlers) || !handlers.every(isHandler)) return undefined;
  return {
    state,
    handlers: handlers.map(({ activityArn, concurrency, running, queue }) => ({
      activityArn,
      concurrency,
      running,
      queue,
    })),
  };
}

function isHandler(value: unknown): value is SeenHandler {
  if (typeof value !== 'object' || value === null) return false;
  const { activityArn, concurrency, running, queue } = value as Partial<SeenHandler>;
  const isCount = (each: unknown): boolean => Number.isSafeInteger(each) && Number(each) >= 0;
  if (typeof activityArn !== 'string' || !isCount(concurrency) || !isCount(running)) return false;
  const { emptyAt, emptyMinuteAt, minuteAt, begun } = queue ?? {};
  const isTime = (each: unknown): boolean => each === undefined || Number.isFinite(each);
  return (
    isTime(emptyAt) &&
    isTime(emptyMinuteAt) &&
    Number.isFinite(minuteAt) &&
    Array.isArray(begun) &&
    begun.every(isCount)
  );
}
