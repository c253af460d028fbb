import { Dice } from './random.js';
import { withTheme } from './themes.js';
import { drawUses } from './uses/draw.js';

/** The handlers of every worker, by method and activity. Each worker serves all of them. */
export const HANDLERS = ['main', 'tight', 'quota', 'crowd', 'plain'] as const;
export type HandlerKey = (typeof HANDLERS)[number];
export const OPERATIONS = [
  'GetActivityTask',
  'SendTaskSuccess',
  'SendTaskFailure',
  'SendTaskHeartbeat',
] as const;
export type OperationName = (typeof OPERATIONS)[number];

/** What happens to one call on its way. `done` means that the service performed it all the same. */
export type Effect =
  | { readonly kind: 'reset-before' | 'unwritten' | 'answer-lost' | 'torn' | 'half-body' | 'twice' }
  | { readonly kind: 'late'; readonly ms: number }
  | { readonly kind: 'black-hole'; readonly resetAfterMs?: number }
  /** A page of a gateway or a proxy, without the service's mark. */
  | { readonly kind: 'page'; readonly status: number; readonly text: string; readonly done: boolean }
  /** An error in the service's own words; nothing is done. */
  | { readonly kind: 'error'; readonly type: string };

/** How a handler behaves. */
export type Behaviour =
  | 'ok'
  | 'throws'
  | 'blocks'
  | 'deaf'
  | 'beats'
  | 'invalid'
  | 'pauses'
  | 'defers'
  /** Has a large output, and an input that is a reference. */
  | 'large'
  /** Saves checkpoints. */
  | 'saves'
  /** Does a piece of work once. */
  | 'once';

/** The reference in the input of a task that is `large`. All but the first end the task by a failure. */
export type Payload = 'whole' | 'missing' | 'changed' | 'elsewhere' | 'too large';

/** What comes before the handler of a task and takes so long: a rule of its input, or the making of its instance. */
export interface Wait {
  readonly for: 'rule' | 'instance';
  readonly ms: number;
}

/** One thing that happens. `at` and all lengths are milliseconds; `at` counts from the start. `worker` counts from 0. */
export type PlannedEvent = { readonly at: number } & (
  | {
      readonly kind: 'tasks';
      readonly handler: HandlerKey;
      readonly count: number;
      readonly ms: number;
      readonly does: Behaviour;
      /** The number of pieces of work that the tasks share. @default each task has its own */
      readonly pieces?: number;
      /** @default 'whole' */
      readonly payload?: Payload;
      /** True for pieces of work that fail for good. @default false */
      readonly fails?: boolean;
      /** True for tasks that are deferred without an id. @default false */
      readonly unnamed?: boolean;
      /** @default nothing takes long before its handler is called */
      readonly waits?: Wait;
    }
  | {
      readonly kind: 'calls';
      readonly worker?: number;
      readonly operation: OperationName;
      readonly handler?: HandlerKey;
      /** What happens to the next of these calls, one effect each; null for nothing. */
      readonly effects: readonly (Effect | null)[];
    }
  | {
      readonly kind: 'outage';
      readonly worker?: number;
      readonly ms: number;
      readonly how: 'refused' | 'black-hole' | 'reset';
    }
  | { readonly kind: 'slow'; readonly worker?: number; readonly ms: number; readonly byMs: number }
  | {
      readonly kind: 'throttle';
      readonly operation: OperationName;
      readonly ms: number;
      readonly perSecond: number;
    }
  | { readonly kind: 'crowd'; readonly handler: HandlerKey; readonly ms: number; readonly room: number }
  | { readonly kind: 'kms'; readonly handler: HandlerKey; readonly ms: number }
  | { readonly kind: 'stall'; readonly worker: number; readonly ms: number }
  | { readonly kind: 'wall'; readonly worker: number; readonly byMs: number }
  | {
      readonly kind: 'credentials';
      readonly worker: number;
      /** Until then the provider has no others: it hangs, fails, or returns the old ones. Or it takes its time. */
      readonly ms: number;
      readonly provider: 'hangs' | 'fails' | 'lags' | 'slow';
    }
  | { readonly kind: 'stop' | 'kill'; readonly worker: number; readonly backMs: number }
  /** A worker is killed with one of its next writes to the store, before it or after it. */
  | {
      readonly kind: 'kill-at-call';
      readonly worker: number;
      readonly calls: number;
      readonly isDone: boolean;
      readonly backMs: number;
    }
  /** The thread of heartbeats ends by an error. */
  | { readonly kind: 'thread-crash'; readonly worker: number }
  /** A thread or a process of a pool ends. */
  | { readonly kind: 'host-crash'; readonly worker: number }
  /** A worker reaches neither the service nor the store for so long, from one of its next calls to the store on. */
  | { readonly kind: 'cut-at-call'; readonly worker: number; readonly calls: number; readonly ms: number }
  | { readonly kind: 'abort'; readonly count: number }
  /** The store that the workers share is in trouble, for one worker or for all. `torn`: its answers are lost. */
  | {
      readonly kind: 'store';
      readonly worker?: number;
      readonly ms: number;
      readonly how: 'slow' | 'hanging' | 'unavailable' | 'full' | 'torn';
    }
  /** Somebody pauses a handler of a worker for so long. */
  | { readonly kind: 'pause'; readonly worker: number; readonly handler: HandlerKey; readonly ms: number }
  /** Somebody sets the rate of a handler of a worker: so many tasks in 10 s at most; 0 for no limit. */
  | { readonly kind: 'rate'; readonly worker: number; readonly handler: HandlerKey; readonly count: number }
  /** Somebody gives a handler of a worker so many slots. */
  | { readonly kind: 'slots'; readonly worker: number; readonly handler: HandlerKey; readonly count: number }
);

