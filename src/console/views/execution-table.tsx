import type { JSX } from 'preact';
import { executionArn, instant, nameIn } from '../model/format.js';
import { VirtualTable } from '../parts/virtual-table.js';
import { StatusBadge } from '../parts/status.js';
import { Duration } from '../parts/times.js';
import { to } from '../route.js';
import { now } from '../service/stream.js';
import type { ExecutionRow } from '../service/topics.js';

interface TableProps {
  readonly rows: readonly ExecutionRow[];
  readonly withMachine: boolean;
  readonly empty: string;
}

/** A table of executions. The latest is first. */
export function ExecutionTable({ rows, withMachine, empty }: TableProps): JSX.Element {
  return (
    <VirtualTable
      name={withMachine ? 'executions' : 'own-executions'}
      label="Executions"
      items={rows}
      keyOf={({ order }) => order}
      rowHeight={40}
      columns={
        withMachine
          ? ['Status', 'Name', 'Machine', 'Started', 'Duration']
          : ['Status', 'Name', 'Started', 'Duration']
      }
      empty={empty}
      row={({ status, name, machine, startedAt, endedAt }) => (
        <>
          <span role="cell">
            <StatusBadge status={status} />
          </span>
          <span role="cell" class="grow" title={name}>
            <a href={to('executions', executionArn(machine, name))} dir="auto">
              {name}
            </a>
          </span>
          {withMachine && (
            <span role="cell" class="faint" dir="auto" title={nameIn(machine)}>
              {nameIn(machine)}
            </span>
          )}
          <span role="cell" class="number">
            <Started at={startedAt} />
          </span>
          <span role="cell" class="number">
            <Duration from={startedAt} to={endedAt} />
          </span>
        </>
      )}
    />
  );
}

const Started = ({ at }: { readonly at: number }): JSX.Element => <>{instant(at, now.peek())}</>;
