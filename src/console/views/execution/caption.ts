import type { ActivityLease } from '../../../framework/local/console/api.js';
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
  if (own?.progress === 'queued') return queuedCaption(own);
  if (own?.progress === 'leased') return leasedCaption(own, leases);
  return undefined;
}

function queuedCaption({ visits, counts }: StateProgress): string {
  const many = counts.get('queued') ?? 0;
  if (many > 1) return `${many} queued, no worker`;
  const first = visits.find(
    ({ status, attempts }) => status === 'running' && attempts.at(-1)?.startedAt === undefined,
  );
  const since = first?.attempts.at(-1)?.scheduledAt;
  if (since === undefined) return 'Queued, no worker';
  return `Queued ${wholeSeconds(now.value - since)}, no worker`;
}

function leasedCaption({ visits, counts }: StateProgress, leases: readonly ActivityLease[]): string {
  const many = counts.get('leased') ?? 0;
  if (many > 1) return `${many} leased`;
  const attempt = visits.find(({ status }) => status === 'running')?.attempts.at(-1);
  const lease = leases.find(({ scheduledId }) => scheduledId === attempt?.scheduledId);
  const beat = lease?.beatAt === undefined ? '' : `, beat ${age(now.value - lease.beatAt)}`;
  return `Leased by ${attempt?.worker ?? 'a worker'}${beat}`;
}
