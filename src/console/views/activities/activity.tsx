import type { JSX } from 'preact';
import type { ActivityRow } from '../../../framework/local/console/api.js';
import { age, count, nameIn, regionIn } from '../../model/format.js';
import { Loading, PageHead } from '../../parts/page.js';
import { ListTable } from '../../parts/tables/list-table.js';
import type { Column } from '../../parts/tables/sorting.js';
import { LeaseText } from '../../parts/times.js';
import { to } from '../../route.js';
import { now } from '../../service/stream.js';
import { useActivities, useTraffic } from '../../service/topics.js';
import { DeleteButton } from '../delete-button.js';
import { TakeButton } from '../task/take-button.js';
import { Traffic } from './traffic.js';

/** The most workers of an activity that are listed as polling and, with the constant below, as having tasks. */
const MOST_POLLERS = 5;
const MOST_LEASES = 10;
const NAMELESS = 'a worker without a name';

/** The page of one activity, with the workers that poll it and with its tasks. */
export function ActivityPage({ arn }: { readonly arn: string }): JSX.Element {
  const activities = useActivities();
  const traffic = useTraffic()?.find((each) => each.arn === arn);
  const activity = activities?.find((each) => each.arn === arn);
  if (!activities) return <Loading />;
  if (!activity)
    return (
      <div class="empty">
        There is no activity <code>{nameIn(arn)}</code> here. <a href={to('activities')}>Activities</a>
      </div>
    );
  const { name, leased, working } = activity;
  const above = (
    <>
      <a href={to('activities')}>Activities</a> · {regionIn(arn)}
    </>
  );
  return (
    <>
      <PageHead title={name} name={name} above={above}>
        <DeleteButton arn={arn} room="activities" />
      </PageHead>
      <section class="panel activity" aria-label={`Activity ${name}`}>
        <Pollers activity={activity} />
        <Queue activity={activity} />
        {working.length > 0 && (
          <ListTable
            caption={`Leased tasks of ${name}`}
            items={working.slice(0, MOST_LEASES)}
            columns={LEASES}
          />
        )}
        {leased > MOST_LEASES && <p class="faint">and {(leased - MOST_LEASES).toLocaleString('en')} more</p>}
        {traffic && <Traffic traffic={traffic} />}
      </section>
    </>
  );
}

interface ActivityProps {
  readonly activity: ActivityRow;
}

function Pollers({ activity: { polls, pollers } }: ActivityProps): JSX.Element {
  if (polls === 0) return <p class="faint">No worker polls for it.</p>;
  const names = pollers.slice(0, MOST_POLLERS).map(({ name, polls: own }) => `${name ?? NAMELESS} (${own})`);
  const more = pollers.length > MOST_POLLERS ? ` and ${pollers.length - MOST_POLLERS} more` : '';
  return <p dir="auto">{`${count(polls, 'open poll')} of ${names.join(', ')}${more}`}</p>;
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
            from <ExecutionLink arn={oldest.execution} />
          </>
        )}
        .
      </p>
      <TakeButton activityArn={arn} />
    </div>
  );
}

const LEASES: readonly Column<ActivityRow['working'][number]>[] = [
  { label: 'Leased by', cell: ({ workerName = NAMELESS }) => <bdi>{workerName}</bdi> },
  { label: 'Execution', cell: ({ execution }) => <ExecutionLink arn={execution} /> },
  { label: 'Heartbeat', cell: (task) => <LeaseText lease={task} /> },
];

const ExecutionLink = ({ arn }: { readonly arn: string | undefined }): JSX.Element =>
  arn === undefined ? (
    <>–</>
  ) : (
    <a href={to('executions', arn)} dir="auto">
      {nameIn(arn)}
    </a>
  );
