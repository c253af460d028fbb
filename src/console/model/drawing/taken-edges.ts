import type { Visit } from '../../../framework/local/view/visit.js';

/** A line of a machine's graph. `from` is undefined for the line to the first state, `to` for that to the end. */
export interface Edge {
  readonly from: string | undefined;
  readonly to: string | undefined;
  /** True if the line is one of a Catch. */
  readonly caught: boolean;
}

/**
 * Returns the edge by which a visit began and, if the branch ended with it, also that to the end.
 * @param isLast returns true for a state after which the machine or the branch ends. The history doesn't say so: the
 * branches of a Parallel have no event at their end
 */
export function edgesAt(visit: Visit, isLast: (state: string) => boolean): Edge[] {
  const { name, after, exitedId, status } = visit;
  const entry = { from: after?.name, to: name, caught: after?.status === 'caught' };
  const ended = exitedId !== undefined && status !== 'caught' && isLast(name);
  return ended ? [entry, { from: name, to: undefined, caught: false }] : [entry];
}

/** The edges that an execution has taken, and how often. */
export class TakenEdges {
  readonly #counts = new Map<string, number>();

  /** @param visits those that count, such as those of one iteration */
  constructor(visits: readonly Visit[], isLast: (state: string) => boolean) {
    for (const visit of visits)
      for (const edge of edgesAt(visit, isLast)) this.#counts.set(keyOf(edge), this.count(edge) + 1);
  }

  /** Returns the number of times that the execution has gone along the edge. */
  count(edge: Edge): number {
    return this.#counts.get(keyOf(edge)) ?? 0;
  }
}

/** The lengths distinguish names that contain spaces. */
const keyOf = ({ from, to, caught }: Edge): string => `${from?.length} ${to?.length} ${from}${to} ${caught}`;
