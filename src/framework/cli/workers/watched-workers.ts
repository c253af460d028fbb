import { type Clock, systemClock } from '../../base/time/clock.js';
import { type Address, showAddress } from '../../config/address.js';
import type { ConsoleWorker } from '../../local/index.js';
import { remoteStatus } from './remote-status.js';
import { readPlaces } from '../flags/worker-places.js';
import { askWorkers } from './ask-workers.js';

/** If the console needs the workers' status and the last reading began longer ago than this, they are read again. */
const FRESH_MS = 1_000;

type Workers = () => readonly ConsoleWorker[];

/**
 * Returns a function that returns the last known status of the workers at these health ports, and begins to read it
 * again if it is old. So the workers are asked only while somebody calls it.
 */
function watchWorkers(places: readonly Address[], clock: Clock): Workers {
  let latest = places.map((place) => unknown(showAddress(place), 'it was not asked yet'));
  let reading: Promise<void> | undefined;
  let begunAt = Number.NEGATIVE_INFINITY;
  return () => {
    if (places.length > 0 && !reading && clock.now() - begunAt >= FRESH_MS) {
      begunAt = clock.now();
      reading = readFleet(places, clock).then((members) => {
        latest = members;
        reading = undefined;
      });
    }
    return latest;
  };
}

/**
 * Returns a function that returns these workers, and those at the health ports that the flag `--workers` names. A worker
 * that is in both is returned once.
 * @param values the values of the flag
 * @throws Error that names every mistake in the values
 */
export function withWatched(own: Workers, values: readonly string[] = []): Workers {
  if (values.length === 0) return own;
  const { places, mistakes } = readPlaces(values);
  if (mistakes.length > 0) throw new Error(mistakes.join('\n'));
  const watched = watchWorkers(places, systemClock);
  return () => {
    const known = own();
    const isKnown = ({ name, startedAt }: ConsoleWorker): boolean =>
      known.some((each) => each.name === name && each.startedAt === startedAt);
    return [...known, ...watched().filter((each) => !isKnown(each))];
  };
}

/** Reads the status of every worker at these places. Returns them in the order of their addresses. Never rejects. */
async function readFleet(places: readonly Address[], clock: Clock): Promise<ConsoleWorker[]> {
  const { answers, lost } = await askWorkers(places, clock);
  const members = answers.map(({ address, status, why }) => {
    const shown = showAddress(address);
    const read = why ?? remoteStatus(status, shown);
    return typeof read === 'string' ? unknown(shown, read) : read;
  });
  const missing = lost.map(({ place, why, isEmpty }) =>
    unknown(showAddress(place), isEmpty ? `${why}: no worker runs there, or it is another name` : why),
  );
  return [...members.toSorted((a, b) => byNumber.compare(a.address ?? '', b.address ?? '')), ...missing];
}

const byNumber = new Intl.Collator('en', { numeric: true });

/** Returns a worker with the state `unknown`, since its status can't be read. @param why the reason */
const unknown = (address: string, why: string): ConsoleWorker => ({
  name: address,
  address,
  state: 'unknown',
  ready: false,
  reasons: [why],
  handlers: [],
  tasksInFlight: 0,
  tasks: [],
  counts: {},
});
