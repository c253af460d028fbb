import type { JSX } from 'preact';
import type { WorkerRow } from '../../../framework/local/console/api.js';
import { heldWords, protectionWords, slotsOf, stateOf } from '../../model/fleet.js';
import { wholeSeconds } from '../../model/format.js';
import { Table } from '../../parts/tables/table.js';
import { to } from '../../route.js';
import { now } from '../../service/stream.js';
import { StateBadge } from './state-badge.js';

interface TableProps {
  readonly workers: readonly WorkerRow[];
  readonly selected: string | undefined;
}

/** The table of a fleet: one row for each worker. */
export const WorkerTable = ({ workers, selected }: TableProps): JSX.Element => (
  <Table caption="Workers" class="fleet">
    <thead>
      <tr>
        <th scope="col">Worker</th>
        <th scope="col">Version</th>
        <th scope="col">Up</th>
        <th scope="col">State</th>
        <th scope="col">Handlers</th>
        <th scope="col">At work</th>
        <th scope="col">Held back</th>
        <th scope="col">Protected</th>
        <th scope="col">Longest task</th>
      </tr>
    </thead>
    <tbody>
      {workers.map((worker) => (
        <Row key={worker.key} worker={worker} isSelected={worker.key === selected} />
      ))}
    </tbody>
  </Table>
);

interface RowProps {
  readonly worker: WorkerRow;
  readonly isSelected: boolean;
}

const Row = ({ worker, isSelected }: RowProps): JSX.Element => (
  <tr class={isSelected ? 'chosen' : ''}>
    <th scope="row">
      <a
        href={isSelected ? to('workers') : to('workers', worker.key)}
        aria-current={isSelected ? 'true' : undefined}
      >
        <bdi>{worker.name}</bdi>
      </a>
      {worker.address !== undefined && worker.address !== worker.name && (
        <span class="faint below">{worker.address}</span>
      )}
    </th>
    {worker.state === 'unknown' ? <Unread worker={worker} /> : <Cells worker={worker} />}
  </tr>
);

const Unread = ({ worker }: { readonly worker: WorkerRow }): JSX.Element => (
  <>
    <td />
    <td />
    <td colSpan={6} class="unread">
      <StateBadge state={stateOf(worker, now.value)} /> <bdi>{worker.reasons[0]}</bdi>
    </td>
  </>
);

function Cells({ worker }: { readonly worker: WorkerRow }): JSX.Element {
  const { version, startedAt, handlers, protection, oldestTask } = worker;
  const { slots, running } = slotsOf(handlers);
  const state = stateOf(worker, now.value);
  return (
    <>
      <td>{version === undefined ? '?' : <bdi>{version}</bdi>}</td>
      <td>{startedAt === undefined ? '?' : wholeSeconds(now.value - startedAt)}</td>
      <td>
        <StateBadge state={state} />
        {state.more !== undefined && <span class="faint below">{state.more}</span>}
      </td>
      <td>
        {handlers.map(({ name }) => (
          <bdi class="line">{name}</bdi>
        ))}
      </td>
      <td>
        <meter
          min={0}
          max={Math.max(1, slots)}
          value={running}
          aria-label={`Slots at work of ${worker.name}`}
        />{' '}
        {running} of {slots}
      </td>
      <td>
        <Held worker={worker} />
      </td>
      <td>{protectionWords(protection, now.value) ?? '–'}</td>
      <td>
        {oldestTask === null ? (
          '–'
        ) : (
          <>
            {wholeSeconds(oldestTask.seconds * 1_000)} <bdi class="faint below">{oldestTask.handler}</bdi>
          </>
        )}
      </td>
    </>
  );
}

function Held({ worker: { handlers } }: { readonly worker: WorkerRow }): JSX.Element {
  const held = handlers.flatMap(({ name, held }) => (held ? { name, held } : []));
  if (held.length === 0) return <>–</>;
  return (
    <>
      {held.map(({ name, held }) => (
        <span class="line held">
          <bdi>{name}</bdi>
          <span class="below">{heldWords(held, now.value)}</span>
        </span>
      ))}
    </>
  );
}
