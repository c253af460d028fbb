import type { JSX } from 'preact';
import { executionArn, instant, nameIn } from '../../model/format.js';
import { Icon } from '../../parts/icons.js';
import { VirtualTable } from '../../parts/tables/virtual-table.js';
import { StatusBadge } from '../../parts/status.js';
import { Duration } from '../../parts/times.js';
import { to } from '../../route.js';
import { now } from '../../service/stream.js';
import type { ExecutionRow } from '../../service/topics.js';

interface TableProps {
  readonly rows: readonly ExecutionRow[];
  readonly withMachine: boolean;
  readonly empty: string;
  /** The rows that are chosen, by their numbers. @default rows can't be chosen */
  readonly choice?: Choice;
}

/** The rows that the user has chosen. */
export interface Choice {
  readonly chosen: ReadonlySet<number>;
  readonly onChoose: (chosen: ReadonlySet<number>) => void;
}

/** A table of executions. The latest is first. */
export function ExecutionTable({ rows, withMachine, empty, choice }: TableProps): JSX.Element {
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
      row={({ order, status, name, machine, startedAt, endedAt, isPinned }) => (
        <>
          <span role="cell" class="first">
            {choice && <Chooser order={order} name={name} {...choice} />}
            <StatusBadge status={status} />
          </span>
          <span role="cell" class="grow" title={name}>
            {isPinned && <Pinned />}
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

const Pinned = (): JSX.Element => (
  <>
    <Icon name="pin" />
    <span class="sr">Kept: </span>
  </>
);

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

const Started = ({ at }: { readonly at: number }): JSX.Element => <>{instant(at, now.peek())}</>;
