import type { ActivityLease } from '../../../framework/local/console/api.js';
import type { Visit } from '../../../framework/local/view/visit.js';
import { age, wholeSeconds } from '../../model/format.js';
import type { StateProgress } from '../../model/progress.js';
import { now } from '../../service/stream.js';

/**
 * Returns the caption in the graph for a state whose task is queued or has been taken by a worker. Returns undefined
 * for any other state: the word for its progress is then shown.
 */
export function captionOf(
  own: StateProgress | undefined,
  leases: readonly ActivityLease[],
): string | undefined {
  if (own?.progress === 'queued') return queuedCaption(own.current.get('queued') ?? []);
  if (own?.progress === 'leased') return leasedCaption(own.current.get('leased') ?? [], leases);
  return undefined;
}

function queuedCaption(visits: readonly Visit[]): string {
  if (visits.length > 1) return `${visits.length} queued, no worker`;
  const since = visits[0]?.attempts.at(-1)?.scheduledAt;
  return since === undefined ? 'Queued, no worker' : `Queued ${wholeSeconds(now.value - since)}, no worker`;
}

function leasedCaption(visits: readonly Visit[], leases: readonly ActivityLease[]): string {
  if (visits.length > 1) return `${visits.length} leased`;
  const attempt = visits[0]?.attempts.at(-1);
  const lease = leases.find(({ scheduledId }) => scheduledId === attempt?.scheduledId);
  const beat = lease?.beatAt === undefined ? '' : `, beat ${age(now.value - lease.beatAt)}`;
  return `Leased by ${attempt?.worker ?? 'a worker'}${beat}`;
}
