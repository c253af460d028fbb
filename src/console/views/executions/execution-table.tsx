import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { executionArn, instant, nameIn } from '../../model/format.js';
import { type Column, sorted } from '../../parts/tables/sorting.js';
import { VirtualTable } from '../../parts/tables/virtual-table.js';
import { StatusBadge, wordOf } from '../../parts/status.js';
import { Duration } from '../../parts/times.js';
import { queryField, to } from '../../route.js';
import { now } from '../../service/stream.js';
import type { ExecutionRow } from '../../service/topics.js';

interface TableProps {
  readonly rows: readonly ExecutionRow[];
  readonly empty: string;
  /** True if the rows are of several machines. Only then the error and the machine are shown. @default false */
  readonly withMachine?: boolean;
  /** The rows that are chosen, by their numbers. @default rows can't be chosen */
  readonly choice?: Choice;
}

/** The rows that the user has chosen. */
export interface Choice {
  readonly chosen: ReadonlySet<number>;
  readonly onChoose: (chosen: ReadonlySet<number>) => void;
}

const OWN: readonly Column<ExecutionRow>[] = [
  { label: 'Name', value: ({ name }) => name, cell: (row) => <Name row={row} /> },
  {
    label: 'Started',
    class: 'number',
    value: ({ startedAt }) => startedAt,
    cell: ({ startedAt }) => instant(startedAt, now.peek()),
  },
  {
    label: 'Duration',
    class: 'number',
    value: ({ startedAt, endedAt }) => (endedAt ?? now.peek()) - startedAt,
    cell: ({ startedAt, endedAt }) => <Duration from={startedAt} to={endedAt} />,
  },
];

const FURTHER: readonly Column<ExecutionRow>[] = [
  { label: 'Error', class: 'bad', value: ({ error }) => error, cell: ({ error }) => <Cut text={error} /> },
  {
    label: 'Machine',
    class: 'faint',
    value: ({ machine }) => nameIn(machine),
    cell: ({ machine }) => <Cut text={nameIn(machine)} />,
  },
  {
    label: 'Version',
    class: 'number',
    value: ({ version }) => version ?? '',
    cell: ({ version }) => version,
  },
  {
    label: 'Redrives',
    class: 'number',
    value: ({ redrives }) => redrives,
    cell: ({ redrives }) => redrives > 0 && redrives,
  },
];

/** A table of executions. The latest is first, unless it is sorted by a column. */
export function ExecutionTable({ rows, empty, withMachine = false, choice }: TableProps): JSX.Element {
  const status: Column<ExecutionRow> = {
    label: 'Status',
    class: 'first',
    value: (row) => wordOf(row.status),
    cell: (row) => (
      <>
        {choice && <Chooser order={row.order} name={row.name} {...choice} />}
        <StatusBadge status={row.status} />
      </>
    ),
  };
  const columns = [status, ...OWN, ...(withMachine ? FURTHER : [])];
  const items = useMemo(() => sorted(rows, columns), [rows, queryField('sort')]);
  return (
    <VirtualTable
      name={withMachine ? 'executions' : 'own-executions'}
      label="Executions"
      items={items}
      keyOf={({ order }) => order}
      rowHeight={40}
      columns={columns}
      empty={empty}
      row={(row) =>
        columns.map((column) => (
          <span role="cell" class={column.class}>
            {column.cell(row)}
          </span>
        ))
      }
    />
  );
}

const Name = ({ row: { name, machine } }: { readonly row: ExecutionRow }): JSX.Element => (
  <>
    <a href={to('executions', executionArn(machine, name))} dir="auto" title={name}>
      {name}
    </a>
  </>
);

const Cut = ({ text }: { readonly text: string }): JSX.Element => <bdi title={text}>{text}</bdi>;

interface ChooserProps extends Choice {
  readonly order: number;
  readonly name: string;
}

function Chooser({ order, name, chosen, onChoose }: ChooserProps): JSX.Element {
  const choose = (): void => {
    const next = new Set(chosen);
    if (!next.delete(order)) next.add(order);
    onChoose(next);
  };
  return (
    <input type="checkbox" aria-label={`Choose ${name}`} checked={chosen.has(order)} onChange={choose} />
  );
}
