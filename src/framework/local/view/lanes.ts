import type { Iteration, Visit } from './run.js';

/**
 * The visits that follow one another: those of the machine itself, of one branch of a Parallel, or of one iteration of
 * a Map. No two of them overlap in time.
 */
export interface Lane {
  /** The visit of the Parallel or Map; undefined for the machine's own lane. */
  readonly around: Visit | undefined;
  /** The iteration, if `around` is a Map. */
  readonly iteration: Iteration | undefined;
  readonly visits: readonly Visit[];
}

/** Returns the lanes of a run, in the order in which they began. Each attempt of a Parallel or a Map has its own. */
export function lanesOf(visits: readonly Visit[]): Lane[] {
  const lanes: Lane[] = [];
  const known = new Map<Visit, Visit[]>();
  for (const visit of visits) {
    let own = visit.after && known.get(visit.after);
    if (own) own.push(visit);
    else lanes.push(laneFrom(visit, (own = [visit])));
    known.set(visit, own);
  }
  return lanes;
}

function laneFrom({ parent, iteration }: Visit, visits: readonly Visit[]): Lane {
  return { around: parent, iteration: iteration?.map === parent ? iteration : undefined, visits };
}
