import { useEffect, useMemo, useState } from 'preact/hooks';
import { queryField, setQuery } from '../../route.js';
import { query } from '../../service/calls.js';
import { connection, now, paused } from '../../service/stream.js';
import { type ExecutionList, type ExecutionRow, toRow } from '../../service/topics.js';

/** The fields of the filter of the list of executions. They are kept in the page's URL; an empty one fits everything. */
export const FIELDS = ['status', 'machine', 'started', 'name', 'error', 'input'] as const;
export type Filter = Readonly<Record<(typeof FIELDS)[number], string>>;

/** The choices of how long ago an execution was started, in milliseconds. */
export const AGES: Readonly<Record<string, readonly [word: string, ms: number]>> = {
  minute: ['Last minute', 60_000],
  '10min': ['Last 10 minutes', 600_000],
  hour: ['Last hour', 3_600_000],
  day: ['Last 24 hours', 86_400_000],
};

export function useFilter(): [filter: Filter, set: (change: Partial<Filter>) => void] {
  const values = FIELDS.map((field) => queryField(field) ?? '');
  const filter = useMemo(
    () => Object.fromEntries(FIELDS.map((field, i) => [field, values[i]])) as Filter,
    values,
  );
  return [filter, setQuery];
}

/** The executions that fit a filter. */
interface Found {
  readonly rows: readonly ExecutionRow[];
  readonly total: number;
}

/** The milliseconds after which the service is asked: the user may still be typing, or more may be started. */
const ASK_AFTER_MS = 250;
const ASK_EVERY_MS = 1_000;

/**
 * Returns the executions that fit a filter. The service looks through all that it keeps, again whenever some have
 * started or ended and, for the last minutes, as time passes. Returns undefined until it has answered.
 */
export function useFound(list: ExecutionList | undefined, filter: Filter): Found | undefined {
  const isEmpty = FIELDS.every((field) => filter[field] === '');
  const [found, setFound] = useState<{
    readonly filter: Filter;
    readonly found: Found;
    readonly at: number;
  }>();
  useEffect(() => {
    if (isEmpty || !list || paused.value || connection.value === 'lost') return undefined;
    let isLatest = true;
    const wait = found?.filter === filter ? found.at + ASK_EVERY_MS - Date.now() : ASK_AFTER_MS;
    const timer = setTimeout(
      () => {
        ask(filter).then(
          (answer) => isLatest && setFound({ filter, found: answer, at: Date.now() }),
          () => {},
        );
      },
      Math.max(0, wait),
    );
    return () => {
      isLatest = false;
      clearTimeout(timer);
    };
  }, [list, filter, filter.started === '' ? 0 : found?.at, paused.value, connection.value]);
  if (isEmpty) return list && { rows: list.rows, total: list.rows.length };
  return found?.filter === filter || connection.value !== 'lost' ? found?.found : undefined;
}

async function ask({ started, ...filter }: Filter): Promise<Found> {
  const age = AGES[started];
  const since = age ? String(Math.round(now.peek() - age[1])) : '';
  const { rows, total } = await query('findExecutions', { ...filter, since });
  return { rows: rows.map(toRow), total };
}
