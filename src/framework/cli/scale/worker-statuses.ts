import type { Clock } from '../../base/time/clock.js';
import { isPlainObject } from '../../base/plain-object.js';
import type { Address } from '../../config/address.js';
import { showAddress } from '../../config/address.js';
import { askWorkers } from '../workers/ask-workers.js';
import type { SeenHandler } from './estimate.js';
import { type FoundWorker, WorkerMemory } from './worker-memory.js';

/** The workers that were found at the given addresses. `workers` has the status of those that returned one. */
export interface FoundWorkers {
  readonly workers: readonly FoundWorker[];
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
 * each of them; if it has none, no worker runs. A worker that was at work is asked again where its name lists it no
 * longer.
 * @param memory the same object for each reading. @default nothing is remembered
 * @throws WorkersUnknown if a host name can't be looked up, or if several workers answer at one address
 */
export async function readWorkers(
  places: readonly Address[],
  clock: Clock,
  memory = new WorkerMemory(clock),
): Promise<FoundWorkers> {
  const { answers, lost } = await askWorkers(places, clock);
  const unknown = lost.find(({ isEmpty }) => !isEmpty);
  if (unknown) throw new WorkersUnknown(unknown.why);
  const more = await askWorkers(memory.besides(answers.map(({ address }) => address)), clock);
  const listed = answers.map(({ address, status, why = OTHER_VERSION }) => ({
    address,
    worker: seenIn(status),
    why: `${showAddress(address)}: ${why}`,
  }));
  // An address that is listed no longer may be another's by now.
  const unlisted = more.answers
    .map(({ address, status }) => ({ address, worker: seenIn(status) }))
    .filter(({ address, worker }) => worker && memory.isSame(address, worker));
  const found = [...listed, ...unlisted].flatMap(({ address, worker }) =>
    worker ? [{ address, worker }] : [],
  );
  memory.note(found);
  const shared = memory.sharedAddress;
  if (shared !== undefined) throw new WorkersUnknown(`${shared} ${SHARED}`);
  return {
    workers: found.map(({ worker }) => worker),
    unreadable: listed.flatMap(({ worker, why }) => (worker ? [] : [why])),
  };
}

const SHARED =
  'is answered by several workers in turn, so that most are not seen: --workers needs a name with an address for each worker, not that of a load balancer';

/**
 * Returns the part of a worker's status that the scaler needs. Returns undefined if the value isn't the status of a
 * worker, since any program may listen on the port.
 */
export function seenIn(status: unknown): FoundWorker | undefined {
  if (!isPlainObject(status)) return undefined;
  const { name, state, handlers } = status as Partial<FoundWorker>;
  if (
    typeof name !== 'string' ||
    typeof state !== 'string' ||
    !Array.isArray(handlers) ||
    !handlers.every(isHandler)
  )
    return undefined;
  return {
    ...{ name, state },
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
