import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { ActivityRow } from '../../framework/local/console/api.js';
import { age, count, nameIn, regionIn } from '../model/format.js';
import { Icon } from '../parts/icons.js';
import { PageHead, Loading, ErrorMessage } from '../parts/page.js';
import { Table } from '../parts/table.js';
import { to } from '../route.js';
import { create } from '../service/calls.js';
import { now } from '../service/stream.js';
import { useActivities } from '../service/topics.js';
import { LeaseText } from './execution/attempts.js';
import { TakeOldest } from './hand.js';

/** Who polls for what, and which tasks wait. */
export function ActivitiesView(): JSX.Element {
  const activities = useActivities();
  return (
    <>
      <PageHead title="Activities" name="Activities">
        <NewActivity />
      </PageHead>
      {activities === undefined ? (
        <Loading />
      ) : activities.length === 0 ? (
        <div class="empty">
          <p>There is no activity yet.</p>
          <p>An activity is a queue: a machine puts tasks into it, and workers take them out.</p>
        </div>
      ) : (
        <ul class="activities">
          {activities.map((activity) => (
            <Activity key={activity.arn} activity={activity} />
          ))}
        </ul>
      )}
    </>
  );
}

function NewActivity(): JSX.Element {
  const field = useRef<HTMLInputElement>(null);
  const [trouble, setTrouble] = useState<string>();
  const make = async (event: Event): Promise<void> => {
    event.preventDefault();
    setTrouble(undefined);
    try {
      await create('CreateActivity', { name: field.current?.value ?? '' });
      if (field.current) field.current.value = '';
    } catch (error) {
      setTrouble((error as Error).message);
    }
  };
  return (
    <form class="new-activity" onSubmit={(event) => void make(event)}>
      <label>
        <span class="sr">Name of a new activity</span>
        <input ref={field} required maxLength={80} placeholder="Name" />
      </label>
      <button type="submit">
        <Icon name="plus" />
        Create activity
      </button>
      <ErrorMessage message={trouble} />
    </form>
  );
}

function Activity({ activity }: { readonly activity: ActivityRow }): JSX.Element {
  const { arn, name, polls, pollers, queued, waiting, leased, working } = activity;
  const [oldest] = waiting;
  return (
    <li class="panel activity" aria-label={`Activity ${name}`}>
      <div class="activity-head">
        <h2 dir="auto">{name}</h2>
        <p class="faint" title={arn}>
          {regionIn(arn)}
        </p>
      </div>
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
      <div class="activity-body">
        <p>
          {polls === 0 ? (
            <span class="faint">No worker polls for it.</span>
          ) : (
            <>
              Polled by{' '}
              {pollers.slice(0, 5).map(({ name: worker, polls: own }, i) => (
                <>
                  {i > 0 && ', '}
                  <strong dir="auto">{worker ?? 'a worker without a name'}</strong> ({count(own, 'poll')})
                </>
              ))}
              {pollers.length > 5 && ` and ${pollers.length - 5} more`}
            </>
          )}
        </p>
        {oldest && (
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
            <TakeOldest activityArn={arn} />
          </div>
        )}
        {working.length > 0 && (
          <Table caption="Leased tasks">
            <thead>
              <tr>
                <th scope="col">Leased by</th>
                <th scope="col">Execution</th>
                <th scope="col">Heartbeat</th>
              </tr>
            </thead>
            <tbody>
              {working.slice(0, 10).map((task) => (
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
        )}
        {leased > 10 && <p class="faint">and {(leased - 10).toLocaleString('en')} more</p>}
      </div>
    </li>
  );
}