export interface HandlerPlan {
  readonly key: HandlerKey;
  readonly run: 'main' | 'thread' | 'process';
  /** @default 'worker' */
  readonly scope?: 'task';
  readonly concurrency: number;
  readonly minPollers: number;
  readonly heartbeatMs: number | false;
  readonly timeoutMs: number | false;
  /** The state's HeartbeatSeconds. */
  readonly heartbeatSeconds: number;
  /** The most tasks that begin in 10 s. @default as many as there are */
  readonly rate?: number;
  /** @default none */
  readonly breaker?: { readonly failed: number; readonly of: number; readonly pauseMs: number };
}

/** Everything that a seed decides about a run, as data: it can be printed, cut down and replayed. */
export interface Plan {
  readonly seed: number;
  readonly workers: number;
  readonly calls: 'lean' | 'sdk';
  /** True where a thread of its own sends the heartbeats. Over the SDK's path it stands idle. */
  readonly heartbeatThread: boolean;
  readonly graceMs: number;
  /** A thread or a process of a pool is replaced after so many tasks; false: never. */
  readonly recycleAfter: number | false;
  readonly drain: 'run' | 'fail';
  readonly heartbeatRate: number;
  readonly reportLimitMs: number;
  /** The least delay of a call's one way, and by how much it varies. */
  readonly wayMs: readonly [number, number];
  /** How long a key is good for. */
  readonly keyMs: number;
  /** True for a provider that keeps its keys itself, so that it is asked for each call. */
  readonly providerKeeps: boolean;
  /** The longest that the service keeps a poll whose connection has closed. */
  readonly closedPollMs: number;
  /** True where outcomes are kept in a store. @default false */
  readonly outbox?: boolean;
  /** True where tasks may be deferred. @default false */
  readonly deferred?: boolean;
  /** True where payloads, checkpoints and work that is done once are kept in the store. @default false */
  readonly uses?: boolean;
  readonly handlers: readonly HandlerPlan[];
  /** Nothing new happens after this. */
  readonly troubleMs: number;
  readonly events: readonly PlannedEvent[];
}

