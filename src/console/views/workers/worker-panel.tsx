import type { JSX } from 'preact';
import type {
  WorkerDetails,
  WorkerHandler,
  WorkerRow,
  WorkerTask,
} from '../../../framework/local/console/api.js';
import { heldWords, protectionWords, stateOf } from '../../model/fleet.js';
import { age, count, nameIn, wholeSeconds } from '../../model/format.js';
import { ListTable } from '../../parts/tables/list-table.js';
import type { Column } from '../../parts/tables/sorting.js';
import { to } from '../../route.js';
import { now } from '../../service/stream.js';
import { StateBadge } from './state-badge.js';

interface WorkerProps {
  readonly worker: WorkerRow;
}

/** A worker's present work, in full. */
export function WorkerPanel({ worker }: WorkerProps): JSX.Element {
  const { reasons, details, tasksInFlight } = worker;
  return (
    <li class="panel worker" aria-label={`Worker ${worker.name}`}>
      <WorkerHead worker={worker} />
      {reasons.length > 0 && (
        <ul class="reasons">
          {reasons.map((reason) => (
            <li dir="auto">{reason}</li>
          ))}
        </ul>
      )}
      {worker.state !== 'unknown' && (
        <>
          <ListTable caption="Handlers" items={worker.handlers} columns={HANDLERS} />
          <h3>{tasksInFlight === 0 ? 'No task in flight' : `${count(tasksInFlight, 'task')} in flight`}</h3>
          {details && details.tasks.length > 0 && (
            <ListTable caption="Tasks in flight" items={details.tasks} columns={TASKS} />
          )}
          <h3>Since its start</h3>
          {details && <Counts counts={details.counts} />}
        </>
      )}
    </li>
  );
}

function WorkerHead({ worker }: WorkerProps): JSX.Element {
  const { name, address, version, startedAt, protection } = worker;
  const state = stateOf(worker, now.value);
  const kept = protectionWords(protection, now.value);
  return (
    <div class="worker-head">
      <h2 dir="auto">{name}</h2>
      <StateBadge state={state} />
      <p class="faint facts-line">
        {state.more !== undefined && <span>{state.more}</span>}
        {address !== undefined && address !== name && <span>{address}</span>}
        {version !== undefined && (
          <span>
            version <bdi>{version}</bdi>
          </span>
        )}
        {startedAt !== undefined && <span>up {wholeSeconds(now.value - startedAt)}</span>}
        {kept !== undefined && <span>protected: {kept}</span>}
      </p>
    </div>
  );
}

const HANDLERS: readonly Column<WorkerHandler>[] = [
  {
    label: 'Handler',
    cell: ({ name, held }) => (
      <>
        <bdi>{name}</bdi>
        {held && <span class="held below">{heldWords(held, now.value)}</span>}
      </>
    ),
  },
  {
    label: 'Activity',
    cell: ({ activityArn }) => <a href={to('activities', activityArn)}>{nameIn(activityArn)}</a>,
  },
  { label: 'Slots in use', cell: (handler) => <Slots handler={handler} /> },
  { label: 'Running', class: 'number', cell: ({ running }) => running },
  { label: 'Undelivered', class: 'number', cell: ({ undelivered }) => undelivered },
];

/** The slots of a handler that tasks have, and its open polls: each keeps a slot for the task that it may bring. */
function Slots({ handler }: { readonly handler: WorkerHandler }): JSX.Element {
  const { name, used, running, undelivered, concurrency } = handler;
  const busy = running + undelivered;
  return (
    <>
      <meter min={0} max={concurrency} value={busy} aria-label={`Slots in use of ${name}`} /> {busy} of{' '}
      {concurrency}
      {used > busy && <span class="faint">, {count(used - busy, 'open poll')}</span>}
    </>
  );
}

const TASKS: readonly Column<WorkerTask>[] = [
  { label: 'Handler', cell: ({ handler }) => <bdi>{handler}</bdi> },
  { label: 'Age', cell: ({ seconds }) => wholeSeconds(seconds * 1000) },
  { label: 'Phase', cell: ({ phase }) => phase },
  { label: 'Progress', cell: ({ progress }) => <TaskProgress progress={progress} /> },
  {
    label: 'Heartbeat',
    cell: ({ lastHeartbeatAt: at }) => (at === null ? '–' : age(now.value - at)),
  },
];

const TaskProgress = ({ progress }: Pick<WorkerTask, 'progress'>): JSX.Element =>
  progress === null ? (
    <>–</>
  ) : (
    <>
      <progress max={1} value={progress} aria-label="Progress" /> {Math.round(progress * 100)} %
    </>
  );

const Counts = ({ counts }: Pick<WorkerDetails, 'counts'>): JSX.Element => (
  <p class="tally">
    {Object.entries(counts)
      .filter(([, n]) => n > 0)
      .map(([key, n]) => (
        <span class="count plain">
          <b>{n.toLocaleString('en')}</b> {inWords(key)}
        </span>
      ))}
  </p>
);

/** Returns the name of a counter in words, such as `polls sent` for `pollsSent`. */
const inWords = (key: string): string => key.replaceAll(/[A-Z]/g, (each) => ` ${each.toLowerCase()}`);
