import type { Abortable } from '../../../base/abort.js';
import type { Store } from '../../../base/store/store.js';
import type { KeptOutcome } from '../../keep/outbox/kept-outcome.js';
import { type OfferEnd, Outbox } from '../../keep/outbox/outbox.js';
import { emitOutbox } from '../../observe/outbox-events.js';
import type { ReportWorld } from '../../task/report.js';
import { offerOutcome } from '../../task/offer.js';
import type { KeeperParts } from '../../worker.js';
import { type Keeper, removeCheckpointOf } from './keeper.js';

/** Opens the outbox of a worker. */
export function openOutbox(
  { handlers, ...keeper }: Keeper,
  store: Store,
  { events, heartbeats, reportsOf }: KeeperParts,
): Outbox {
  const offer = async (kept: KeptOutcome, signal: Abortable, reports: ReportWorld): Promise<OfferEnd> => {
    const end = await offerOutcome(kept, { ...reports, heartbeats }, signal);
    if (end.kind === 'accepted') removeCheckpointOf(kept, kept.outcome, handlers);
    return end;
  };
  return new Outbox({
    ...{ ...keeper, store },
    listener: emitOutbox(events),
    offer: (kept, signal) => {
      const reports = reportsOf(kept.activityArn);
      return reports && offer(kept, signal, reports);
    },
  });
}
