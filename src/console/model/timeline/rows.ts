import { isIterated, type Iteration, type Visit } from '../../../framework/local/view/visit.js';
import type { Run } from '../../../framework/local/view/run.js';

/**
 * The visits that follow one another: those of the machine itself, of one branch of a Parallel, or of one iteration of
 * a Map. No two of them overlap in time.
 */
interface Lane {
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

/** A row of the timeline: a state with all its visits, or one iteration of a Map with the visits of its states. */
export interface TimelineRow {
  /** Names the row. It stays the same while the execution runs. */
  readonly key: string;
  readonly kind: 'state' | 'iteration';
  /** The name of the state, or of the Map. */
  readonly state: string;
  /** The indexes of the iteration and of those around it; empty for a state. */
  readonly indexes: readonly number[];
  /** The number of Parallels, Maps and iterations around the row. */
  readonly depth: number;
  readonly visits: readonly Visit[];
  /** Present for a Map with iterations: their number, and true if they have rows of their own. */
  readonly fold?: { readonly iterations: number; readonly isOpen: boolean };
}

/** The most iterations of a Map that have rows of their own unless the user asks for them. */
const FEW = 12;

/** The user's decisions, by the key of a Map's row: true if the iterations are to have rows of their own. */
export type Folds = ReadonlyMap<string, boolean>;

/**
 * Returns the rows of a run, as a tree: below a Parallel the states of its branches, branch by branch; below a Map its
 * iterations or, if there are many, its states, each with the visits in all iterations.
 */
export function timelineRows({ visits }: Run, folds: Folds): TimelineRow[] {
  const inside = new Map<Visit | undefined, Lane[]>();
  for (const lane of lanesOf(visits)) {
    const same = inside.get(lane.around);
    if (same) same.push(lane);
    else inside.set(lane.around, [lane]);
  }
  const rows: TimelineRow[] = [];
  addLanes({ rows, inside, folds }, inside.get(undefined) ?? [], '', 0);
  return rows;
}

interface Tree {
  readonly rows: TimelineRow[];
  readonly inside: ReadonlyMap<Visit | undefined, readonly Lane[]>;
  readonly folds: Folds;
}

/** Adds a row for each state in the lanes. Lanes that begin with the same state are one branch. */
function addLanes(tree: Tree, lanes: readonly Lane[], around: string, depth: number): void {
  const branches = new Map<string, Visit[]>();
  for (const { visits } of lanes) {
    const [first] = visits;
    const branch = branches.get(first?.name ?? '');
    if (branch) branch.push(...visits);
    else branches.set(first?.name ?? '', [...visits]);
  }
  for (const branch of branches.values()) addStates(tree, branch, around, depth);
}

function addStates(tree: Tree, visits: readonly Visit[], around: string, depth: number): void {
  const states = new Map<string, Visit[]>();
  for (const visit of visits.toSorted((a, b) => a.id - b.id)) {
    const state = states.get(visit.name);
    if (state) state.push(visit);
    else states.set(visit.name, [visit]);
  }
  for (const [name, own] of states) addState(tree, own, `${around}/${name}`, depth);
}

function addState(tree: Tree, visits: readonly Visit[], key: string, depth: number): void {
  const lanes = visits.flatMap((visit) => tree.inside.get(visit) ?? []);
  const [first] = visits;
  if (!first) return;
  const { name: state } = first;
  const row = { key, kind: 'state', state, indexes: [], depth, visits } as const;
  if (!isIterated(first)) {
    tree.rows.push(row);
    addLanes(tree, lanes, key, depth + 1);
    return;
  }
  const isOpen = tree.folds.get(key) ?? lanes.length <= FEW;
  tree.rows.push({ ...row, ...(lanes.length > 0 && { fold: { iterations: lanes.length, isOpen } }) });
  if (isOpen) addIterations(tree, lanes, key, depth + 1);
  else addLanes(tree, lanes, key, depth + 1);
}

/** Adds a row for each lane, followed by those of the Parallels and Maps in it. */
function addIterations(tree: Tree, lanes: readonly Lane[], around: string, depth: number): void {
  const indexed = lanes.map((lane) => ({ ...lane, indexes: indexesOf(lane) }));
  for (const { visits, indexes, around: map } of indexed.toSorted((a, b) => order(a.indexes, b.indexes))) {
    const key = `${around}/${visits[0]?.id}`;
    tree.rows.push({ key, kind: 'iteration', state: map?.name ?? '', indexes, depth, visits });
    addStates(
      tree,
      visits.filter((visit) => tree.inside.has(visit)),
      key,
      depth + 1,
    );
  }
}

function indexesOf({ iteration }: Lane): number[] {
  const found: number[] = [];
  for (let each = iteration; each; each = each.map.iteration) found.unshift(each.index);
  return found;
}

function order(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((each, i) => each !== b[i]);
  return (a[at] ?? 0) - (b[at] ?? 0);
}
