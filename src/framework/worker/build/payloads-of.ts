import type { StoreTroubles } from '../../base/store.js';
import type { TaskPayloads } from '../handler/output/outputs.js';
import type { Plan } from './plan.js';
import type { StartWorld } from './start-world.js';

/** The parts of a worker that its payloads use. */
interface PayloadsWorld extends Pick<StartWorld, 'clock' | 'random'> {
  readonly stores: StoreTroubles;
}

/** Makes what handlers need for large inputs and outputs; undefined if the option `payloads` isn't set. */
export async function payloadsOf(
  { settings }: Plan,
  world: PayloadsWorld,
): Promise<TaskPayloads | undefined> {
  if (settings.payloads === undefined) return undefined;
  const { taskPayloads } = await import('../handler/payloads.js');
  const { clock, random, stores } = world;
  return taskPayloads(settings.payloads, { clock, random, trouble: stores.of('payloads') });
}
