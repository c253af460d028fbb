import type { Visit, VisitStatus } from '../../framework/local/view/run.js';

/**
 * The progress of a state's visit. A running visit can be `queued` (its task waits for a worker), `leased` (a worker
 * has the task) or `backing off` (it waits before the next attempt).
 */
export type Progress =
  | 'queued'
  | 'leased'
  | 'backing off'
  | 'in progress'
  | 'succeeded'
  | 'caught'
  | 'failed'
  | 'aborted';

export const PROGRESS_WORDS: Readonly<Record<Progress | 'not reached', string>> = {
  queued: 'Queued',
  leased: 'Leased',
  'backing off': 'Backing off',
  'in progress': 'In progress',
  succeeded: 'Succeeded',
  caught: 'Caught error',
  failed: 'Failed',
  aborted: 'Aborted',
  'not reached': 'Not reached',
};

/**
 * If a state has several visits, the page shows the progress that comes first in this list: that of a running visit
 * before that of a failed one, and the others last.
 */
const ORDER: readonly Progress[] = [
  'queued',
  'leased',
  'backing off',
  'in progress',
  'failed',
  'caught',
  'aborted',
  'succeeded',
];

const ENDED: Readonly<Partial<Record<VisitStatus, Progress>>> = {
  succeeded: 'succeeded',
  caught: 'caught',
  failed: 'failed',
  aborted: 'aborted',
};

export function progressOf(visit: Visit, isActivity: boolean): Progress {
  const ended = ENDED[visit.status];
  if (ended) return ended;
  const attempt = visit.attempts.at(-1);
  if (!attempt) return 'in progress';
  if (attempt.endedAt !== undefined) return attempt.outcome === 'succeeded' ? 'in progress' : 'backing off';
  if (!isActivity) return 'in progress';
  return attempt.startedAt === undefined ? 'queued' : 'leased';
}

/** The progress of a state, computed from all its visits. */
export interface StateProgress {
  readonly progress: Progress;
  readonly visits: readonly Visit[];
  readonly counts: ReadonlyMap<Progress, number>;
}

/**
 * The index of the iteration that the user has selected, by the name of the Map. All iterations are shown for a Map
 * without an entry.
 */
export type Selection = ReadonlyMap<string, number>;

/**
 * Returns the progress of each state that the execution has entered, by the state's name. Visits in iterations that
 * aren't selected don't count.
 */
export function stateProgress(
  visits: readonly Visit[],
  activityStates: ReadonlySet<string>,
  selection: Selection,
): Map<string, StateProgress> {
  const found = new Map<string, { visits: Visit[]; counts: Map<Progress, number> }>();
  for (const visit of visits) {
    if (!isSelected(visit, selection)) continue;
    let state = found.get(visit.name);
    if (!state) found.set(visit.name, (state = { visits: [], counts: new Map() }));
    state.visits.push(visit);
    const progress = progressOf(visit, activityStates.has(visit.name));
    state.counts.set(progress, (state.counts.get(progress) ?? 0) + 1);
  }
  return new Map(
    [...found].map(([name, { visits: own, counts }]) => [
      name,
      { visits: own, counts, progress: ORDER.find((each) => counts.has(each)) ?? 'in progress' },
    ]),
  );
}

export function isSelected(visit: Visit, selection: Selection): boolean {
  for (let it = visit.iteration; it; it = it.map.iteration) {
    const wanted = selection.get(it.map.name);
    if (wanted !== undefined && wanted !== it.index) return false;
  }
  return true;
}
