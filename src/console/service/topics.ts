import { signal, type Signal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import type {
  ActivityRow,
  ActivityTraffic,
  AttemptNotesRow,
  ExecutionFacts,
  ExecutionListUpdate,
  ExecutionStatus,
  ExecutionTuple,
  ExecutionUpdate,
  MachineRow,
  Topics,
  WorkerRow,
} from '../../framework/local/console/api.js';
import { Run } from '../../framework/local/view/run.js';
import type { CallError } from './calls.js';
import { follow } from './stream.js';

/**
 * Follows a topic whose messages are all snapshots, and returns the last one. Returns undefined until the first message
 * arrives.
 */
function useSnapshots<K extends 'machines' | 'activities' | 'traffic' | 'workers'>(
  topic: K,
  arn?: string,
): Topics[K]['snapshot'] | undefined {
  const latest = useMemo(() => signal<Topics[K]['snapshot'] | undefined>(undefined), [topic]);
  useEffect(() => follow(topic, arn, { snapshot: (data) => (latest.value = data) }), [topic, arn]);
  return latest.value;
}

export const useMachines = (): readonly MachineRow[] | undefined => useSnapshots('machines')?.machines;

export const useActivities = (): readonly ActivityRow[] | undefined => useSnapshots('activities')?.activities;

export const useTraffic = (): readonly ActivityTraffic[] | undefined => useSnapshots('traffic')?.activities;

/** @param selected the key of the worker whose details are wanted */
export const useWorkers = (selected: string | undefined): readonly WorkerRow[] | undefined =>
  useSnapshots('workers', selected)?.workers;

export interface ExecutionRow {
  /** The executions of the service are numbered in the order in which they were started. */
  readonly order: number;
  readonly machine: string;
  readonly name: string;
  readonly status: ExecutionStatus;
  readonly startedAt: number;
  readonly endedAt: number | null;
  /** The name of the error by which it failed; empty if there is none. */
  readonly error: string;
  readonly redrives: number;
  readonly version: number | null;
  readonly isCopy: boolean;
}

export interface ExecutionList {
  /** The executions in the list, the latest first. */
  readonly rows: readonly ExecutionRow[];
  /** The number of older executions that aren't in the list. */
  readonly older: number;
}

/**
 * Follows the executions of a machine, or of all machines if the ARN is undefined. Returns undefined until the first
 * message arrives.
 */
export function useExecutions(machineArn: string | undefined): ExecutionList | undefined {
  const list = useMemo(() => signal<ExecutionList | undefined>(undefined), [machineArn]);
  useEffect(() => followExecutions(machineArn, list), [machineArn]);
  return list.value;
}

const NO_EXECUTIONS: ExecutionList = { rows: [], older: 0 };

function followExecutions(
  machineArn: string | undefined,
  list: Signal<ExecutionList | undefined>,
): () => void {
  let ends = new Map<number, number>();
  const apply = (update: ExecutionListUpdate, before: ExecutionList): void => {
    const { rows, forgotten, older } = update;
    for (const [order, , , , , , endedAs] of rows) if (endedAs !== null) ends.set(order, endedAs);
    const isForgotten = ({ order }: ExecutionRow): boolean => (ends.get(order) ?? Infinity) < forgotten;
    const merged = merge(rows, before.rows, isForgotten);
    list.value = { rows: merged, older: before.older + older };
    if (ends.size > 2 * (merged.length + rows.length))
      ends = new Map([...ends].filter(([, at]) => at >= forgotten));
  };
  return follow('executions', machineArn, {
    snapshot: (data) => {
      ends = new Map();
      apply(data, NO_EXECUTIONS);
    },
    change: (data) => apply(data, list.peek() ?? NO_EXECUTIONS),
  });
}

/**
 * Merges the rows of a message into the existing rows. The latest execution is first in both lists. An execution that
 * has changed stays where it is; new executions come first.
 */
function merge(
  changes: readonly ExecutionTuple[],
  before: readonly ExecutionRow[],
  isForgotten: (row: ExecutionRow) => boolean,
): ExecutionRow[] {
  const latest = before[0]?.order ?? -1;
  const changed = new Map(changes.map((each) => [each[0], toRow(each)]));
  const fresh = [...changed.values()].filter(({ order }) => order > latest);
  const kept = before.filter((row) => !isForgotten(row)).map((row) => changed.get(row.order) ?? row);
  return [...fresh, ...kept];
}

/** Returns a row of a list as an object. */
export function toRow(tuple: ExecutionTuple): ExecutionRow {
  const [order, machine, name, status, startedAt, endedAt, , error, redrives, version, isCopy] = tuple;
  return {
    order,
    machine,
    name,
    status,
    startedAt,
    endedAt,
    error: error ?? '',
    redrives,
    version,
    isCopy,
  };
}

export interface ExecutionView extends ExecutionFacts, Omit<ExecutionUpdate, 'notes'> {
  /** The workers' notes on attempts, by the id of the ActivityScheduled event. */
  readonly notes: ReadonlyMap<number, AttemptNotesRow>;
  readonly run: Run;
  /**
   * The number of events in `run`. `run` is changed in place, so that a component can tell only by this number that
   * there are new events.
   */
  readonly known: number;
}

/**
 * Follows one execution. Returns undefined until the first message arrives, and the error if the service refuses, for
 * example because no execution has the ARN.
 */
export function useExecution(arn: string): ExecutionView | CallError | undefined {
  const view = useMemo(() => signal<ExecutionView | CallError | undefined>(undefined), [arn]);
  useEffect(() => {
    let run = new Run();
    let notes = new Map<number, AttemptNotesRow>();
    let facts: ExecutionFacts | undefined;
    const apply = (data: ExecutionUpdate): void => {
      run.add(data.events);
      for (const each of data.notes) notes.set(each.scheduledId, each);
      if (facts) view.value = { ...facts, ...data, notes, run, known: run.events.length };
    };
    return follow('execution', arn, {
      snapshot: (data) => {
        run = new Run();
        notes = new Map();
        facts = data;
        apply(data);
      },
      change: apply,
      refused: (error) => (view.value = error),
    });
  }, [arn]);
  return view.value;
}
