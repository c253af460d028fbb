import type { JSX } from 'preact';
import type {
  WorkerDetails,
  WorkerHandler,
  WorkerRow,
  WorkerTask,
} from '../../../framework/local/console/api.js';
import { heldWords, protectionWords, stateOf } from '../../model/fleet.js';
import { age, count, nameIn, wholeSeconds } from '../../model/format.js';
import { Table } from '../../parts/tables/table.js';
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
          <Handlers worker={worker} />
          <h3>{tasksInFlight === 0 ? 'No task in flight' : `${count(tasksInFlight, 'task')} in flight`}</h3>
          {details && details.tasks.length > 0 && <Tasks tasks={details.tasks} />}
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

const Handlers = ({ worker: { handlers } }: WorkerProps): JSX.Element => (
  <Table caption="Handlers">
    <thead>
      <tr>
        <th scope="col">Handler</th>
        <th scope="col">Activity</th>
        <th scope="col">Slots in use</th>
        <th scope="col">Running</th>
        <th scope="col">Undelivered</th>
      </tr>
    </thead>
    <tbody>
      {handlers.map((handler) => (
        <tr>
          <td dir="auto">
            {handler.name}
            {handler.held && <span class="held below">{heldWords(handler.held, now.value)}</span>}
          </td>
          <td dir="auto">{nameIn(handler.activityArn)}</td>
          <td>
            <meter
              min={0}
              max={handler.concurrency}
              value={handler.running + handler.undelivered}
              aria-label={`Slots in use of ${handler.name}`}
            />{' '}
            {handler.running + handler.undelivered} of {handler.concurrency}
            <PollsOf handler={handler} />
          </td>
          <td>{handler.running}</td>
          <td>{handler.undelivered}</td>
        </tr>
      ))}
    </tbody>
  </Table>
);

/** The open polls of a handler: each keeps a slot for the task that it may bring. */
function PollsOf({
  handler: { used, running, undelivered },
}: {
  readonly handler: WorkerHandler;
}): JSX.Element | null {
  const polls = used - running - undelivered;
  return polls > 0 ? <span class="faint">, {count(polls, 'open poll')}</span> : null;
}

const Tasks = ({ tasks }: { readonly tasks: readonly WorkerTask[] }): JSX.Element => (
  <Table caption="Tasks in flight">
    <thead>
      <tr>
        <th scope="col">Handler</th>
        <th scope="col">Age</th>
        <th scope="col">Phase</th>
        <th scope="col">Progress</th>
        <th scope="col">Heartbeat</th>
      </tr>
    </thead>
    <tbody>
      {tasks.map((task) => (
        <tr>
          <td dir="auto">{task.handler}</td>
          <td>{wholeSeconds(task.seconds * 1000)}</td>
          <td>{task.phase}</td>
          <td>
            <TaskProgress task={task} />
          </td>
          <td>{task.lastHeartbeatAt === null ? '–' : age(now.value - task.lastHeartbeatAt)}</td>
        </tr>
      ))}
    </tbody>
  </Table>
);

const TaskProgress = ({ task: { progress } }: { readonly task: WorkerTask }): JSX.Element => (
  <>
    {progress === null ? (
      '–'
    ) : (
      <>
        <progress max={1} value={progress} aria-label="Progress" /> {Math.round(progress * 100)} %
      </>
    )}
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
