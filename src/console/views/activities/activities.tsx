import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import type { ActivityRow, ActivityTraffic } from '../../../framework/local/console/api.js';
import { duration, regionIn } from '../../model/format.js';
import { Icon } from '../../parts/icons.js';
import { ErrorMessage, Loading, PageHead } from '../../parts/page.js';
import { Failures, ListTable } from '../../parts/tables/list-table.js';
import type { Column } from '../../parts/tables/sorting.js';
import { useAction } from '../../parts/use-action.js';
import { to } from '../../route.js';
import { command } from '../../service/calls.js';
import { useActivities, useTraffic } from '../../service/topics.js';
import { Sparkline } from './traffic.js';

/** The view of all activities, with the numbers of their tasks and polls. */
export function ActivitiesView(): JSX.Element {
  const activities = useActivities();
  const traffic = useTraffic();
  const rows = (activities ?? []).map((each) => ({
    ...traffic?.find(({ arn }) => arn === each.arn),
    ...each,
  }));
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
        <section class="panel" aria-label="All activities">
          <ListTable caption="Activities" class="list" items={rows} keyOf={arnOf} columns={COLUMNS} />
        </section>
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
    await command('CreateActivity', { name: field.current?.value ?? '' });
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

type Row = ActivityRow & Pick<Partial<ActivityTraffic>, 'failures' | 'waited' | 'work'>;

const arnOf = ({ arn }: Row): string => arn;
const failuresOf = ({ failures = [] }: Row): number => failures.reduce((sum, [, times]) => sum + times, 0);
const workOf = ({ work }: Row): number | '' => work?.[1] ?? '';

const COLUMNS: readonly Column<Row>[] = [
  {
    label: 'Name',
    value: ({ name }) => name,
    cell: ({ arn, name }) => (
      <a href={to('activities', arn)} dir="auto">
        {name}
      </a>
    ),
  },
  { label: 'Region', class: 'faint spare', cell: ({ arn }) => regionIn(arn) },
  {
    label: 'Waiting',
    class: 'number',
    value: ({ queued }) => queued,
    cell: ({ queued }) => <span class={queued > 0 ? 'held' : ''}>{queued.toLocaleString('en')}</span>,
  },
  { label: 'Over time', class: 'spare', cell: ({ waited }) => waited && <Sparkline values={waited} /> },
  {
    label: 'Polls',
    class: 'number',
    value: ({ polls }) => polls,
    cell: ({ polls, queued }) => <span class={polls === 0 && queued > 0 ? 'held' : ''}>{polls}</span>,
  },
  { label: 'Leased', class: 'number spare', value: ({ leased }) => leased, cell: ({ leased }) => leased },
  {
    label: 'Work, p95',
    class: 'number spare',
    value: workOf,
    cell: (row) => (workOf(row) === '' ? '–' : duration(Number(workOf(row)))),
  },
  { label: 'Failures', class: 'number', value: failuresOf, cell: (row) => <Failures n={failuresOf(row)} /> },
];
