import type { JSX } from 'preact';
import type { WorkerRow } from '../../../framework/local/console/api.js';
import { heldWords, protectionWords, slotsOf, stateOf } from '../../model/fleet.js';
import { wholeSeconds } from '../../model/format.js';
import { ListTable } from '../../parts/tables/list-table.js';
import type { Column } from '../../parts/tables/sorting.js';
import { to } from '../../route.js';
import { now } from '../../service/stream.js';
import { StateBadge } from './state-badge.js';

interface TableProps {
  readonly workers: readonly WorkerRow[];
  readonly selected: string | undefined;
}

/** The table of a fleet: one row for each worker. A second click on its name closes its details. */
export function WorkerTable({ workers, selected }: TableProps): JSX.Element {
  const name: Column<WorkerRow> = {
    label: 'Worker',
    value: (worker) => worker.name,
    cell: ({ key, name: own, address }) => (
      <>
        <a
          href={key === selected ? to('workers') : to('workers', key)}
          aria-current={key === selected ? 'true' : undefined}
        >
          <bdi>{own}</bdi>
        </a>
        {address !== undefined && address !== own && <span class="faint below">{address}</span>}
      </>
    ),
  };
  return (
    <ListTable
      caption="Workers"
      class="fleet"
      items={workers}
      keyOf={({ key }) => key}
      columns={[name, ...COLUMNS]}
      isChosen={({ key }) => key === selected}
    />
  );
}

const isRead = ({ state }: WorkerRow): boolean => state !== 'unknown';

const COLUMNS: readonly Column<WorkerRow>[] = [
  {
    label: 'Version',
    class: 'spare',
    value: ({ version = '' }) => version,
    cell: ({ version }) => <bdi>{version}</bdi>,
  },
  {
    label: 'Up',
    class: 'spare',
    value: ({ startedAt }) => -(startedAt ?? Infinity),
    cell: ({ startedAt }) => startedAt !== undefined && wholeSeconds(now.value - startedAt),
  },
  { label: 'State', value: (worker) => stateOf(worker, 0).word, cell: (worker) => <State worker={worker} /> },
  {
    label: 'At work',
    value: ({ handlers }) => slotsOf(handlers).running,
    cell: (worker) => isRead(worker) && <Slots worker={worker} />,
  },
  {
    label: 'Protected',
    class: 'spare',
    cell: (worker) => isRead(worker) && (protectionWords(worker.protection, now.value) ?? '–'),
  },
  {
    label: 'Longest task',
    value: ({ oldestTask }) => oldestTask?.seconds ?? '',
    cell: ({ oldestTask }) =>
      oldestTask && (
        <>
          {wholeSeconds(oldestTask.seconds * 1_000)} <bdi class="faint below">{oldestTask.handler}</bdi>
        </>
      ),
  },
];

interface CellProps {
  readonly worker: WorkerRow;
}

/** The state of a worker, and which of its handlers take no tasks. */
function State({ worker }: CellProps): JSX.Element {
  const state = stateOf(worker, now.value);
  const more = isRead(worker) ? state.more : worker.reasons[0];
  return (
    <>
      <StateBadge state={state} />
      {more !== undefined && <bdi class="faint below">{more}</bdi>}
      {worker.handlers.map(
        ({ name, held }) =>
          held && (
            <span class="held below">
              <bdi>{name}</bdi> {heldWords(held, now.value)}
            </span>
          ),
      )}
    </>
  );
}

function Slots({ worker: { name, handlers } }: CellProps): JSX.Element {
  const { slots, running } = slotsOf(handlers);
  return (
    <>
      <meter min={0} max={Math.max(1, slots)} value={running} aria-label={`Slots at work of ${name}`} />{' '}
      {running} of {slots}
    </>
  );
}
