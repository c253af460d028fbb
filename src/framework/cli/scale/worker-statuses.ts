import type { Clock } from '../../base/time/clock.js';
import { type Address, showAddress } from '../../config/address.js';
import { type Answer, askWorkers } from '../workers/ask-workers.js';
import { type Check, fields, kind, listOf, optional, status, text, time } from '../workers/remote-status.js';
import { NoEstimate, type SeenHandler, type SeenWorker } from './estimate.js';
import { showDuration } from '../../base/time/duration.js';
import { QUEUE_MINUTES } from '../../base/worker-status.js';

/** The workers that were found at the given addresses. `workers` has the status of those that returned one. */
export interface FoundWorkers {
  readonly workers: readonly FoundWorker[];
  /** A text for each worker whose status can't be read: its address and the reason. */
  readonly unreadable: readonly string[];
  /** A text for each worker whose times are not believed: its address and the reason. Its tasks count. */
  readonly wrongClocks: readonly string[];
}

/**
 * Reads the status of the worker at each address of these health ports. A worker that was at work is asked again if its
 * name doesn't list it any more; if a name may have more addresses than DNS returns at once, so is every worker that
 * has answered.
 * @param memory the same object for each reading. @default nothing is remembered
 * @throws NoEstimate if a host name can't be looked up, or if several workers answer at one address
 */
export async function readWorkers(
  places: readonly Address[],
  clock: Clock,
  memory = new WorkerMemory(clock),
): Promise<FoundWorkers> {
  const { answers, lost } = await askWorkers(places, clock);
  const unknown = lost.find(({ isEmpty }) => !isEmpty);
  if (unknown) throw new NoEstimate(unknown.why);
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
  if (shared !== undefined) throw new NoEstimate(`${shared} ${SHARED}`);
  const told = (address: Address, why: string): string => `${showAddress(address)}: ${why}`;
  return {
    workers: found.map(({ worker }) => worker),
    unreadable: listed.flatMap(({ address, seen }) => (typeof seen === 'string' ? told(address, seen) : [])),
    wrongClocks: found.flatMap(({ address, wrongClock }) => (wrongClock ? told(address, wrongClock) : [])),
  };
}

const seenAt = ({ status, why, aheadMs }: Answer, clock: Clock): BelievedStatus | string =>
  why ?? seenIn(status, clock.now(), aheadMs);

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

/** A worker that was found at an address, with the name that its status has. */
export interface FoundWorker extends SeenWorker {
  readonly name: string;
}

/** The last answer of a worker at an address. */
interface Last {
  readonly address: Address;
  readonly worker: FoundWorker;
  /** The names of the workers that answered there before, and the times at which each last did. */
  readonly earlier: ReadonlyMap<string, number>;
}

/** If a name answers again at an address within this time, while another answered between, both share the address. */
const SHARED_MS = 10 * 60_000;

/**
 * Remembers which worker answered at which address. Many names list only workers that are ready, and in an outage of
 * the service none is: those that were at work are asked at their last address.
 */
export class WorkerMemory {
  #last = new Map<string, Last>();
  #shared: { readonly address: string; readonly until: number } | undefined;

  constructor(private readonly clock: Clock) {}

