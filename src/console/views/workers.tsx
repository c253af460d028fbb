import type { JSX } from 'preact';
import type { WorkerRow, WorkerTask } from '../../framework/local/console/api.js';
import { age, count, nameIn, wholeSeconds } from '../model/format.js';
import { Icon } from '../parts/icons.js';
import { Loading, PageHead } from '../parts/page.js';
import { Table } from '../parts/table.js';
import { now } from '../service/stream.js';
import { useWorkers } from '../service/topics.js';

/** The most tasks that are listed for a worker. */
const MOST_TASKS = 20;

/**
 * The view of the workers that report their status to the service. A worker of which the service knows only its
 * GetActivityTask calls is shown in the view of activities.
 */
export function WorkersView(): JSX.Element {
  const workers = useWorkers();
  return (
    <>
      <PageHead title="Workers" name="Workers" />
      {workers === undefined ? (
        <Loading />
      ) : workers.length === 0 ? (
        <NoWorkers />
      ) : (
        <ul class="workers">
          {workers.map((worker) => (
            <Worker key={worker.name} worker={worker} />
          ))}
        </ul>
      )}
    </>
  );
}

const NoWorkers = (): JSX.Element => (
  <div class="empty">
    <p>No worker runs in this process.</p>
    <p>
      <code>stepwright start</code> shows its own here. Of any other worker,{' '}
      <a href="#/activities">Activities</a> shows for what it polls and which tasks it has.
    </p>
  </div>
);

interface WorkerProps {
  readonly worker: WorkerRow;
}

function Worker({ worker }: WorkerProps): JSX.Element {
  const { reasons, tasks, tasksInFlight } = worker;
  return (
    <li class="panel worker">
      <WorkerHead worker={worker} />
      {reasons.length > 0 && (
        <ul class="reasons">
          {reasons.map((reason) => (
            <li dir="auto">{reason}</li>
          ))}
        </ul>
      )}
      <Handlers worker={worker} />
      <h3>{tasksInFlight === 0 ? 'No task in flight' : `${count(tasksInFlight, 'task')} in flight`}</h3>
      {tasks.length > 0 && <Tasks worker={worker} />}
      <h3>Since its start</h3>
      <Counts worker={worker} />
    </li>
  );
}

const WorkerHead = ({ worker: { name, ready, state } }: WorkerProps): JSX.Element => (
  <div class="worker-head">
    <h2 dir="auto">{name}</h2>
    <span class={`badge ${ready ? 'green' : 'orange'}`}>
      <Icon name={ready ? 'succeeded' : 'caught'} />
      {ready ? 'Ready' : 'Not ready'}
    </span>
    <span class="badge plain">{state}</span>
  </div>
);

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
          <td dir="auto">{handler.name}</td>
          <td dir="auto">{nameIn(handler.activityArn)}</td>
          <td>
            <meter
              min={0}
              max={handler.concurrency}
              value={handler.used}
              aria-label={`Slots in use of ${handler.name}`}
            />{' '}
            {handler.used} of {handler.concurrency}
          </td>
          <td>{handler.running}</td>
          <td>{handler.undelivered}</td>
        </tr>
      ))}
    </tbody>
  </Table>
);

const Tasks = ({ worker: { tasks } }: WorkerProps): JSX.Element => (
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
      {tasks.slice(0, MOST_TASKS).map((task) => (
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

const TaskProgress = ({ task: { progress, message } }: { readonly task: WorkerTask }): JSX.Element => (
  <>
    {progress !== null && (
      <>
        <progress max={1} value={progress} aria-label="Progress" /> {Math.round(progress * 100)} %
        {message !== null && ' · '}
      </>
    )}
    <span dir="auto">{message ?? (progress === null && '–')}</span>
  </>
);

const Counts = ({ worker: { counts } }: WorkerProps): JSX.Element => (
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
