import type { Draw, Payload, PlannedEvent } from '../plan.js';

const PAYLOADS: readonly Payload[] = [
  'whole',
  'whole',
  'whole',
  'missing',
  'changed',
  'elsewhere',
  'too large',
];

/** Draws tasks that leave something in a store. */
export function drawUses({ dice, handlers, troubleMs }: Draw): PlannedEvent[] {
  return Array.from({ length: dice.between(2, 5) }, (): PlannedEvent => {
    const task = { at: dice.between(0, troubleMs), kind: 'tasks', handler: dice.pick(handlers).key } as const;
    const count = dice.between(1, 4);
    const ms = dice.pick([300, 3_000, 20_000, 45_000]);
    const does = dice.pick(['large', 'saves', 'once'] as const);
    if (does === 'large')
      return { ...task, does, count, ms: dice.pick([0, 3_000]), payload: dice.pick(PAYLOADS) };
    const shared = dice.chance(does === 'once' ? 0.8 : 0.3);
    const pieces = { ...(shared && { pieces: dice.between(1, 2) }) };
    if (does === 'saves') return { ...task, does, count, ms, ...pieces };
    return {
      ...{ ...task, does, count, ms, ...pieces },
      ...(dice.chance(0.2) && { fails: true }),
      ...(dice.chance(0.3) && { waits: false }),
    };
  });
}
