import type { Abortable } from '../../base/abort.js';
import type { RunnableHandler } from '../handler-loop.js';
import { LimitedStore } from '../keep/limited-store.js';
import type { OfferEnd } from '../keep/outbox.js';
import type { ReportWorld } from '../task/report.js';
import type { WorkerParts } from '../worker.js';
import type { Plan } from './plan.js';
import type { BuildWorld } from './start-world.js';
import type { KeptOutcome } from '../keep/record.js';

/** The parts from which a worker keeps something. */
interface KeepingWorld extends BuildWorld {
  readonly handlers: readonly RunnableHandler[];
  readonly scopeOf: (activityArn: string) => string;
}

/** A kept outcome is offered for this long before the others have their turn. */
const OFFER_LIMIT_MS = 60_000;

/** Returns what opens a worker's outbox, and the store of its deferred tasks. The code of an outbox isn't loaded without its option. */
export async function keptOf(
  { settings: { outbox, deferred } }: Plan,
  world: KeepingWorld,
): Promise<Pick<WorkerParts, 'openOutbox' | 'deferred'>> {
  return {
    openOutbox: outbox && (await openerOfOutbox(world, new LimitedStore(outbox.store, 'outbox', world))),
    deferred: deferred && new LimitedStore(deferred.store, 'deferred', world),
  };
}

async function openerOfOutbox(
  { clock, random, log, handlers, scopeOf }: KeepingWorld,
  store: LimitedStore,
): Promise<WorkerParts['openOutbox']> {
  const { Outbox } = await import('../keep/outbox.js');
  const { offerOutcome } = await import('../task/kept-report.js');
  const scopes = new Set(handlers.map(({ activityArn }) => scopeOf(activityArn)));
  return ({ events, heartbeats, reportsOf }) => {
    const offer = async (kept: KeptOutcome, signal: Abortable, reports: ReportWorld): Promise<OfferEnd> => {
      const end = await offerOutcome(kept, { ...reports, heartbeats, reportLimitMs: OFFER_LIMIT_MS }, signal);
      if (end.kind === 'accepted' && end.outcome.status === 'succeeded') removeCheckpoint(kept, handlers);
      return end;
    };
    return new Outbox({
      store,
      clock,
      random,
      log,
      scopes,
      emit: events.emit,
      offer: (kept, signal) => {
        const reports = reportsOf(kept.activityArn);
        return reports && offer(kept, signal, reports);
      },
    });
  };
}

/** Removes the checkpoint of a task whose success the service has accepted. Returns at once. */
function removeCheckpoint({ handler, checkpoint }: KeptOutcome, handlers: readonly RunnableHandler[]): void {
  if (!checkpoint) return;
  handlers.find(({ name }) => name === handler)?.checkpoints?.accepted(checkpoint);
}
