import type { Clock } from '../../base/time/clock.js';
import type { Address } from '../../config/address.js';
import { showAddress } from '../../config/address.js';
import { type Answer, askWorkers } from '../workers/ask-workers.js';
import { type BelievedStatus, OTHER_VERSION, seenIn } from './seen-status.js';
import { type FoundWorker, WorkerMemory } from './worker-memory.js';

/** The workers that were found at the given addresses. `workers` has the status of those that returned one. */
export interface FoundWorkers {
  readonly workers: readonly FoundWorker[];
  /** A text for each worker whose status can't be read: its address and the reason. */
  readonly unreadable: readonly string[];
  /** A text for each worker whose times are not believed: its address and the reason. Its tasks count all the same. */
  readonly wrongClocks: readonly string[];
}

/** Thrown if the addresses of the workers can't be looked up, so that it isn't known which workers there are. */
export class WorkersUnknown extends Error {
  override readonly name = 'WorkersUnknown';
}

/**
 * Reads the status of every worker at these health ports. If a host name has several addresses, there is a worker at
 * each of them; if it has none, no worker runs. A worker that was at work is asked again where its name lists it no
 * longer. If a name may have more addresses than DNS tells at once, every worker that answered before is asked again, so
 * that all are seen after some readings.
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
  const isCut = isCutOff(answers.map(({ place }) => place));
  const more = await askWorkers(
    memory.besides(
      answers.map(({ address }) => address),
      isCut,
    ),
    clock,
  );
  const listed = answers.map((each) => ({ address: each.address, seen: seenAt(each, clock) }));
  // An address that is listed no longer may be another's by now.
  const unlisted = more.answers
    .map((each) => ({ address: each.address, seen: seenAt(each, clock) }))
    .filter(({ address, seen }) => typeof seen !== 'string' && memory.isSame(address, seen.worker));
  const found = [...listed, ...unlisted].flatMap(({ address, seen }) =>
    typeof seen === 'string' ? [] : [{ address, ...seen }],
  );
  memory.note(found);
  const shared = memory.sharedAddress;
  if (shared !== undefined) throw new WorkersUnknown(`${shared} ${SHARED}`);
  const told = (address: Address, why: string): string => `${showAddress(address)}: ${why}`;
  return {
    workers: found.map(({ worker }) => worker),
    unreadable: listed.flatMap(({ address, seen }) => (typeof seen === 'string' ? told(address, seen) : [])),
    wrongClocks: found.flatMap(({ address, wrongClock }) => (wrongClock ? told(address, wrongClock) : [])),
  };
}

function seenAt({ status, why = OTHER_VERSION, aheadMs }: Answer, clock: Clock): BelievedStatus | string {
  return status === undefined ? why : seenIn(status, clock.now(), aheadMs);
}

/** A response of DNS by Cloud Map has at most this many of the addresses of a name, chosen at random. */
const MOST_ADDRESSES = 8;

/** Returns true if a name may have more addresses than were given. @param places the place of each answer */
function isCutOff(places: readonly Address[]): boolean {
  const counts = new Map<Address, number>();
  for (const place of places) counts.set(place, (counts.get(place) ?? 0) + 1);
  return [...counts.values()].some((count) => count >= MOST_ADDRESSES);
}

const SHARED =
  'is answered by several workers in turn, so that most are not seen: --workers needs a name with an address for each worker, not that of a load balancer';
