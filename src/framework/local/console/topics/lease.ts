import type { OpenLease } from '../../engine/open-task.js';
import type { Lease } from '../api.js';

/** Copies a lease field by field: a field that is not named here never reaches the page. */
export function leaseOf({ workerName, since, beatAt, due }: OpenLease): Lease {
  return { workerName, since, beatAt, due };
}
