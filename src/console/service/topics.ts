import { signal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import type { WorkerList, WorkerRow } from '../../framework/local/console/topics/worker-list.js';
import type { ExecutionStatus } from '../parts/status.js';
import { Run, type HistoryEvent } from '../model/history.js';
import { follow } from './stream.js';

/** What the console says of a machine. Instants are epoch milliseconds, here and below. */
export interface MachineRow {
  readonly arn: string;
  readonly name: string;
  readonly createdAt: number;
  readonly deleting: boolean;
  readonly activities: readonly { readonly arn: string; readonly exists: boolean }[];
  readonly counts: Readonly<Partial<Record<ExecutionStatus, number>>>;
}

export interface WaitingTask {
  readonly since: number;
  readonly execution?: string;
  readonly state?: string;
}

export interface Lease {
  readonly workerName?: string;
  readonly since: number;
  readonly beatAt?: number;
  readonly due?: number;
}

export interface ActivityRow {
  readonly arn: string;
  readonly name: string;
  readonly createdAt: number;
  readonly polls: number;
  readonly pollers: readonly { readonly name: string | null; readonly polls: number }[];
  readonly queued: number;
  readonly waiting: readonly WaitingTask[];
  readonly leased: number;
  readonly working: readonly (Lease & WaitingTask)[];
}

interface Wholes {
  readonly machines: { readonly machines: readonly MachineRow[] };
  readonly activities: { readonly activities: readonly ActivityRow[] };
  readonly workers: WorkerList;
}

/** Follows a topic that is told whole each time. Undefined until the first time. */
function useWhole<K extends keyof Wholes>(topic: K): Wholes[K] | undefined {
  const latest = useMemo(() => signal<Wholes[K] | undefined>(undefined), [topic]);
  useEffect(
    () => follow<Wholes[K], Wholes[K]>(topic, undefined, { snapshot: (data) => (latest.value = data) }),
    [topic],
  );
  return latest.value;
}

export const useMachines = (): readonly MachineRow[] | undefined => useWhole('machines')?.machines;

export const useActivities = (): readonly ActivityRow[] | undefined => useWhole('activities')?.activities;

export const useWorkers = (): readonly WorkerRow[] | undefined => useWhole('workers')?.workers;

/** An execution in a list. */
export interface ExecutionRow {
  /** In the order of their starts. */
  readonly order: number;
  readonly machine: string;
  readonly name: string;
  readonly status: ExecutionStatus;
  readonly startedAt: number;
  readonly endedAt: number | null;
}

export interface ExecutionList {
  /** The latest first. */
  readonly rows: readonly ExecutionRow[];
  /** How many older ones are not listed. */
  readonly older: number;
}

type ToldRow = [
  order: number,
  machine: string,
  name: string,
  status: ExecutionStatus,
  startedAt: number,
  endedAt: number | null,
  endedAs: number | null,
];

interface ToldList {
  readonly rows: readonly ToldRow[];
  readonly older: number;
  readonly forgotten: number;
}

/** Follows the executions of a machine, or all. */
export function useExecutions(machineArn: string | undefined): ExecutionList | undefined {
  const list = useMemo(() => signal<ExecutionList | undefined>(undefined), [machineArn]);
  useEffect(() => {
    let ends = new Map<number, number>();
    const take = ({ rows: told, forgotten, older }: ToldList, before: ExecutionList): void => {
      const latest = before.rows[0]?.order ?? -1;
      const changed = new Map(told.map((each) => [each[0], toRow(each)]));
      for (const [order, , , , , , endedAs] of told) if (endedAs !== null) ends.set(order, endedAs);
      const isForgotten = ({ order }: ExecutionRow): boolean => (ends.get(order) ?? Infinity) < forgotten;
      // They come in the order of the list, and what has started since lies before all that is known.
      const fresh = [...changed.values()].filter(({ order }) => order > latest);
      const kept = before.rows.filter((row) => !isForgotten(row)).map((row) => changed.get(row.order) ?? row);
      if (ends.size > 2 * (kept.length + told.length))
        ends = new Map([...ends].filter(([, at]) => at >= forgotten));
      list.value = { rows: [...fresh, ...kept], older: before.older + older };
    };
    return follow<ToldList, ToldList>('executions', machineArn, {
      snapshot: (data) => {
        ends = new Map();
        take(data, { rows: [], older: 0 });
      },
      change: (data) => take(data, list.peek() ?? { rows: [], older: 0 }),
    });
  }, [machineArn]);
  return list.value;
}

const toRow = ([order, machine, name, status, startedAt, endedAt]: ToldRow): ExecutionRow => ({
  order,
  machine,
  name,
  status,
  startedAt,
  endedAt,
});

/** What never changes of an execution. */
interface Facts {
  readonly arn: string;
  readonly name: string;
  readonly machine: { readonly arn: string; readonly name: string };
  readonly definition: string;
  readonly input: string;
  readonly startedAt: number;
}

interface Standing {
  readonly status: ExecutionStatus;
  readonly endedAt: number | null;
  readonly output?: string;
  readonly error?: string;
  readonly cause?: string;
  readonly leases: readonly (Lease & { readonly scheduledId: number })[];
  readonly events: readonly HistoryEvent[];
}

export interface ExecutionView extends Facts, Standing {
  readonly run: Run;
  /** How much of its history is known; another number says that there is more. */
  readonly known: number;
}

/** Follows an execution. `missing` where there is none of the ARN. */
export function useExecution(arn: string): ExecutionView | 'missing' | undefined {
  const view = useMemo(() => signal<ExecutionView | 'missing' | undefined>(undefined), [arn]);
  useEffect(() => {
    let run = new Run();
    let facts: Facts | undefined;
    const take = (data: Standing): void => {
      run.add(data.events);
      if (facts) view.value = { ...facts, ...data, run, known: run.events.length };
    };
    return follow<Facts & Standing, Standing>('execution', arn, {
      snapshot: (data) => {
        run = new Run();
        const { name, machine, definition, input, startedAt } = data;
        facts = { arn, name, machine, definition, input, startedAt };
        take(data);
      },
      change: take,
      missing: () => (view.value = 'missing'),
    });
  }, [arn]);
  return view.value;
}
