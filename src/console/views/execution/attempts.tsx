import type { JSX } from 'preact';
import type { ActivityLease, Lease } from '../../../framework/local/console/api.js';
import type { Attempt, Visit } from '../../model/history.js';
import { age, clockTime, duration } from '../../model/format.js';
import { Icon } from '../../parts/icons.js';
import { now } from '../../service/stream.js';

interface AttemptsProps {
  readonly visit: Visit;
  readonly leases: readonly ActivityLease[];
}

/** Each try of a state's work: who had it, how long, how it ended. */
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

function Row({
  attempt,
  lease,
  isOpen,
}: {
  readonly attempt: Attempt;
  readonly lease: Lease | undefined;
  readonly isOpen: boolean;
}): JSX.Element {
  const { scheduledAt, startedAt, endedAt, worker } = attempt;
  return (
    <tr>
      <td dir="auto">{worker ?? (startedAt === undefined ? '–' : 'without a name')}</td>
      <td title={clockTime(scheduledAt)}>
        {startedAt === undefined
          ? isOpen && endedAt === undefined
            ? duration(now.value - scheduledAt)
            : '–'
          : duration(startedAt - scheduledAt)}
      </td>
      <td>
        {startedAt === undefined
          ? '–'
          : endedAt === undefined
            ? isOpen
              ? duration(now.value - startedAt)
              : '–'
            : duration(endedAt - startedAt)}
      </td>
      <td dir="auto">{endingOf(attempt, lease, isOpen)}</td>
    </tr>
  );
}

function endingOf(
  { outcome, error, startedAt }: Attempt,
  lease: Lease | undefined,
  isOpen: boolean,
): JSX.Element {
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

/** `Last heartbeat 3 s ago, lapses in 57 s`. */
export function LeaseText({ lease }: { readonly lease: Lease | undefined }): JSX.Element {
  if (!lease) return <>In progress</>;
  const { beatAt, due } = lease;
  const beat = beatAt === undefined ? 'No heartbeat yet' : `Last heartbeat ${age(now.value - beatAt)}`;
  return (
    <>
      {beat}
      {due !== undefined &&
        `, lapses in ${duration(Math.max(0, Math.ceil((due - now.value) / 1000) * 1000)).replace('.0', '')}`}
    </>
  );
}
