import { distance } from 'fastest-levenshtein';
import type { Logger } from '../../base/log/log.js';
import { showError } from '../../base/show.js';
import type { Clock } from '../../base/time/clock.js';
import type { AwsService } from '../../aws/sdk/aws-service.js';
import type { Worker } from '../worker.js';
import { regionOf } from './find-activities.js';

type Known = ReadonlyMap<string, string>;

/**
 * Logs the names of similar activities when polls are refused because the activity doesn't exist. The activities of a
 * region are listed at most once. A worker doesn't need the permission for that; without it nothing is added to the
 * log.
 */
export function logNearestActivities(
  worker: Pick<Worker, 'on'>,
  service: Pick<AwsService, 'client'>,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): void {
  const listed = new Map<string, Promise<Known>>();
  const over = new AbortController();
  worker.on('state', ({ to }) => {
    if (to === 'draining') over.abort();
  });
  worker.on('poll:failed', ({ handler, activityArn, error }) => {
    if (error.name !== 'ActivityDoesNotExist') return;
    const region = regionOf(activityArn);
    const listing = listed.get(region) ?? list(service, region, clock, over.signal);
    listed.set(region, listing);
    void listing.then(
      (known) => log.error({ handler, activity: activityArn }, nearest(activityArn, region, known)),
      (reason) => log.debug({ region, error: showError(reason as Error) }, 'ListActivities failed'),
    );
  });
}

async function list(
  service: Pick<AwsService, 'client'>,
  region: string,
  clock: Clock,
  over: AbortSignal,
): Promise<Known> {
  const { listActivities } = await import('../../aws/queries/activity-queries.js');
  const { query } = await import('../../aws/queries/query.js');
  const client = await service.client(region);
  return query(clock, (limit) => listActivities(client, AbortSignal.any([over, limit])));
}

function nearest(arn: string, region: string, known: Known): string {
  const name = arn.split(':').at(-1) ?? '';
  if (known.size === 0)
    return `${region} has no activity at all for these credentials: most likely the region or the account is wrong. Fix: correct the region in the ARN (${arn}), or use the credentials of its account`;
  const none = `there is no activity '${name}' in ${region}`;
  const same = known.get(name);
  if (same !== undefined) return `there is no ${arn}; the account of these credentials has ${same}`;
  const near = [...known.keys()].toSorted((a, b) => distance(name, a) - distance(name, b)).slice(0, 3);
  return `${none}; the nearest are ${near.join(', ')}`;
}
