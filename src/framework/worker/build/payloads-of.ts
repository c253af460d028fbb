import type { TaskPayloads } from '../handler/output/outputs.js';
import type { Plan } from './plan.js';
import type { StartWorld } from './start-world.js';

/** Makes what handlers need for large inputs and outputs; undefined if the option `payloads` isn't set. */
export async function payloadsOf({ settings }: Plan, world: StartWorld): Promise<TaskPayloads | undefined> {
  if (settings.payloads === undefined) return undefined;
  const { taskPayloads } = await import('../handler/payloads.js');
  return taskPayloads(settings.payloads, world);
}