type Kind = PlannedEvent['kind'];
/** The kinds of trouble and how often each is drawn. A seed leaves some out, so that others show alone. */
const TROUBLES: Readonly<Partial<Record<Kind, number>>> = {
  calls: 10,
  outage: 1,
  slow: 1,
  throttle: 1,
  crowd: 1,
  kms: 1,
  stall: 2,
  wall: 1,
  credentials: 1.5,
  stop: 2,
  kill: 1,
  abort: 1,
  'thread-crash': 0.7,
  'host-crash': 1.5,
};
const PAGES: readonly (readonly [number, string])[] = [
  [200, ''],
  [200, '{}'],
  [200, '<html>Sign in</html>'],
  [400, ''],
  [400, '{"__type":"com.amazonaws.swf.service.v2.model#TaskTimedOut","message":"from a cache"}'],
  [403, '<html>Forbidden</html>'],
  [408, ''],
  [413, '<html>Too large</html>'],
  [429, 'slow down'],
  [500, '<html>Error</html>'],
  [502, '<html>Bad gateway</html>'],
  [503, ''],
  [504, '<html>Timeout</html>'],
];
const REFUSALS: readonly string[] = [
  'ThrottlingException',
  'ExpiredTokenException',
  'UnrecognizedClientException',
  'AccessDeniedException',
  'InternalFailure',
];
const MINUTE = 60_000;

/**
 * Draws the plan of a seed.
 * @param whole true for five minutes of three workers with five handlers: two on the main thread, of which one is tight;
 * one in a thread, one in a process, and one whose activity has room for few polls
 * @param slow where all handlers run, of which each task waits for something before it begins
 */
export function drawPlan(seed: number, whole = false, slow?: HandlerPlan['run']): Plan {
  const drawn = drawMixed(seed, whole);
  return withWaits(whole ? drawn : withTheme(drawn), slow);
}

/** Lets many tasks of a third of the plans wait before their handlers are called, some of them beyond the deadline. */
function withWaits(plan: Plan, slow?: HandlerPlan['run']): Plan {
  const dice = new Dice(plan.seed, 'waits');
  if (!dice.chance(0.33) && slow === undefined) return plan;
  const handlers = plan.handlers.map((each): HandlerPlan => ({
    ...each,
    ...(slow && { run: slow }),
    ...(dice.chance(0.5) && { scope: 'task' }),
    timeoutMs: dice.pick([each.timeoutMs, false, 3_000]),
  }));
  const wait = (): Wait => ({ for: dice.pick(['rule', 'instance']), ms: dice.pick([500, 4_000, 8_000]) });
  const events = plan.events.map((each) =>
    each.kind === 'tasks' && (slow || dice.chance(0.5)) ? { ...each, waits: wait() } : each,
  );
  if (slow === undefined) return { ...plan, handlers, events };
  const { troubleMs, workers } = plan;
  const troubles = Array.from({ length: 20 }, (): PlannedEvent[] => {
    const at = dice.between(500, troubleMs);
    const worker = dice.between(0, workers - 1);
    const drawn: PlannedEvent[] = [
      { ...drawTasks({ ...plan, handlers, dice }), at, waits: wait() },
      { at: at + dice.between(500, 5_000), kind: 'abort', count: 2 },
      { at: at + dice.between(0, 5_000), kind: 'stop', worker, backMs: 5_000 },
      { at, kind: 'store', ms: 8_000, how: dice.pick(['slow', 'torn']) },
    ];
    return drawn.filter(({ kind }) => kind === 'tasks' || kind === 'abort' || dice.chance(0.3));
  }).flat();
  return {
    ...plan,
    handlers,
    graceMs: 5_000,
    events: [...events, ...troubles].toSorted((one, other) => one.at - other.at),
  };
}

