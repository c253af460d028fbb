import type { Clock } from '../../base/time/clock.js';
import { type Address, showAddress } from '../../config/address.js';
import { type Answer, askWorkers, NO_WORKER } from './ask-workers.js';
import { type RemoteStatus, remoteStatus } from './remote-status.js';

/** A worker of a fleet: its status, or the reason for which that can't be read. */
export type FleetMember = {
  /** `HOST:PORT` of its health port or, where a name has no address, the name. */
  readonly address: string;
} & (
  | { readonly status: RemoteStatus; readonly why?: undefined }
  | { readonly status?: undefined; readonly why: string }
);

/** Reads the status of every worker at these places. Returns them in the order of their addresses. Never rejects. */
export async function readFleet(places: readonly Address[], clock: Clock): Promise<FleetMember[]> {
  const { answers, lost } = await askWorkers(places, clock);
  const members = answers.map(memberOf).toSorted((a, b) => byNumber.compare(a.address, b.address));
  const unknown = lost.map(({ place, why, isEmpty }) => ({
    address: showAddress(place),
    why: isEmpty ? `${why}: no worker runs there, or it is another name` : why,
  }));
  return [...members, ...unknown];
}

const byNumber = new Intl.Collator('en', { numeric: true });

function memberOf({ address: from, status, why = NO_WORKER }: Answer): FleetMember {
  const address = showAddress(from);
  const read = remoteStatus(status);
  return read ? { address, status: read } : { address, why };
}
