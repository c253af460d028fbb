import type { JSX } from 'preact';
import type { ActivityLease, Lease } from '../../../../framework/local/console/api.js';
import { clockTime, duration } from '../../../model/format.js';
import type { Attempt, Visit } from '../../../../framework/local/view/visit.js';
import { Icon } from '../../../parts/icons.js';
import { LeaseText } from '../../../parts/times.js';
import { now } from '../../../service/stream.js';

interface AttemptsProps {
  readonly visit: Visit;
  readonly leases: readonly ActivityLease[];
}

/** A table of the attempts in one visit of a state, with the worker, the times and the outcome of each. */
export function Attempts({ visit, leases }: AttemptsProps): JSX.Element {
  return (
    <>
      <h3>{visit.attempts.length === 1 ? 'Attempt' : `Attempts (${visit.attempts.length})`}</h3>
      <table>
        <thead>
          <tr>
            <th scope="col">Worker</th>
            <th scope="col">Waited</th>
            <th scope="col">Took</th>
            <th scope="col">Outcome</th>
          </tr>
        </thead>
        <tbody>
          {visit.attempts.map((attempt) => (
            <Row
              attempt={attempt}
              visit={visit}
              lease={leases.find(({ scheduledId }) => scheduledId === attempt.scheduledId)}
            />
          ))}
        </tbody>
      </table>
    </>
  );
}

interface RowProps {
  readonly attempt: Attempt;
  readonly lease: Lease | undefined;
  readonly visit: Visit;
}

function Row({ attempt, lease, visit }: RowProps): JSX.Element {
  const { scheduledAt, startedAt, endedAt, worker, isRedriven } = attempt;
  return (
    <tr>
      <td dir="auto">
        {worker ?? (startedAt === undefined ? '–' : 'without a name')}
        {isRedriven && <div class="faint">after a redrive</div>}
      </td>
      <td title={clockTime(scheduledAt)}>{duration((startedAt ?? endedAt ?? now.value) - scheduledAt)}</td>
      <td>{startedAt === undefined ? '–' : duration((endedAt ?? now.value) - startedAt)}</td>
      <td dir="auto">
        <Ending attempt={attempt} lease={lease} visit={visit} />
      </td>
    </tr>
  );
}

function Ending({ attempt: { outcome, error, startedAt }, lease, visit }: RowProps): JSX.Element {
  if (outcome === 'succeeded')
    return (
      <span class="inline green">
        <Icon name="succeeded" />
        Succeeded
      </span>
    );
  if (startedAt === undefined && (outcome ?? 'aborted') === 'aborted')
    return <>{outcome ? 'No worker took it' : 'No worker has taken it'}</>;
  if (outcome === 'aborted')
    return <>{visit.status === 'timed out' ? 'The execution timed out' : 'Aborted'}</>;
  if (outcome !== undefined)
    return (
      <span class="inline red">
        <Icon name={outcome} />
        {outcome === 'timed out' ? 'Timed out' : error}
      </span>
    );
  return <LeaseText lease={lease} />;
}
