import type { RunnableHandler } from '../../handler-loop.js';
import type { Outcome } from '../../handler/outcome/outcome.js';
import type { LeasesWorld } from '../../keep/leases.js';
import type { CheckpointRef } from '../../keep/record.js';

/** The parts of a worker that its outbox and its deferred tasks use, besides their stores. */
export interface Keeper extends Omit<LeasesWorld, 'store'> {
  readonly handlers: readonly RunnableHandler[];
}

/** A task whose outcome this worker has reported for another process. */
interface TaskOfAnother {
  /** The handler's name, `Class.method`. */
  readonly handler: string;
  readonly checkpoint?: CheckpointRef | undefined;
}

/** Removes the checkpoint of a task whose success the service has accepted. Returns at once. */
export function removeCheckpointOf(
  { handler, checkpoint }: TaskOfAnother,
  { status }: Outcome,
  handlers: readonly RunnableHandler[],
): void {
  if (status !== 'succeeded' || !checkpoint) return;
  handlers.find(({ name }) => name === handler)?.checkpoints?.accepted(checkpoint);
}
