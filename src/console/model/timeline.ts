import type { Attempt, Run, Visit } from '../../framework/local/view/run.js';

/** A bar in a state's row of the timeline. Times are epoch milliseconds. */
export interface TimelineBar {
  readonly from: number;
  /** The end of the bar; undefined if it grows until now. */
  readonly to: number | undefined;
  readonly kind: 'queued' | 'working' | 'retry' | 'back-off' | 'succeeded' | 'caught' | 'failed' | 'aborted';
}

export interface TimelineRow {
  readonly state: string;
  /** The number of Parallels and Maps around the state. */
  readonly depth: number;
  readonly bars: readonly TimelineBar[];
}

/** Returns a row for each state that the execution has entered, in the order in which they were first entered. */
export function timelineRows({ visits }: Run): TimelineRow[] {
  const rows = new Map<string, { depth: number; bars: TimelineBar[] }>();
  for (const visit of visits) {
    let row = rows.get(visit.name);
    if (!row) rows.set(visit.name, (row = { depth: depthOf(visit), bars: [] }));
    row.bars.push(...barsOf(visit));
  }
  return [...rows].map(([state, row]) => ({ state, ...row }));
}

function depthOf({ parent }: Visit): number {
  return parent ? depthOf(parent) + 1 : 0;
}

function barsOf(visit: Visit): TimelineBar[] {
  const { attempts, enteredAt, exitedAt } = visit;
  if (attempts.length === 0) return [{ from: enteredAt, to: exitedAt, kind: endingOf(visit) }];
  return attempts.flatMap((attempt, i) => {
    const next = attempts[i + 1];
    return [
      ...queuedBar(attempt, visit),
      ...workBar(attempt, next, visit),
      ...backOffBar(attempt, next, visit),
    ];
  });
}

const endingOf = ({ status }: Visit): TimelineBar['kind'] => (status === 'running' ? 'working' : status);

const endOf = ({ endedAt }: Attempt, { exitedAt }: Visit): number | undefined => endedAt ?? exitedAt;

function queuedBar(attempt: Attempt, visit: Visit): TimelineBar[] {
  const { scheduledAt, startedAt } = attempt;
  if (startedAt === undefined)
    return endOf(attempt, visit) === undefined ? [{ from: scheduledAt, to: undefined, kind: 'queued' }] : [];
  return startedAt > scheduledAt ? [{ from: scheduledAt, to: startedAt, kind: 'queued' }] : [];
}

function workBar(attempt: Attempt, next: Attempt | undefined, visit: Visit): TimelineBar[] {
  const { scheduledAt, startedAt, endedAt } = attempt;
  const to = endOf(attempt, visit);
  if (startedAt === undefined && to === undefined) return [];
  const isOver = next !== undefined || (visit.status === 'running' && endedAt !== undefined);
  return [{ from: startedAt ?? scheduledAt, to, kind: isOver ? 'retry' : endingOf(visit) }];
}

function backOffBar(attempt: Attempt, next: Attempt | undefined, visit: Visit): TimelineBar[] {
  const { endedAt, outcome } = attempt;
  if (endedAt === undefined) return [];
  if (next) return [{ from: endedAt, to: next.scheduledAt, kind: 'back-off' }];
  const waits = visit.status === 'running' && outcome !== 'succeeded';
  return waits ? [{ from: endedAt, to: undefined, kind: 'back-off' }] : [];
}

/**
 * Leaves out each bar that would cover the same pixels as another bar of the same kind, so that of ten thousand bars
 * only a few hundred are drawn.
 */
export function thinned(
  bars: readonly TimelineBar[],
  from: number,
  span: number,
  width: number,
): TimelineBar[] {
  if (bars.length < 200) return [...bars];
  const pixel = (at: number): number => Math.round(((at - from) / span) * width);
  const seen = new Set<string>();
  return bars.filter((each) => {
    const key = `${each.kind} ${pixel(each.from)} ${each.to === undefined ? '' : pixel(each.to)}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