  /**
   * Returns the addresses of workers that were at work, and that are not in this list.
   * @param all true to return the addresses of all workers that answered last
   */
  besides(addresses: readonly Address[], all = false): Address[] {
    const listed = new Set(addresses.map(showAddress));
    return [...this.#last]
      .filter(([address, { worker }]) => !listed.has(address) && (all || isAtWork(worker)))
      .map(([, { address }]) => address);
  }

  /** Returns true if this worker was the last to answer at the address. */
  isSame(address: Address, { name }: FoundWorker): boolean {
    return this.#last.get(showAddress(address))?.worker.name === name;
  }

  /** Replaces what is remembered by the workers that answer now. */
  note(found: readonly { readonly address: Address; readonly worker: FoundWorker }[]): void {
    const now = this.clock.now();
    const next = new Map<string, Last>();
    for (const { address, worker } of found) {
      const key = showAddress(address);
      const last = this.#last.get(key);
      const earlier = new Map(
        [...(last?.earlier ?? []), ...(last ? [[last.worker.name, now] as const] : [])].filter(
          ([, at]) => at > now - SHARED_MS,
        ),
      );
      if (last && last.worker.name !== worker.name && last.earlier.has(worker.name))
        this.#shared = { address: key, until: now + SHARED_MS };
      next.set(key, { address, worker, earlier });
    }
    this.#last = next;
  }

  /**
   * An address at which several workers answer by turns, as that of a load balancer. Then most of the workers are not
   * seen. Undefined if there is none.
   */
  get sharedAddress(): string | undefined {
    return this.#shared && this.#shared.until > this.clock.now() ? this.#shared.address : undefined;
  }
}

const isAtWork = ({ handlers }: FoundWorker): boolean => handlers.some(({ running }) => running > 0);

/** Clocks that are kept by NTP differ by less than this. */
const CLOCKS_MS = 5_000;
/** The most slots of a handler, and the most tasks in a minute, that are believed. */
const MOST_COUNT = 1_000_000;
const MINUTE_MS = 60_000;

const count = (expected: string, least = 0): Check =>
  kind(
    expected,
    (value) => Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= MOST_COUNT,
  );
const tasks = count('a number of tasks');

const seenStatus = status(
  fields({
    activityArn: text,
    concurrency: count('a number of slots', 1),
    running: tasks,
    queue: fields({
      emptyAt: optional(time),
      emptyMinuteAt: optional(time),
      minuteAt: time,
      begun: listOf(QUEUE_MINUTES, 'numbers of tasks', tasks),
    }),
  }),
);

/** A queue of which nothing is known. */
const NO_QUEUE: SeenHandler['queue'] = {
  emptyAt: undefined,
  emptyMinuteAt: undefined,
  minuteAt: 0,
  begun: [],
};

/** A worker, and the reason for which the times in its status are wrong. */
interface BelievedStatus {
  readonly worker: FoundWorker;
  /** The reason for which the times in the status are not believed; undefined if they are. */
  readonly wrongClock: string | undefined;
}

/**
 * Reads the part of a worker's status that the scaler needs. Nothing in it is trusted, since any program may listen on
 * the port.
 * @param now this machine's time
 * @param aheadMs how far the clock of the worker's machine is ahead, as its response says
 * @returns a text that says what is wrong with it, if it isn't the status of a worker
 */
export function seenIn(value: unknown, now: number, aheadMs = 0): BelievedStatus | string {
  const wrong = seenStatus(value, '');
  if (wrong !== undefined) return `its status is not believed: ${wrong}`;
  const { name, state, handlers } = value as FoundWorker;
  const wrongClock = clockOf(handlers, now, aheadMs);
  const seen = handlers.map(({ activityArn, concurrency, running, queue }) => ({
    activityArn,
    concurrency,
    running,
    queue: wrongClock === undefined ? queue : NO_QUEUE,
  }));
  return { worker: { name, state, handlers: seen }, wrongClock };
}

/**
 * Returns the reason for which the times in a status are not believed: the worker's clock differs from this machine's, or
 * a time is in the future.
 */
function clockOf(handlers: readonly SeenHandler[], now: number, off: number): string | undefined {
  if (Math.abs(off) > CLOCKS_MS)
    return `its clock is ${showDuration(Math.round(Math.abs(off) / 1000) * 1000)} ${off > 0 ? 'ahead of' : 'behind'} this machine's, so its times are not believed`;
  const isFuture = (at: number | undefined): boolean => at !== undefined && at > now + CLOCKS_MS;
  const future = handlers.some(
    ({ queue }) =>
      isFuture(queue.emptyAt) || isFuture(queue.emptyMinuteAt) || isFuture(queue.minuteAt - MINUTE_MS),
  );
  return future ? 'its status has a time in the future, so its times are not believed' : undefined;
}
