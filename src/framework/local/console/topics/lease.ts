import type { OpenLease } from '../../engine/tasks/open-tasks.js';
import type { Lease } from '../api.js';

/** Copies only those fields of a lease (who works on a task, and until when) that the page may see. */
export function leaseOf({ workerName, since, beatAt, due }: OpenLease): Lease {
  return { workerName, since, beatAt, due };
}
