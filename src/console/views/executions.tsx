import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { count, nameIn } from '../model/format.js';
import { PageHead, Loading } from '../parts/page.js';
import { STATUSES, wordOf } from '../parts/status.js';
import { replaceQuery, route } from '../route.js';
import { type ExecutionList, type ExecutionRow, useExecutions } from '../service/topics.js';
import { ExecutionTable } from './execution-table.js';

/** The filter of the list of executions. An empty field matches every execution. */
interface Filter {
  readonly status: string;
  readonly machine: string;
  readonly name: string;
}

const readFilter = (query: URLSearchParams): Filter => ({
  status: query.get('status') ?? '',
  machine: query.get('machine') ?? '',
  name: query.get('name') ?? '',
});

/** The page of all executions, the latest first. */
export function ExecutionsView(): JSX.Element {
  const list = useExecutions(undefined);
  const filter = readFilter(route.value.query);
  const found = useMemo(
    () => list?.rows.filter(fits(filter)) ?? [],
    [list, filter.status, filter.machine, filter.name],
  );
  return (
    <>
      <PageHead title="Executions" name="Executions" />
      {list === undefined ? (
        <Loading />
      ) : (
        <section class="panel fill tall">
          <Filters filter={filter} list={list} found={found.length} />
          <ExecutionTable
            rows={found}
            withMachine
            empty={list.rows.length === 0 ? 'Nothing was started yet.' : 'No execution is like that.'}
          />
        </section>
      )}
    </>
  );
}

function fits({ status, machine, name }: Filter): (row: ExecutionRow) => boolean {
  const wanted = name.toLowerCase();
  return (row) =>
    (status === '' || row.status === status) &&
    (machine === '' || row.machine === machine) &&
    (wanted === '' || row.name.toLowerCase().includes(wanted));
}

interface FiltersProps {
  readonly filter: Filter;
  readonly list: ExecutionList;
  readonly found: number;
}

function Filters({ filter, list, found }: FiltersProps): JSX.Element {
  const set = (change: Partial<Filter>): void => {
    const next = Object.entries({ ...filter, ...change }).filter(([, value]) => value !== '');
    replaceQuery(Object.fromEntries(next));
  };
  const machines = useMemo(() => [...new Set(list.rows.map(({ machine }) => machine))].toSorted(), [list]);
  return (
    <div class="filters">
      <label>
        <span>Status</span>
        <select value={filter.status} onChange={(event) => set({ status: event.currentTarget.value })}>
          <option value="">Any</option>
          {STATUSES.map((status) => (
            <option value={status}>{wordOf(status)}</option>
          ))}
        </select>
      </label>
      <label>
        <span>Machine</span>
        <select value={filter.machine} onChange={(event) => set({ machine: event.currentTarget.value })}>
          <option value="">Any</option>
          {machines.map((arn) => (
            <option value={arn}>{nameIn(arn)}</option>
          ))}
        </select>
      </label>
      <label class="grow">
        <span>Name</span>
        <input
          type="search"
          value={filter.name}
          onInput={(event) => set({ name: event.currentTarget.value })}
          placeholder="Part of it"
        />
      </label>
      <p class="faint total" role="status">
        {found === list.rows.length
          ? count(found, 'execution')
          : `${found.toLocaleString('en')} of ${count(list.rows.length, 'execution')}`}
        {list.older > 0 && `, and ${list.older.toLocaleString('en')} older`}
      </p>
    </div>
  );
}
