import type { JSX } from 'preact';
import type { ActivityLease, Lease } from '../../../../framework/local/console/api.js';
import { clockTime, duration } from '../../../model/format.js';
import type { Attempt, Visit } from '../../../../framework/local/view/run.js';
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
      <table class="attempts">
        <thead>
          <tr>
            <th scope="col">Worker</th>
            <th scope="col">Waited</th>
            <th scope="col">Took</th>
            <th scope="col">How it ended</th>
          </tr>
        </thead>
        <tbody>
          {visit.attempts.map((attempt) => (
            <Row
              attempt={attempt}
              isOpen={visit.status === 'running'}
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
  /** True while the visit that contains the attempt is running. */
  readonly isOpen: boolean;
}

function Row(props: RowProps): JSX.Element {
  const { scheduledAt, startedAt, worker } = props.attempt;
  return (
    <tr>
      <td dir="auto">{worker ?? (startedAt === undefined ? '–' : 'without a name')}</td>
      <td title={clockTime(scheduledAt)}>{waited(props)}</td>
      <td>{took(props)}</td>
      <td dir="auto">
        <Ending {...props} />
      </td>
    </tr>
  );
}

function waited({ attempt: { scheduledAt, startedAt, endedAt }, isOpen }: RowProps): string {
  if (startedAt !== undefined) return duration(startedAt - scheduledAt);
  return isOpen && endedAt === undefined ? duration(now.value - scheduledAt) : '–';
}

function took({ attempt: { startedAt, endedAt }, isOpen }: RowProps): string {
  if (startedAt === undefined) return '–';
  if (endedAt !== undefined) return duration(endedAt - startedAt);
  return isOpen ? duration(now.value - startedAt) : '–';
}

function Ending({ attempt: { outcome, error, startedAt }, lease, isOpen }: RowProps): JSX.Element {
  if (outcome === 'succeeded')
    return (
      <span class="inline green">
        <Icon name="succeeded" />
        Succeeded
      </span>
    );
  if (outcome !== undefined)
    return (
      <span class="inline red">
        <Icon name={outcome === 'timed out' ? 'timed out' : 'failed'} />
        {outcome === 'timed out' ? 'Timed out' : error}
      </span>
    );
  if (!isOpen) return <>Taken back</>;
  if (startedAt === undefined) return <>No worker has taken it</>;
  return <LeaseText lease={lease} />;
}
