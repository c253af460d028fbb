import type { Lease } from './chronicle.js';
import type { Broken } from './held-back.js';
import { Dice } from './random.js';
import type { HandlerKey, Plan } from './plan.js';
import type { SimulatedProcess } from './timeline.js';

const KB = 1024;
/** An open poll may bring so much. */
const POLL_KB = 256;
/** The limits that are drawn: below, near and above what one poll of each handler may bring. */
const LIMITS_KB = [256, 1_024, 2_560] as const;

/** Limits the memory of a third of the plans, and gives some of their tasks large inputs. */
export function withBytes(plan: Plan): Plan {
  const dice = new Dice(plan.seed, 'bytes');
  if (!dice.chance(0.33)) return plan;
  const events = plan.events.map((each) =>
    each.kind === 'tasks' && each.does === 'ok' && dice.chance(0.4)
      ? { ...each, kb: dice.pick([60, 200]) }
      : each,
  );
  return { ...plan, inFlightKb: dice.pick(LIMITS_KB), events };
}

/**
 * Checks a poll that leaves: inputs of tasks and open polls of a process never take more than its limit. One poll of
 * each handler may always be open.
 */
export function checkBytes(
  { inFlightKb, handlers }: Plan,
  from: SimulatedProcess,
  polls: ReadonlyMap<HandlerKey, number>,
  live: Iterable<Lease>,
  broken: Broken,
): void {
  if (inFlightKb === undefined) return;
  let held = 0;
  for (const { to, receivedAt, ended, input } of live)
    if (to === from && receivedAt !== undefined && ended === undefined) held += input.length;
  for (const open of polls.values()) held += open * POLL_KB * KB;
  const most = Math.max(inFlightKb, handlers.length * POLL_KB) * KB;
  if (held > most) broken('memory', `tasks and polls of ${from.name} hold ${held} bytes, at most ${most}`);
}
