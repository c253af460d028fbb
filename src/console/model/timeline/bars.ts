import type { Attempt, Visit } from '../../../framework/local/view/visit.js';

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
  'timed out': 'timed out',
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
      ...queuedPart(attempt),
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

const isUntaken = ({ startedAt, outcome = 'aborted' }: Attempt): boolean =>
  startedAt === undefined && outcome === 'aborted';

function queuedPart(attempt: Attempt): Part[] {
  const { scheduledAt, startedAt = scheduledAt, endedAt } = attempt;
  const to = isUntaken(attempt) ? endedAt : startedAt;
  return to === scheduledAt ? [] : [{ from: scheduledAt, to, kind: 'queued' }];
}

function workPart(attempt: Attempt, next: Attempt | undefined, visit: Visit): Part[] {
  const { scheduledAt, startedAt = scheduledAt, endedAt } = attempt;
  if (isUntaken(attempt)) return [];
  return [{ from: startedAt, to: endedAt, kind: kindOf(attempt, next, visit) }];
}

function kindOf(attempt: Attempt, next: Attempt | undefined, visit: Visit): BarKind {
  if (waitsAfter(attempt, next, visit)) return 'retry';
  if (next) return attempt.outcome === 'aborted' ? 'aborted' : 'failed';
  return endingOf(visit);
}

function backOffPart(attempt: Attempt, next: Attempt | undefined, visit: Visit): Part[] {
  const { endedAt } = attempt;
  if (endedAt === undefined || !waitsAfter(attempt, next, visit)) return [];
  return [{ from: endedAt, to: next?.scheduledAt ?? visit.exitedAt, kind: 'back-off' }];
}

/** True if the state waited for its next attempt, even if its execution ended before. A redrive is no such attempt. */
function waitsAfter({ outcome }: Attempt, next: Attempt | undefined, { status }: Visit): boolean {
  if (next) return next.isRedriven !== true;
  return /failed|timed/.test(outcome ?? '') && /running|aborted|timed/.test(status);
}
