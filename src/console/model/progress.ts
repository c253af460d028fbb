import type { Visit } from '../../framework/local/view/visit.js';

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
  | 'timed out'
  | 'aborted';

export const PROGRESS_WORDS: Readonly<Record<Progress | 'not reached', string>> = {
  queued: 'Queued',
  leased: 'Leased',
  'backing off': 'Backing off',
  'in progress': 'In progress',
  succeeded: 'Succeeded',
  caught: 'Caught error',
  failed: 'Failed',
  'timed out': 'Timed out',
  aborted: 'Aborted',
  'not reached': 'Not reached',
};

/**
 * If a state has visits in several branches or iterations, the page shows the progress that comes first in this list:
 * that of a running visit before that of a failed one, and the others last.
 */
const ORDER: readonly Progress[] = [
  'queued',
  'leased',
  'backing off',
  'in progress',
  'failed',
  'timed out',
  'caught',
  'aborted',
  'succeeded',
];

export function progressOf(visit: Visit, isActivity: boolean): Progress {
  if (visit.status !== 'running') return visit.status;
  const attempt = visit.attempts.at(-1);
  if (!attempt) return 'in progress';
  if (attempt.endedAt !== undefined) return attempt.outcome === 'succeeded' ? 'in progress' : 'backing off';
  if (!isActivity) return 'in progress';
  return attempt.startedAt === undefined ? 'queued' : 'leased';
}

/** The progress of a state, computed from its visits. */
export interface StateProgress {
  /** `not reached` if the state was entered, but not in the last attempt of the Parallel or Map around it. */
  readonly progress: Progress | 'not reached';
  /** All visits, also those of earlier attempts. */
  readonly visits: readonly Visit[];
  /** The visits that decide the progress: in each branch and iteration the last one, in the last attempt. */
  readonly current: ReadonlyMap<Progress, readonly Visit[]>;
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
  const last = new Map(visits.map((visit) => [placeOf(visit), visit]));
  const isCurrent = (visit: Visit): boolean =>
    last.get(placeOf(visit)) === visit &&
    (!visit.parent || (visit.id > (visit.parent.startedId ?? 0) && isCurrent(visit.parent)));
  const found = new Map<string, { visits: Visit[]; current: Map<Progress, Visit[]> }>();
  for (const visit of visits) {
    if (!isSelected(visit, selection)) continue;
    let state = found.get(visit.name);
    if (!state) found.set(visit.name, (state = { visits: [], current: new Map() }));
    state.visits.push(visit);
    if (!isCurrent(visit)) continue;
    const progress = progressOf(visit, activityStates.has(visit.name));
    const same = state.current.get(progress);
    if (same) same.push(visit);
    else state.current.set(progress, [visit]);
  }
  return new Map(
    [...found].map(([name, state]) => [
      name,
      { ...state, progress: ORDER.find((each) => state.current.has(each)) ?? 'not reached' },
    ]),
  );
}

/** Names a state in one visit of the Parallel or Map around it, in one iteration. */
const placeOf = ({ name, parent, iteration }: Visit): string => `${parent?.id} ${iteration?.index} ${name}`;

export function isSelected(visit: Visit, selection: Selection): boolean {
  for (let it = visit.iteration; it; it = it.map.iteration) {
    const wanted = selection.get(it.map.name);
    if (wanted !== undefined && wanted !== it.index) return false;
  }
  return true;
}
