import type { Abortable } from '../../base/abort.js';
import type { Heartbeats } from '../heartbeat/heartbeats.js';
import type { Checkpoints } from '../keep/checkpoints.js';
import type { KeptOutcome } from '../keep/record.js';
import type { OfferEnd, Outbox } from '../keep/outbox.js';
import { Report, type ReportEnd, type ReportRoute } from './report.js';

/** The part of the worker's outbox that its tasks use. */
export type TaskOutbox = Pick<Outbox, 'keep' | 'over' | 'forget' | 'wasDelivered'>;

/**
 * Puts an outcome into the outbox before it is reported, and takes it out after that. Never rejects.
 * @param onReported called when the report has ended. The store may take a second after that
 */
export async function sendKept(
  kept: KeptOutcome,
  report: Report,
  outbox: TaskOutbox,
  onReported: () => void,
): Promise<ReportEnd> {
  const { token, outcome } = kept;
  await outbox.keep(kept);
  const end = await report.send(outcome);
  onReported();
  if (end.kind === 'lost') return { ...end, isKept: outbox.forget(token) };
  // Another worker may have taken this one for dead, and have delivered it.
  const isDelivered = end.kind === 'gone' && (await outbox.wasDelivered(token));
  outbox.over(token);
  return isDelivered ? { ...end, probablyDelivered: true } : end;
}

/** A kept outcome is offered for this long before the others have their turn. */
const OFFER_LIMIT_MS = 60_000;

/** The parts of a worker by which it offers a kept outcome. */
interface OfferRoute extends Omit<ReportRoute, 'reportLimitMs'> {
  readonly heartbeats: Heartbeats;
  /** Returns the checkpoints of a handler; undefined if there are none. */
  readonly checkpointsOf: (handler: string) => Checkpoints | undefined;
}

/**
 * Reports the outcome of a task whose worker has died, and sends the task's heartbeats until the report has ended. Once
 * a success is accepted, removes the task's checkpoint. Never rejects.
 * @param signal ends the report when the worker stops. It is then given up, unless an attempt is accepted meanwhile
 */
export async function offerOutcome(
  { token, heartbeatMs, outcome, handler, checkpoint }: KeptOutcome,
  { heartbeats, checkpointsOf, ...route }: OfferRoute,
  signal: Abortable,
): Promise<OfferEnd> {
  const report = new Report(token, { ...route, reportLimitMs: OFFER_LIMIT_MS }, () => {});
  const heartbeat = heartbeats.track({
    port: route.port,
    token,
    everyMs: heartbeatMs === false ? Number.POSITIVE_INFINITY : heartbeatMs,
    leasedAt: route.clock.now(),
    onGone: (error) => report.cancel(error),
  });
  const stops = new Error('the worker stops');
  const end = (): void => report.cancel(stops);
  if (signal.aborted) end();
  signal.addEventListener('abort', end, { once: true });
  const ended = await report.send(outcome);
  signal.removeEventListener('abort', end);
  heartbeat.release();
  const hasSucceeded = ended.kind === 'accepted' && ended.outcome.status === 'succeeded';
  if (hasSucceeded && checkpoint) checkpointsOf(handler)?.accepted(checkpoint);
  // It isn't known then if the service still wants the task.
  return ended.kind === 'gone' && ended.error === stops ? { kind: 'lost', error: stops } : ended;
}
