import type { Run, Visit } from './history.js';

/** A stretch of time on the strip of a state. */
export interface TimelineBar {
  readonly from: number;
  /** Undefined: it goes on. */
  readonly to: number | undefined;
  readonly kind: 'queued' | 'working' | 'retry' | 'back-off' | 'succeeded' | 'caught' | 'failed' | 'aborted';
}

export interface TimelineRow {
  readonly state: string;
  readonly depth: number;
  readonly bars: readonly TimelineBar[];
}

/** When each state was at work, in the order in which they were first entered. */
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
  const ending = visit.status === 'running' ? 'working' : visit.status;
  if (attempts.length === 0) return [{ from: enteredAt, to: exitedAt, kind: ending }];
  return attempts.flatMap((attempt, i) => {
    const isLast = i === attempts.length - 1;
    const end = attempt.endedAt ?? exitedAt;
    const next = attempts[i + 1]?.scheduledAt;
    const worked = attempt.outcome === undefined || attempt.outcome === 'succeeded' || isLast;
    const found: TimelineBar[] = [];
    const { startedAt = attempt.scheduledAt } = attempt;
    if (startedAt > attempt.scheduledAt)
      found.push({ from: attempt.scheduledAt, to: startedAt, kind: 'queued' });
    if (attempt.startedAt === undefined && end === undefined)
      found.push({ from: attempt.scheduledAt, to: undefined, kind: 'queued' });
    else
      found.push({
        from: startedAt,
        to: end,
        kind:
          worked && isLast
            ? visit.status === 'running' && attempt.endedAt !== undefined
              ? 'retry'
              : ending
            : 'retry',
      });
    if (attempt.endedAt !== undefined && next !== undefined)
      found.push({ from: attempt.endedAt, to: next, kind: 'back-off' });
    else if (
      isLast &&
      attempt.endedAt !== undefined &&
      attempt.outcome !== 'succeeded' &&
      visit.status === 'running'
    )
      found.push({ from: attempt.endedAt, to: undefined, kind: 'back-off' });
    return found;
  });
}

/** Leaves out what would lie within a pixel of one of the same kind: ten thousand bars look like a few hundred. */
export function thinned(
  bars: readonly TimelineBar[],
  from: number,
  span: number,
  width: number,
): TimelineBar[] {
  if (bars.length < 200) return [...bars];
  const seen = new Set<string>();
  return bars.filter((each) => {
    const pixel = (at: number): number => Math.round(((at - from) / span) * width);
    const key = `${each.kind} ${pixel(each.from)} ${each.to === undefined ? '' : pixel(each.to)}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
