import type { JSX } from 'preact';
import type { MachineRow } from '../../framework/local/console/api.js';
import { regionIn } from '../model/format.js';
import { Icon } from '../parts/icons.js';
import { PageHead, Loading } from '../parts/page.js';
import { STATUSES, statusTone, wordOf } from '../parts/status.js';
import { to } from '../route.js';
import { useMachines } from '../service/topics.js';

/** The view of all machines, each with the number of its executions in each status. */
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
        <Cards machines={machines} />
      )}
    </>
  );
}

function NoMachines(): JSX.Element {
  return (
    <div class="empty">
      <p>There is no machine yet.</p>
      <p>
        A machine is a definition in the states language: what happens, in which order. Files in{' '}
        <code>state-machines/</code> are here from the start; or{' '}
        <a href={to('machines', 'new')}>write one here</a>.
      </p>
    </div>
  );
}

function Cards({ machines }: { readonly machines: readonly MachineRow[] }): JSX.Element {
  return (
    <ul class="cards">
      {machines.map((machine) => (
        <li key={machine.arn} class="card">
          <h2>
            <a class="cover" href={to('machines', machine.arn)} dir="auto">
              {machine.name}
            </a>
          </h2>
          <p class="faint">
            {regionIn(machine.arn)}
            {machine.deleting && ' · being deleted'}
          </p>
          <Counts machine={machine} />
          <Missing machine={machine} />
        </li>
      ))}
    </ul>
  );
}

function Counts({ machine: { counts } }: { readonly machine: MachineRow }): JSX.Element {
  const all = STATUSES.filter((status) => counts[status] !== undefined);
  if (all.length === 0) return <p class="faint">No execution yet</p>;
  return (
    <p class="tally">
      {all.map((status) => (
        <span class={`count ${statusTone(status)}`}>
          <b>{counts[status]?.toLocaleString('en')}</b> {wordOf(status).toLowerCase()}
        </span>
      ))}
    </p>
  );
}

function Missing({ machine }: { readonly machine: MachineRow }): JSX.Element | null {
  const missing = machine.activities.filter(({ exists }) => !exists);
  if (missing.length === 0) return null;
  return (
    <p class="warning">
      Its {missing.length === 1 ? 'activity' : 'activities'}{' '}
      {missing.map(({ arn }) => arn.split(':').at(-1)).join(', ')} {missing.length === 1 ? 'is' : 'are'} not
      there: an execution fails at it.
    </p>
  );
}
