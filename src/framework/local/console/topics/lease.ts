import type { OpenLease } from '../../engine/open-task.js';
import type { Lease } from '../api.js';

/** Copies a lease field by field: nothing reaches a page that is not named here. */
export function leaseOf({ workerName, since, beatAt, due }: OpenLease): Lease {
  return { workerName, since, beatAt, due };
}