function drawMixed(seed: number, whole: boolean): Plan {
  const dice = new Dice(seed, whole ? 'whole plan' : 'plan');
  const workers = whole ? 3 : dice.pick([1, 1, 2, 3]);
  const keys = whole ? HANDLERS : HANDLERS.slice(0, dice.pick([1, 2, 3, 5, 5]));
  const handlers = keys.map((key) => ({ ...drawHandler(key, dice), ...(whole && { run: WHOLE[key] }) }));
  const troubleMs = (whole ? 5 : dice.between(1, 3)) * MINUTE;
  const [near, far] = dice.pick([
    [0, 2],
    [1, 20],
    [10, 40],
  ] as const);
  const calm = dice.chance(0.15);
  const swarm = Object.fromEntries(Object.entries(TROUBLES).filter(() => dice.chance(0.6)));
  const many = calm || Object.keys(swarm).length === 0 ? 0 : dice.between(2, 40);
  const draw = { dice, workers, handlers, troubleMs };
  const isDeferred = new Dice(seed, 'deferred').chance(0.4);
  const events = [
    ...Array.from({ length: dice.between(6, 20) }, () => drawTasks(draw)),
    ...Array.from({ length: many }, () => drawTrouble(draw, dice.weighted(swarm) as Kind)),
    ...(whole ? [fewPolls(dice, troubleMs)] : []),
    ...drawControl({ ...draw, dice: new Dice(seed, 'control') }, whole ? 0.5 : 0.25),
    ...drawStore({ ...draw, dice: new Dice(seed, 'store') }),
    ...drawDeferred({ ...draw, dice: new Dice(seed, 'deferred tasks') }, isDeferred),
    ...(hasUses(seed) ? drawUses({ ...draw, dice: new Dice(seed, 'uses') }) : []),
  ];
  return {
    seed,
    workers,
    handlers,
    troubleMs,
    calls: dice.chance(0.12) ? 'sdk' : 'lean',
    heartbeatThread: dice.chance(0.8),
    recycleAfter: dice.pick([false, 3]),
    graceMs: dice.pick([5_000, 20_000, 60_000]),
    drain: dice.chance(0.3) ? 'fail' : 'run',
    heartbeatRate: dice.pick([250, 250, 20, 5]),
    reportLimitMs: dice.pick([15 * MINUTE, 2 * MINUTE]),
    wayMs: [near, far],
    keyMs: dice.pick([60 * MINUTE, 6.5 * MINUTE]),
    providerKeeps: dice.chance(0.2),
    closedPollMs: dice.pick([0, 0, 20_000]),
    outbox: new Dice(seed, 'outbox').chance(0.5),
    deferred: isDeferred,
    uses: hasUses(seed),
    events: events
      // Workers that ask about the same task in turn go by their dates, on which machines agree.
      .filter(({ kind }) => kind !== 'wall' || !hasUses(seed))
      .toSorted((one, other) => one.at - other.at),
  };
}

/** Two of five stories have tasks that leave something in a store. In every fifth they do little else. */
const hasUses = (seed: number): boolean => seed % 5 === 0 || seed % 5 === 3;

export interface Draw {
  readonly dice: Dice;
  readonly workers: number;
  readonly handlers: readonly HandlerPlan[];
  readonly troubleMs: number;
}

const WHOLE: Readonly<Record<HandlerKey, HandlerPlan['run']>> = {
  main: 'main',
  tight: 'main',
  quota: 'main',
  crowd: 'thread',
  plain: 'process',
};

const fewPolls = (dice: Dice, ms: number): PlannedEvent => ({
  at: 0,
  kind: 'crowd',
  handler: 'quota',
  ms,
  room: dice.between(1, 6),
});

/** Some handlers run in a pool. */
const PLACES: Readonly<Record<HandlerKey, readonly HandlerPlan['run'][]>> = {
  main: ['main'],
  tight: ['main'],
  quota: ['main', 'main', 'thread', 'process'],
  crowd: ['thread', 'thread', 'main'],
  plain: ['process', 'process', 'main'],
};

