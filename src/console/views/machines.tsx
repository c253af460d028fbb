import type { JSX } from 'preact';
import type { MachineRow } from '../../framework/local/console/api.js';
import { executionArn, instant, nameIn, regionIn } from '../model/format.js';
import { Icon } from '../parts/icons.js';
import { PageHead, Loading } from '../parts/page.js';
import { StatusBadge } from '../parts/status.js';
import { Failures, ListTable } from '../parts/tables/list-table.js';
import type { Column } from '../parts/tables/sorting.js';
import { to } from '../route.js';
import { now } from '../service/stream.js';
import { useMachines } from '../service/topics.js';

/** The view of all machines, each with its latest execution and the numbers of its executions. */
export function MachinesView(): JSX.Element {
  const machines = useMachines();
  return (
    <>
      <PageHead title="Machines" name="Machines">
        <a class="button primary" href={to('machines', 'new')}>
          <Icon name="plus" />
          New machine
        </a>
      </PageHead>
      {machines === undefined ? (
        <Loading />
      ) : machines.length === 0 ? (
        <NoMachines />
      ) : (
        <section class="panel" aria-label="All machines">
          <ListTable caption="Machines" class="list" items={machines} keyOf={arnOf} columns={COLUMNS} />
        </section>
      )}
    </>
  );
}

const NoMachines = (): JSX.Element => (
  <div class="empty">
    <p>There is no machine yet.</p>
    <p>
      A machine is a definition in the states language: what happens, in which order. Files in{' '}
      <code>state-machines/</code> are here from the start; or{' '}
      <a href={to('machines', 'new')}>write one here</a>.
    </p>
  </div>
);

const arnOf = ({ arn }: MachineRow): string => arn;
const failuresOf = ({ counts }: MachineRow): number => (counts.FAILED ?? 0) + (counts.TIMED_OUT ?? 0);
const executionsOf = ({ counts }: MachineRow): number =>
  Object.values(counts).reduce((sum, each) => sum + each, 0);

const COLUMNS: readonly Column<MachineRow>[] = [
  { label: 'Name', value: ({ name }) => name, cell: (machine) => <Name machine={machine} /> },
  {
    label: 'Last run',
    value: ({ last }) => last?.startedAt ?? '',
    cell: (machine) => <LastRun {...machine} />,
  },
  { label: 'Region', class: 'faint spare', cell: ({ arn }) => regionIn(arn) },
  { label: 'Executions', class: 'number spare', value: executionsOf, cell: executionsOf },
  {
    label: 'Running',
    class: 'number spare',
    value: ({ counts }) => counts.RUNNING ?? 0,
    cell: ({ counts }) => counts.RUNNING ?? 0,
  },
  {
    label: 'Failures',
    class: 'number',
    value: failuresOf,
    cell: (machine) => <Failures n={failuresOf(machine)} />,
  },
];

function Name({ machine }: { readonly machine: MachineRow }): JSX.Element {
  const { arn, name, deleting, activities } = machine;
  const missing = activities.filter(({ exists }) => !exists).map((each) => nameIn(each.arn));
  return (
    <>
      <a href={to('machines', arn)} dir="auto">
        {name}
      </a>
      {deleting && <p class="faint">being deleted</p>}
      {missing.length > 0 && (
        <p class="warning">
          {missing.length === 1 ? 'An activity is' : 'Activities are'} not there, and an execution fails at
          it: {missing.join(', ')}
        </p>
      )}
    </>
  );
}

const LastRun = ({ arn, last }: MachineRow): JSX.Element | null =>
  last ? (
    <a class="last-run" href={to('executions', executionArn(arn, last.name))} title={last.name}>
      <StatusBadge status={last.status} /> <span class="number">{instant(last.startedAt, now.peek())}</span>
    </a>
  ) : null;
