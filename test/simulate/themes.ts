import type { Draw, HandlerPlan, Plan, PlannedEvent } from './plan.js';
import { Dice } from './random.js';
import { drawCut, drawUses } from './uses/draw.js';

/** A story of one trouble, which much that happens at once would hide. */
type Theme = (plan: Plan, dice: Dice) => Partial<Plan>;

const MINUTE = 60_000;

/** Tasks that keep a handler busy. */
const flood = (
  handler: HandlerPlan['key'],
  at: number,
  ms: number,
): Extract<PlannedEvent, { kind: 'tasks' }> => ({
  at,
  handler,
  ms,
  kind: 'tasks',
  count: 40,
  does: 'ok',
});

const floods = (plan: Plan, ms: number, everyMs: number): PlannedEvent[] =>
  plan.handlers.flatMap(({ key }) =>
    Array.from({ length: Math.floor(plan.troubleMs / everyMs) }, (_, index) =>
      flood(key, index * everyMs, ms),
    ),
  );

const THEMES: Readonly<Record<string, Theme>> = {
  /** The service can't use one handler's KMS key, while the others have much to do. */
  key: (plan, dice) => {
    const [first, ...others] = plan.handlers;
    if (!first) return {};
    const wide = { ...first, concurrency: 10, minPollers: 10 };
    const slow = others.map((each) => ({ ...each, concurrency: Math.min(4, each.concurrency) }));
    const handlers = [wide, ...slow.map((each) => ({ ...each, minPollers: 1 }))];
    const kms = { at: 20_000, kind: 'kms', handler: first.key, ms: plan.troubleMs } as const;
    return { handlers, events: [kms, ...floods(plan, dice.pick([300, 1_000]), 30_000)] };
  },
  /** A provider takes long for each call's credentials, and polls vanish. */
  keys: (plan, dice) => {
    const troubles = Array.from({ length: plan.workers }, (_, worker): PlannedEvent[] => [
      { at: dice.between(500, MINUTE), kind: 'credentials', worker, ms: plan.troubleMs, provider: 'slow' },
      {
        at: dice.between(500, plan.troubleMs),
        kind: 'calls',
        worker,
        operation: 'GetActivityTask',
        effects: [{ kind: 'black-hole' }, null, { kind: 'black-hole' }, { kind: 'black-hole' }],
      },
    ]);
    const tasks = plan.handlers.map(({ key }) => ({ ...flood(key, MINUTE, 10), count: 3 }));
    return { providerKeeps: true, events: [...troubles.flat(), ...tasks] };
  },
  /** All handlers have much to do, and share one quota of polls. */
  quota: (plan, dice) => ({
    workers: 1,
    events: [
      {
        at: 1_000,
        kind: 'throttle',
        operation: 'GetActivityTask',
        ms: plan.troubleMs,
        perSecond: dice.pick([4, 10]),
      },
      // Some have nothing to do, and let their turns pass.
      ...floods({ ...plan, handlers: plan.handlers.slice(dice.pick([0, 0, 1])) }, 0, 10_000),
    ],
  }),
  /** The thread of heartbeats ends while as many leases are held as the rate suffices for. */
  thread: (plan, dice) => ({
    calls: 'lean',
    heartbeatThread: true,
    heartbeatRate: 5,
    handlers: plan.handlers.map((each) => ({ ...each, concurrency: 10 })),
    events: [
      ...plan.handlers.map(({ key }) => ({ ...flood(key, dice.between(0, 10_000), 45_000), count: 10 })),
      ...Array.from({ length: plan.workers }, (_, worker): PlannedEvent => ({
        at: dice.between(12_000, 50_000),
        kind: 'thread-crash',
        worker,
      })),
    ],
  }),
  /** Most tasks fail by the name that breakers heed. */
  breaker: (plan, dice) => ({
    handlers: plan.handlers.map((each) => ({
      ...each,
      breaker: { failed: 0.5, of: 4, pauseMs: dice.pick([2_000, 20_000]) },
    })),
    events: [
      ...plan.handlers.flatMap(({ key }) =>
        Array.from({ length: 6 }, (): PlannedEvent => ({
          ...flood(key, dice.between(0, plan.troubleMs), dice.pick([0, 300, 3_000, 20_000])),
          count: dice.pick([3, 6]),
          does: dice.pick(['throws', 'throws', 'ok', 'pauses']),
        })),
      ),
      ...Array.from({ length: 10 }, (): PlannedEvent => ({
        at: dice.between(10_000, plan.troubleMs),
        kind: 'abort',
        count: 3,
      })),
    ],
  }),
};

/** In half of these stories some heartbeats get no answer, also those that ask if a task is wanted. */
function unanswered({ troubleMs, workers }: Draw, dice: Dice): PlannedEvent[] {
  if (dice.chance(0.5)) return [];
  const effect = dice.pick([
    { kind: 'reset-before' },
    { kind: 'answer-lost' },
    { kind: 'page', status: 503, text: '', done: false },
  ] as const);
  return Array.from({ length: 8 }, () => ({
    at: dice.between(0, troubleMs),
    worker: dice.between(0, workers - 1),
    kind: 'calls',
    operation: 'SendTaskHeartbeat',
    effects: [effect, null, effect],
  }));
}

/** Tasks that leave something in a store, and what cuts them off. */
function kept(plan: Plan, dice: Dice): Partial<Plan> {
  const draw = { ...plan, dice, workers: Math.max(2, plan.workers) };
  const tasks = Array.from({ length: 3 }, () => drawUses(draw)).flat();
  const cuts = Array.from({ length: dice.between(2, 8) }, () => drawCut(draw, dice.pick(tasks).at)).flat();
  const stores = plan.events.filter((each) => each.kind === 'store');
  const deferred = plan.events.filter((each) => each.kind === 'tasks' && each.does === 'defers');
  const events = [
    ...tasks,
    ...deferred,
    ...cuts,
    ...stores,
    ...unanswered(draw, new Dice(plan.seed, 'asks')),
  ];
  if (!dice.chance(0.2)) return { workers: draw.workers, uses: true, events };
  // The store is away for a quarter of an hour, for all.
  const how = dice.pick(['unavailable', 'hanging'] as const);
  const away = { at: dice.between(0, plan.troubleMs), kind: 'store', ms: 15 * MINUTE, how } as const;
  const troubleMs = plan.troubleMs + 16 * MINUTE;
  return { workers: draw.workers, uses: true, troubleMs, events: [...events, away] };
}

/** Gives every fifth plan tasks that leave something in a store, and a quarter of the others a theme of their own. */
export function withTheme(plan: Plan): Plan {
  if (plan.seed % 5 === 0) return inOrder({ ...plan, ...kept(plan, new Dice(plan.seed, 'kept')) });
  const dice = new Dice(plan.seed, 'theme');
  if (!dice.chance(0.25)) return plan;
  const themed = { ...plan, ...THEMES[dice.pick(Object.keys(THEMES))]?.(plan, dice) };
  const served = new Set(themed.handlers.map(({ key }) => key));
  const events = themed.events.filter(
    (each) => !('handler' in each) || !each.handler || served.has(each.handler),
  );
  return inOrder({ ...themed, events });
}

const inOrder = (plan: Plan): Plan => ({
  ...plan,
  events: plan.events.toSorted((one, other) => one.at - other.at),
});