function drawHandler(key: HandlerKey, dice: Dice): HandlerPlan {
  const concurrency = dice.pick([1, 2, 4, 10]);
  const heartbeatMs =
    key === 'tight' ? 2_000 : key === 'plain' && dice.chance(0.3) ? false : dice.pick([5_000, 20_000]);
  return {
    key,
    concurrency,
    heartbeatMs,
    run: dice.pick(PLACES[key]),
    minPollers: dice.pick([1, Math.min(2, concurrency), concurrency]),
    timeoutMs: dice.chance(0.2) ? 30_000 : false,
    heartbeatSeconds: heartbeatMs === false ? 120 : (heartbeatMs / 1_000) * dice.pick([2, 3]) + 1,
    ...(dice.chance(0.15) && { rate: dice.pick([5, 20]) }),
    ...(dice.chance(0.25) && { breaker: { failed: 0.5, of: 4, pauseMs: dice.pick([2_000, 5_000]) } }),
  };
}

/** The longest that all slots of a handler work on the tasks of one event. */
const LOAD_MS = 60_000;

function drawTasks({ dice, handlers, troubleMs, workers }: Draw): Extract<PlannedEvent, { kind: 'tasks' }> {
  const does = dice.weighted({ ok: 12, throws: 2, blocks: 1, deaf: 1, beats: 1, invalid: 1, pauses: 0.7 });
  const { key: handler, concurrency, heartbeatMs, heartbeatSeconds } = dice.pick(handlers);
  // A task that blocks the loop for as long as its own lease lasts can never be done.
  const blocks = [300, 2_000, 8_000].filter((each) => each < heartbeatSeconds * 500);
  const deaf = [20_000, 45_000, ...(heartbeatMs === false ? [] : [150_000])];
  const ms = dice.pick(
    does === 'blocks' ? blocks : does === 'deaf' ? deaf : [0, 10, 300, 3_000, 20_000, 45_000],
  );
  const most = Math.max(1, Math.floor((LOAD_MS * concurrency * workers) / Math.max(1, ms)));
  const wanted = does === 'blocks' || does === 'deaf' ? dice.between(1, 2) : dice.pick([1, 2, 5, 10, 40]);
  const count = Math.min(most, wanted);
  return { at: dice.between(0, troubleMs), kind: 'tasks', handler, count, ms, does };
}

function drawTrouble(draw: Draw, kind: Kind): PlannedEvent {
  const { dice, workers, handlers, troubleMs } = draw;
  const at = dice.between(500, troubleMs);
  const worker = dice.between(0, workers - 1);
  const some = dice.chance(0.5) ? { worker } : {};
  const ms = dice.pick([1_000, 5_000, 20_000, 90_000, 200_000]);
  const { key: handler } = dice.pick(handlers);
  switch (kind) {
    case 'calls':
      return drawCalls(draw, at, some);
    case 'outage':
      return { at, kind, ...some, ms, how: dice.pick(['refused', 'black-hole', 'reset']) };
    case 'slow':
      return { at, kind, ...some, ms, byMs: dice.pick([200, 2_000, 9_000]) };
    case 'throttle':
      return { at, kind, operation: dice.pick(OPERATIONS), ms, perSecond: dice.pick([0, 1, 5]) };
    case 'crowd':
      return { at, kind, handler, ms, room: dice.between(0, 3) };
    case 'kms':
      return { at, kind, handler, ms };
    case 'stall':
      return { at, kind, worker, ms: dice.pick([300, 2_000, 10_000, 80_000]) };
    case 'wall':
      return { at, kind, worker, byMs: dice.pick([-3_600_000, -400_000, 30_000, 400_000, 3_600_000]) };
    case 'credentials': {
      return { at, kind, worker, ms, provider: dice.pick(['hangs', 'fails', 'lags', 'slow']) };
    }
    case 'thread-crash':
    case 'host-crash':
      return { at, kind, worker };
    case 'abort':
      return { at, kind, count: dice.between(1, 10) };
    default:
      return { at, kind: kind === 'kill' ? 'kill' : 'stop', worker, backMs: dice.pick([100, 5_000, 30_000]) };
  }
}

