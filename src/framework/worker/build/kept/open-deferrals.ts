import type { Store } from '../../../base/store/store.js';
import { Deferrals } from '../../deferral/deferrals.js';
import { deferralEvents } from '../../observe/deferral-events.js';
import type { KeeperParts } from '../../worker.js';
import { type Keeper, removeCheckpointOf } from './keeper.js';

/** The most deferred tasks that a worker holds, if the config doesn't say. */
const MOST_DEFERRED = 10_000;

/** Makes what keeps the deferred tasks of a worker. */
export const openDeferrals = (
  { handlers, ...keeper }: Keeper,
  { store, most = MOST_DEFERRED }: { readonly store: Store; readonly most?: number | undefined },
  { events, ...parts }: KeeperParts,
): Deferrals =>
  new Deferrals({
    ...{ ...keeper, ...parts, store, most },
    listener: deferralEvents(events),
    onAccepted: (task, outcome) => removeCheckpointOf(task, outcome, handlers),
  });
