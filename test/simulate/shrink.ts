import type { Plan, PlannedEvent } from './plan.js';
import { type Result, simulate } from './simulate.js';

/** The most runs that shrinking a plan may take. */
const MOST_RUNS = 400;

export interface Shrunk {
  readonly plan: Plan;
  readonly result: Result;
  readonly runs: number;
}

/**
 * Cuts a plan down to what breaks the same invariant: first its events, by halves, quarters and so on (delta debugging,
 * Zeller and Hildebrandt 2002), then workers, handlers and counts. The shrunk plan is run anew each time, so it fails
 * as it is.
 */
export async function shrink(plan: Plan, result: Result): Promise<Shrunk> {
  const { invariant } = result.violation ?? { invariant: '' };
  let best = { plan, result, runs: 0 };
  const tryOut = async (candidate: Plan): Promise<boolean> => {
    if (best.runs >= MOST_RUNS || candidate === best.plan) return false;
    const run = await simulate(candidate);
    const fails = run.violation?.invariant === invariant;
    best = fails ? { plan: candidate, result: run, runs: best.runs + 1 } : { ...best, runs: best.runs + 1 };
    return fails;
  };
  await cutEvents(() => best.plan, tryOut);
  for (const simpler of [fewerWorkers, fewerHandlers, smallerCounts, plainer])
    for (const change of simpler(best.plan)) await tryOut(change(best.plan));
  await cutEvents(() => best.plan, tryOut);
  return best;
}

type Change = (plan: Plan) => Plan;

async function cutEvents(current: () => Plan, tryOut: (plan: Plan) => Promise<boolean>): Promise<void> {
  for (let parts = 2; ;) {
    const { events } = current();
    const size = Math.ceil(events.length / parts);
    let cut = false;
    for (let from = 0; from < events.length && !cut; from += size)
      cut = await tryOut({ ...current(), events: events.toSpliced(from, size) });
    if (cut) parts = Math.max(2, parts - 1);
    else if (size <= 1) return;
    else parts = Math.min(events.length, 2 * parts);
  }
}

const fewerWorkers = ({ workers }: Plan): Change[] =>
  Array.from({ length: workers - 1 }, (_, index): Change => (plan) => ({
    ...plan,
    workers: index + 1,
  })).toReversed();

const fewerHandlers = ({ handlers }: Plan): Change[] =>
  handlers.flatMap(({ key }): Change => (plan) => {
    if (plan.handlers.length === 1) return plan;
    const events = plan.events.filter((each) => !('handler' in each) || each.handler !== key);
    return { ...plan, handlers: plan.handlers.filter((each) => each.key !== key), events };
  });

const smallerCounts = ({ events }: Plan): Change[] =>
  events.flatMap((event, index): Change[] => {
    // The smallest comes last, since each that fails takes the place of the one before.
    const lengths = (length: number): number[] => [Math.ceil(length / 2), Math.ceil(length / 4), 1];
    if (event.kind === 'calls')
      return [
        ...lengths(event.effects.length).map(
          (length): Change =>
            (plan) =>
              withEvent(plan, index, { ...event, effects: event.effects.slice(0, length) }),
        ),
        ...event.effects.map(
          (_, at): Change =>
            (plan) =>
              without(plan, index, at),
        ),
      ];
    if (event.kind !== 'tasks' || event.count === 1) return [];
    return lengths(event.count).map(
      (count): Change =>
        (plan) =>
          withEvent(plan, index, { ...event, count }),
    );
  });

/** Lets the effect at this place be none. */
function without(plan: Plan, index: number, at: number): Plan {
  const event = plan.events[index];
  if (event?.kind !== 'calls' || !event.effects[at]) return plan;
  return withEvent(plan, index, { ...event, effects: event.effects.with(at, null) });
}

const plainer = (): Change[] => [
  (plan) => ({ ...plan, closedPollMs: 0 }),
  (plan) => ({ ...plan, wayMs: [5, 0] }),
  (plan) => ({ ...plan, heartbeatRate: 250 }),
  (plan) => ({ ...plan, calls: 'lean' }),
  (plan) => ({ ...plan, handlers: plan.handlers.map(({ rate: _rate, breaker: _breaker, ...each }) => each) }),
  (plan) => ({ ...plan, handlers: plan.handlers.map((each) => ({ ...each, timeoutMs: false })) }),
];

function withEvent(plan: Plan, index: number, event: PlannedEvent): Plan {
  const known = plan.events[index];
  if (known?.at !== event.at || known.kind !== event.kind) return plan;
  return { ...plan, events: plan.events.with(index, event) };
}