/** In some stories somebody controls the workers. A rate is ended before the trouble is over. */
function drawControl({ dice, workers, handlers, troubleMs }: Draw, share: number): PlannedEvent[] {
  if (!dice.chance(share)) return [];
  return Array.from({ length: dice.between(1, 6) }, (): PlannedEvent[] => {
    const at = dice.between(500, troubleMs - 10_000);
    const worker = dice.between(0, workers - 1);
    const { key: handler } = dice.pick(handlers);
    if (dice.chance(0.3)) return [{ at, kind: 'slots', worker, handler, count: dice.pick([1, 2, 5, 10]) }];
    if (dice.chance(0.5))
      return [{ at, kind: 'pause', worker, handler, ms: dice.pick([500, 5_000, 100_000]) }];
    return [
      { at, kind: 'rate', worker, handler, count: dice.pick([1, 3, 20]) },
      { at: troubleMs - 5_000, kind: 'rate', worker, handler, count: 0 },
    ];
  }).flat();
}

/** In some stories the store is in trouble. */
function drawStore({ dice, workers, troubleMs }: Draw): PlannedEvent[] {
  return Array.from({ length: dice.pick([0, 0, 1, 2, 3]) }, () => ({
    at: dice.between(0, troubleMs),
    kind: 'store',
    ms: dice.pick([1_000, 20_000, 60_000]),
    ...(dice.chance(0.5) && { worker: dice.between(0, workers - 1) }),
    how: dice.pick(['slow', 'hanging', 'unavailable', 'full', 'torn'] as const),
  }));
}

/** Tasks that somebody else completes. */
function drawDeferred({ dice, handlers, troubleMs }: Draw, isDeferred: boolean): PlannedEvent[] {
  if (!isDeferred) return [];
  return Array.from({ length: dice.between(1, 4) }, () => ({
    at: dice.between(0, troubleMs),
    kind: 'tasks',
    does: 'defers',
    handler: dice.pick(handlers).key,
    count: dice.between(1, 5),
    ms: dice.pick([0, 3_000]),
    ...(dice.chance(0.25) && { unnamed: true }),
  }));
}

function drawCalls({ dice, handlers }: Draw, at: number, some: { worker?: number }): PlannedEvent {
  const operation = dice.pick([...OPERATIONS, 'SendTaskSuccess'] as const);
  const only = dice.chance(0.2) ? { handler: dice.pick(handlers).key } : {};
  const first = drawEffect(dice, operation);
  const effects = Array.from({ length: dice.pick([1, 1, 3, 8, 20]) }, () => {
    if (dice.chance(0.3)) return first;
    return dice.chance(0.3) ? null : drawEffect(dice, operation);
  });
  return { at, kind: 'calls', ...some, operation, ...only, effects };
}

function drawEffect(dice: Dice, operation: OperationName): Effect {
  const kind = dice.pick([
    'reset-before',
    'unwritten',
    'answer-lost',
    'torn',
    'half-body',
    'twice',
    'late',
    'black-hole',
    'page',
    'page',
    'error',
  ] as const);
  if (kind === 'late') return { kind, ms: dice.pick([500, 3_000, 12_000, 40_000]) };
  if (kind === 'black-hole')
    return { kind, ...(dice.chance(0.5) && { resetAfterMs: dice.pick([3_000, 30_000]) }) };
  if (kind === 'error') {
    const kms = ['KmsThrottlingException', 'KmsAccessDeniedException'];
    const own = operation === 'GetActivityTask' ? ['ActivityWorkerLimitExceeded', ...kms] : kms;
    return { kind, type: dice.pick([...REFUSALS, ...own]) };
  }
  if (kind !== 'page') return { kind };
  const [status, text] = dice.pick(PAGES);
  return { kind, status, text, done: dice.chance(0.3) };
}

/** Writes a plan as it can be read again: one event a line. */
export function writePlan({ events, ...rest }: Plan): string {
  const head = JSON.stringify(rest, null, 1).replaceAll(/\n\s*/g, ' ');
  return `${head.slice(0, -2)}, "events": [\n${events.map((each) => `  ${JSON.stringify(each)}`).join(',\n')}\n]}\n`;
}
