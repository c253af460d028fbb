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
    return { ...task, does, count, ms, ...pieces, ...(dice.chance(0.2) && { fails: true }) };
  });
}

/** Draws what cuts off the tasks of a worker, soon after others have come. */
export function drawCut({ dice, workers, handlers, troubleMs }: Draw, begun: number): PlannedEvent[] {
  const kind = dice.pick([
    ...(['kill-at-call', 'kill-at-call', 'kill', 'stop', 'stall', 'host-crash', 'outage'] as const),
    ...(['cut-at-call', 'cut-at-call', 'partition', 'taken for dead'] as const),
  ]);
  const at = Math.min(troubleMs, begun + dice.pick([0, 100, 2_000, 20_000]) + dice.between(0, 1_000));
  const worker = dice.between(0, workers - 1);
  const on = { at, worker };
  const backMs = dice.pick([100, 5_000, 30_000]);
  const ms = dice.pick([10_000, 30_000, 80_000]);
  switch (kind) {
    case 'kill-at-call':
      return [{ ...on, kind, calls: dice.between(1, 5), isDone: dice.chance(0.5), backMs }];
    case 'cut-at-call':
      return [{ ...on, kind, calls: dice.between(1, 4), ms }];
    case 'kill':
    case 'stop':
      return [{ ...on, kind, backMs }];
    case 'stall':
      return [{ ...on, kind, ms: dice.pick([10_000, 45_000, 80_000]) }];
    case 'taken for dead': {
      const task = { at, kind: 'tasks', handler: dice.pick(handlers).key, ms: 45_000 } as const;
      const stall = { kind: 'stall', worker, ms: dice.pick([45_000, 80_000]) } as const;
      return [
        { ...task, does: dice.pick(['once', 'once', 'saves']), count: dice.between(2, 4), pieces: 1 },
        { ...stall, at: at + dice.between(2_000, 20_000) },
      ];
    }
    case 'host-crash':
      return [{ ...on, kind }];
    case 'outage':
      return [{ ...on, kind, ms, how: dice.pick(['refused', 'black-hole']) }];
    default:
      // Neither the service nor the store is there for it.
      return [
        { ...on, kind: 'outage', ms, how: dice.pick(['refused', 'black-hole']) },
        { ...on, kind: 'store', ms, how: dice.pick(['hanging', 'unavailable', 'torn']) },
      ];
  }
}
