import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import type { ActivityRow, ActivityTraffic } from '../../../framework/local/console/api.js';
import { age, count, nameIn, regionIn } from '../../model/format.js';
import { Icon } from '../../parts/icons.js';
import { ErrorMessage, Loading, PageHead } from '../../parts/page.js';
import { Table } from '../../parts/tables/table.js';
import { LeaseText } from '../../parts/times.js';
import { useAction } from '../../parts/use-action.js';
import { to } from '../../route.js';
import { create } from '../../service/calls.js';
import { now } from '../../service/stream.js';
import { useActivities, useTraffic } from '../../service/topics.js';
import { TakeButton } from '../task/take-button.js';
import { Traffic } from './traffic.js';

/** The most workers of an activity that are listed as polling and, with the constant below, as having tasks. */
const MOST_POLLERS = 5;
const MOST_LEASES = 10;

/** The view of all activities, with the workers that poll them and with their tasks. */
export function ActivitiesView(): JSX.Element {
  const activities = useActivities();
  const traffic = useTraffic();
  return (
    <>
      <PageHead title="Activities" name="Activities">
        <NewActivity />
      </PageHead>
      {activities === undefined ? (
        <Loading />
      ) : activities.length === 0 ? (
        <NoActivities />
      ) : (
        <ul class="activities">
          {activities.map((activity) => (
            <Activity
              key={activity.arn}
              activity={activity}
              traffic={traffic?.find(({ arn }) => arn === activity.arn)}
            />
          ))}
        </ul>
      )}
    </>
  );
}

const NoActivities = (): JSX.Element => (
  <div class="empty">
    <p>There is no activity yet.</p>
    <p>An activity is a queue: a machine puts tasks into it, and workers take them out.</p>
  </div>
);

function NewActivity(): JSX.Element {
  const field = useRef<HTMLInputElement>(null);
  const make = useAction(async () => {
    await create('CreateActivity', { name: field.current?.value ?? '' });
    if (field.current) field.current.value = '';
  });
  return (
    <form class="new-activity" onSubmit={make.submit}>
      <label>
        <span class="sr">Name of a new activity</span>
        <input ref={field} required maxLength={80} placeholder="Name" />
      </label>
      <button type="submit">
        <Icon name="plus" />
        Create activity
      </button>
      <ErrorMessage message={make.error} />
    </form>
  );
}

interface ActivityProps {
  readonly activity: ActivityRow;
}

function Activity({
  activity,
  traffic,
}: ActivityProps & { readonly traffic: ActivityTraffic | undefined }): JSX.Element {
  const { arn, name, leased, working } = activity;
  return (
    <li class="panel activity" aria-label={`Activity ${name}`}>
      <div class="activity-head">
        <h2 dir="auto">{name}</h2>
        <p class="faint" title={arn}>
          {regionIn(arn)}
        </p>
      </div>
      <Numbers activity={activity} />
      <div class="activity-body">
        <Pollers activity={activity} />
        <Queue activity={activity} />
        {working.length > 0 && <Leases activity={activity} />}
        {leased > MOST_LEASES && <p class="faint">and {(leased - MOST_LEASES).toLocaleString('en')} more</p>}
      </div>
      {traffic && <Traffic traffic={traffic} />}
    </li>
  );
}

const Numbers = ({ activity: { polls, queued, leased } }: ActivityProps): JSX.Element => (
  <dl class="numbers">
    <div class={polls === 0 && queued > 0 ? 'warn' : ''}>
      <dt>Open polls</dt>
      <dd>{polls.toLocaleString('en')}</dd>
    </div>
    <div class={queued > 0 ? 'warn' : ''}>
      <dt>Queued</dt>
      <dd>{queued.toLocaleString('en')}</dd>
    </div>
    <div>
      <dt>Leased</dt>
      <dd>{leased.toLocaleString('en')}</dd>
    </div>
  </dl>
);

function Pollers({ activity: { polls, pollers } }: ActivityProps): JSX.Element {
  if (polls === 0)
    return (
      <p>
        <span class="faint">No worker polls for it.</span>
      </p>
    );
  return (
    <p>
      Polled by{' '}
      {pollers.slice(0, MOST_POLLERS).map(({ name, polls: own }, i) => (
        <>
          {i > 0 && ', '}
          <strong dir="auto">{name ?? 'a worker without a name'}</strong> ({count(own, 'poll')})
        </>
      ))}
      {pollers.length > MOST_POLLERS && ` and ${pollers.length - MOST_POLLERS} more`}
    </p>
  );
}

/** The queued tasks of an activity, and a button that takes the oldest one. */
function Queue({ activity: { arn, queued, waiting } }: ActivityProps): JSX.Element | null {
  const [oldest] = waiting;
  if (!oldest) return null;
  return (
    <div class="note">
      <p>
        <strong>
          {count(queued, 'task')} {queued === 1 ? 'waits' : 'wait'} for a worker
        </strong>
        , the oldest came {age(now.value - oldest.since)}
        {oldest.execution !== undefined && (
          <>
            {' '}
            from{' '}
            <a href={to('executions', oldest.execution)} dir="auto">
              {nameIn(oldest.execution)}
            </a>
          </>
        )}
        .
      </p>
      <TakeButton activityArn={arn} />
    </div>
  );
}

const Leases = ({ activity: { name, working } }: ActivityProps): JSX.Element => (
  <Table caption={`Leased tasks of ${name}`}>
    <thead>
      <tr>
        <th scope="col">Leased by</th>
        <th scope="col">Execution</th>
        <th scope="col">Heartbeat</th>
      </tr>
    </thead>
    <tbody>
      {working.slice(0, MOST_LEASES).map((task) => (
        <tr>
          <td dir="auto">{task.workerName ?? 'a worker without a name'}</td>
          <td dir="auto">
            {task.execution === undefined ? (
              '–'
            ) : (
              <a href={to('executions', task.execution)}>{nameIn(task.execution)}</a>
            )}
          </td>
          <td>
            <LeaseText lease={task} />
          </td>
        </tr>
      ))}
    </tbody>
  </Table>
);
