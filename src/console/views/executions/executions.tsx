import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Loading, PageHead } from '../../parts/page.js';
import { NO_ANSWER } from '../../service/calls.js';
import { connection } from '../../service/stream.js';
import { useExecutions } from '../../service/topics.js';
import { ChosenBar } from './chosen-bar.js';
import { ExecutionTable } from './execution-table.js';
import { useFilter, useFound } from './filter.js';
import { Filters } from './filters.js';

/** The page of all executions, the latest first. */
export function ExecutionsView(): JSX.Element {
  const list = useExecutions(undefined);
  const [filter, setFilter] = useFilter();
  const found = useFound(list, filter);
  const [chosen, choose] = useState<ReadonlySet<number>>(new Set());
  const rows = found?.rows ?? [];
  const picked = rows.filter(({ order }) => chosen.has(order));
  return (
    <>
      <PageHead title="Executions" name="Executions" />
      {list === undefined ? (
        <Loading />
      ) : (
        <section class="panel fill tall">
          <Filters
            filter={filter}
            onFilter={setFilter}
            list={list}
            found={found?.total ?? 0}
            shown={rows.length}
          />
          <ExecutionTable
            rows={rows}
            empty={emptyText(list.rows.length, found === undefined)}
            withMachine
            choice={{ chosen, onChoose: choose }}
          />
          {picked.length > 0 && (
            <ChosenBar
              rows={picked}
              onAll={() => choose(new Set(rows.map(({ order }) => order)))}
              onNone={() => choose(new Set())}
            />
          )}
        </section>
      )}
    </>
  );
}

function emptyText(all: number, isAsking: boolean): string {
  if (all === 0) return 'No executions yet.';
  if (isAsking && connection.value === 'lost') return NO_ANSWER;
  return isAsking ? 'Searching all executions…' : 'No execution matches.';
}
