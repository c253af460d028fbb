import type { OpenLease } from '../../engine/open-task.js';
import type { Lease } from '../api.js';

/** Copies the fields of a lease that the page may see. Any other field is left out. */
export function leaseOf({ workerName, since, beatAt, due }: OpenLease): Lease {
  return { workerName, since, beatAt, due };
}
