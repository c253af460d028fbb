import type { Attempt, Visit } from '../../../framework/local/view/run.js';

/** A bar of the timeline: a part of a state's visit. Times are epoch milliseconds. */
export interface TimelineBar {
  readonly from: number;
  /** The end of the bar; undefined if it grows until now. */
  readonly to: number | undefined;
  readonly kind: BarKind;
  readonly state: string;
  readonly worker: string | undefined;
}

/** The kinds of bars, with the word for each. */
export const BAR_WORDS = {
  queued: 'waits for a worker',
  working: 'in progress',
  retry: 'failed, tried again',
  'back-off': 'back-off',
  succeeded: 'succeeded',
  caught: 'caught an error',
  failed: 'failed',
  aborted: 'aborted',
} as const;

export type BarKind = keyof typeof BAR_WORDS;

/** Returns the bars of a visit: of each attempt its waiting, its work and the pause after it. */
export function barsOf(visit: Visit): TimelineBar[] {
  const { attempts, enteredAt, exitedAt, name: state } = visit;
  if (attempts.length === 0)
    return [{ from: enteredAt, to: exitedAt, kind: endingOf(visit), state, worker: undefined }];
  return attempts.flatMap((attempt, i) => {
    const next = attempts[i + 1];
    const parts = [
      ...queuedPart(attempt, visit),
      ...workPart(attempt, next, visit),
      ...backOffPart(attempt, next, visit),
    ];
    return parts.map((each) => ({
      ...each,
      state,
      worker: each.kind === 'queued' ? undefined : attempt.worker,
    }));
  });
}

type Part = Pick<TimelineBar, 'from' | 'to' | 'kind'>;

const endingOf = ({ status }: Visit): BarKind => (status === 'running' ? 'working' : status);

const endOf = ({ endedAt }: Attempt, { exitedAt }: Visit): number | undefined => endedAt ?? exitedAt;

function queuedPart(attempt: Attempt, visit: Visit): Part[] {
  const { scheduledAt, startedAt } = attempt;
  if (startedAt === undefined)
    return endOf(attempt, visit) === undefined ? [{ from: scheduledAt, to: undefined, kind: 'queued' }] : [];
  return startedAt > scheduledAt ? [{ from: scheduledAt, to: startedAt, kind: 'queued' }] : [];
}

function workPart(attempt: Attempt, next: Attempt | undefined, visit: Visit): Part[] {
  const { scheduledAt, startedAt, endedAt } = attempt;
  const to = endOf(attempt, visit);
  if (startedAt === undefined && to === undefined) return [];
  const isOver = next !== undefined || (visit.status === 'running' && endedAt !== undefined);
  return [{ from: startedAt ?? scheduledAt, to, kind: isOver ? 'retry' : endingOf(visit) }];
}

function backOffPart(attempt: Attempt, next: Attempt | undefined, visit: Visit): Part[] {
  const { endedAt, outcome } = attempt;
  if (endedAt === undefined) return [];
  if (next) return [{ from: endedAt, to: next.scheduledAt, kind: 'back-off' }];
  const waits = visit.status === 'running' && outcome !== 'succeeded';
  return waits ? [{ from: endedAt, to: undefined, kind: 'back-off' }] : [];
}
