import type { JSX } from 'preact';
import type { WorkerRow } from '../../framework/local/console/api.js';
import { age, count, duration, nameIn } from '../model/format.js';
import { Icon } from '../parts/icons.js';
import { PageHead, Loading } from '../parts/page.js';
import { Table } from '../parts/table.js';
import { now } from '../service/stream.js';
import { useWorkers } from '../service/topics.js';

/** The workers that the service knows of, beside those that merely poll. */
export function WorkersView(): JSX.Element {
  const workers = useWorkers();
  return (
    <>
      <PageHead title="Workers" name="Workers" />
      {workers === undefined ? (
        <Loading />
      ) : workers.length === 0 ? (
        <div class="empty">
          <p>No worker runs in this process.</p>
          <p>
            <code>stepwright start</code> shows its own here. Of any other worker,{' '}
            <a href="#/activities">Activities</a> shows for what it polls and which tasks it has.
          </p>
        </div>
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

function Worker({ worker }: { readonly worker: WorkerRow }): JSX.Element {
  const { name, state, ready, reasons, handlers, tasks, tasksInFlight, counts } = worker;
  return (
    <li class="panel worker">
      <div class="worker-head">
        <h2 dir="auto">{name}</h2>
        <span class={`badge ${ready ? 'green' : 'orange'}`}>
          <Icon name={ready ? 'succeeded' : 'caught'} />
          {ready ? 'Ready' : 'Not ready'}
        </span>
        <span class="badge plain">{state}</span>
      </div>
      {reasons.length > 0 && (
        <ul class="reasons">
          {reasons.map((reason) => (
            <li dir="auto">{reason}</li>
          ))}
        </ul>
      )}
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
      <h3>{tasksInFlight === 0 ? 'No task in flight' : `${count(tasksInFlight, 'task')} in flight`}</h3>
      {tasks.length > 0 && (
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
            {tasks.slice(0, 20).map((task) => (
              <tr>
                <td dir="auto">{task.handler}</td>
                <td>{duration(task.seconds * 1000).replace('.0', '')}</td>
                <td>{task.phase}</td>
                <td>
                  {task.progress !== null && (
                    <>
                      <progress max={1} value={task.progress} aria-label="Progress" />{' '}
                      {Math.round(task.progress * 100)} %{task.message !== null && ' · '}
                    </>
                  )}
                  <span dir="auto">{task.message ?? (task.progress === null && '–')}</span>
                </td>
                <td>{task.lastHeartbeatAt === null ? '–' : age(now.value - task.lastHeartbeatAt)}</td>
              </tr>
            ))}
          </tbody>
        </Table>
      )}
      <h3>Since its start</h3>
      <p class="tally">
        {Object.entries(counts)
          .filter(([, n]) => n > 0)
          .map(([key, n]) => (
            <span class="count plain">
              <b>{n.toLocaleString('en')}</b> {spoken(key)}
            </span>
          ))}
      </p>
    </li>
  );
}

/** `pollsSent` as `polls sent`. */
const spoken = (key: string): string => key.replaceAll(/[A-Z]/g, (each) => ` ${each.toLowerCase()}`);
